import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The same lines open again and again, interpreted at first, then compiled, with the callers inlined: one
 * stack. At the end a class is loaded that makes the code of a caller invalid while it is running.
 */
public class Compiled {
	static final List<FileInputStream> kept = new ArrayList<>();
	static boolean loads;

	static class Opener {
		void open(boolean keep) throws IOException {
			if (loads)
				new Other();
			FileInputStream in = new FileInputStream("/etc/passwd"); // LEAK
			if (keep)
				kept.add(in);
			else
				in.close();
		}
	}

	static class Other extends Opener {
		@Override
		void open(boolean keep) {
		}
	}

	static void outer(Opener opener, boolean keep) throws IOException {
		inner(opener, keep); // OUTER
	}

	static void inner(Opener opener, boolean keep) throws IOException {
		opener.open(keep); // INNER
	}

	static void both(int times, Opener opener) throws IOException {
		for (int i = 0; i < times; i++)
			outer(opener, i % 5000 == 0 || loads); // LOOP
	}

	public static void main(String[] arguments) throws IOException {
		Opener opener = new Opener();
		for (int i = 0; i < 3; i++) {
			loads = i == 2;
			both(loads ? 1 : 30000, opener);
		}
	}
}
