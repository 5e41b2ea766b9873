import java.io.FileInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Virtual threads (Java 21): each opens, waits, and opens again. After that some of its frames may still be
 * in Java's heap.
 */
public class Virtual {
	static final List<FileInputStream> kept = Collections.synchronizedList(new ArrayList<>());

	static void open(int depth) throws Exception {
		if (depth > 0) {
			open(depth - 1);
			return;
		}
		kept.add(new FileInputStream("/etc/passwd")); // FIRST
		Thread.sleep(5);
		kept.add(new FileInputStream("/etc/passwd")); // AFTER
	}

	public static void main(String[] arguments) throws Exception {
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < 6; i++)
			threads.add(Thread.ofVirtual().start(() -> {
				try {
					open(20); // TASK
				} catch (Exception e) {
					throw new IllegalStateException(e);
				}
			}));
		for (Thread thread : threads)
			thread.join();
	}
}
