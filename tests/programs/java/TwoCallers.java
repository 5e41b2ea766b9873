import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Two callers of one helper; one of them closes what it gets. */
public class TwoCallers {
	static final List<FileInputStream> kept = new ArrayList<>();

	static FileInputStream open(String path) throws IOException {
		return new FileInputStream(path); // LEAK
	}

	static void readsAndCloses() throws IOException {
		try (FileInputStream in = open("/etc/passwd")) {
			in.read();
		}
	}

	static void readsAndKeeps() throws IOException {
		FileInputStream in = open("/etc/passwd"); // CALLER
		kept.add(in);
	}

	public static void main(String[] arguments) throws IOException {
		for (int i = 0; i < 50; i++)
			readsAndCloses();
		for (int i = 0; i < 6; i++)
			readsAndKeeps();
	}
}
