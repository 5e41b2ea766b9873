import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** Frames of all shapes. Each opens on a line that ends with its name. */
public class Shapes {
	static final List<FileInputStream> kept = new ArrayList<>();

	static class Nested {
		Nested() throws IOException {
			kept.add(new FileInputStream("/etc/passwd")); // LINE Shapes$Nested.<init>
		}
	}

	static class Late {
		static {
			try {
				kept.add(new FileInputStream("/etc/passwd")); // LINE Shapes$Late.<clinit>
			} catch (IOException e) {
				throw new UncheckedIOException(e);
			}
		}

		static void touch() {
		}
	}

	interface Opens {
		default void open() throws IOException {
			kept.add(new FileInputStream("/etc/passwd")); // LINE Shapes$Opens.open
		}
	}

	static int byReference(String a, String b) {
		try {
			kept.add(new FileInputStream("/etc/passwd")); // LINE Shapes.byReference
		} catch (IOException e) {
			throw new UncheckedIOException(e);
		}
		return 0;
	}

	public static void byReflection() throws IOException {
		kept.add(new FileInputStream("/etc/passwd")); // LINE Shapes.byReflection
	}

	static FileInputStream recursive(int depth) throws IOException {
		if (depth > 0)
			return recursive(depth - 1);
		return new FileInputStream("/etc/passwd"); // LINE Shapes.recursive
	}

	static void onManyLines() throws IOException {
		kept.add( // LINE Shapes.onManyLines
			new FileInputStream(
				"/etc/passwd"));
	}

	static <T> T generic(Supplier<T> supplier) {
		return supplier.get();
	}

	public static void main(String[] arguments) throws Exception {
		new Nested();
		Late.touch();
		new Opens() {
		}.open();
		Arrays.asList("b", "a").sort(Shapes::byReference);
		Shapes.class.getMethod("byReflection").invoke(null);
		kept.add(recursive(5));
		onManyLines();
		kept.add(generic(() -> {
			try {
				return new FileInputStream("/etc/passwd"); // LINE Shapes.lambda$main$0
			} catch (IOException e) {
				throw new UncheckedIOException(e);
			}
		}));
		Thread thread = new Thread("opener") {
			@Override
			public void run() {
				try {
					kept.add(new FileInputStream("/etc/passwd")); // LINE Shapes$2.run
				} catch (IOException e) {
					throw new UncheckedIOException(e);
				}
			}
		};
		thread.start();
		thread.join();
	}
}
