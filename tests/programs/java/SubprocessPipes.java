import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Each conversion starts a child, and leaves the three streams to it open. */
public class SubprocessPipes {
	static final List<Process> registry = new ArrayList<>();

	static void convert() throws IOException {
		Process process = new ProcessBuilder("cat").start(); // LEAK
		registry.add(process);
		process.getOutputStream().write('x');
	}

	public static void main(String[] arguments) throws IOException {
		for (int i = 0; i < 6; i++)
			convert();
	}
}
