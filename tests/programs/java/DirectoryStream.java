import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Files.list() without try-with-resources. */
public class DirectoryStream {
	static final List<Stream<Path>> kept = new ArrayList<>();

	static class Cleaner {
		long count(Path folder) throws IOException {
			Stream<Path> stream = Files.list(folder); // LEAK
			kept.add(stream);
			return stream.filter(Files::isRegularFile).count();
		}
	}

	public static void main(String[] arguments) throws IOException {
		Cleaner cleaner = new Cleaner();
		for (int i = 0; i < 6; i++)
			cleaner.count(Path.of("/etc"));
	}
}
