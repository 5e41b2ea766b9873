import java.io.RandomAccessFile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Tasks of a pool open a file each, and keep it. */
public class PoolTasks {
	static final List<RandomAccessFile> kept = Collections.synchronizedList(new ArrayList<>());

	public static void main(String[] arguments) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(2);
		List<Future<Boolean>> results = new ArrayList<>();
		for (int i = 0; i < 6; i++)
			results.add(pool.submit(() -> {
				return kept.add(new RandomAccessFile("/etc/passwd", "r")); // LEAK
			}));
		for (Future<Boolean> result : results)
			result.get();
		pool.shutdown();
	}
}
