import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A class loader opens the jar when it is first asked; who made it never closes it. */
public class InLibrary {
	static final List<URLClassLoader> kept = new ArrayList<>();

	static void loadPlugin(Path jar) throws IOException {
		URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
		kept.add(loader);
		if (loader.findResource("plugin.properties") == null) // LEAK
			throw new IOException("no plugin");
	}

	public static void main(String[] arguments) throws IOException {
		Path folder = Files.createTempDirectory("plugins");
		for (int i = 0; i < 6; i++) {
			Path jar = folder.resolve("plugin" + i + ".jar");
			try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
				out.putNextEntry(new ZipEntry("plugin.properties"));
			}
			loadPlugin(jar);
		}
	}
}
