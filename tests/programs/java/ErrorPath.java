import java.io.FileInputStream;
import java.io.IOException;

/** A file that doesn't parse is not closed. */
public class ErrorPath {
	static int parse(String path) throws IOException {
		FileInputStream in = new FileInputStream(path); // LEAK
		if (in.read() != '{')
			throw new IOException("no JSON: " + path);
		in.close();
		return 1;
	}

	public static void main(String[] arguments) {
		for (int i = 0; i < 6; i++)
			try {
				parse("/etc/passwd");
			} catch (IOException expected) {
				continue;
			}
	}
}
