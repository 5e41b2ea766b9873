import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Temporary files are deleted, but stay open. */
public class DeletedFile {
	static final List<FileOutputStream> kept = new ArrayList<>();

	static void spool(byte[] bytes) throws IOException {
		File file = File.createTempFile("spool", null);
		FileOutputStream out = new FileOutputStream(file); // LEAK
		out.write(bytes);
		kept.add(out);
		file.delete();
	}

	public static void main(String[] arguments) throws IOException {
		for (int i = 0; i < 6; i++)
			spool(new byte[1000]);
	}
}
