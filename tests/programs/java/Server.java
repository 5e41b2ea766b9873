import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.FileInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * An HTTP server with a pool of threads. Each request opens files and a folder; one of a hundred keeps a file.
 * Each tenth loads a class of its own again by a new loader, so that methods and compiled code die all the
 * time. Prints its port; ends at /end.
 */
public class Server {
	static final List<FileInputStream> kept = Collections.synchronizedList(new ArrayList<>());

	/** Loaded by many loaders. */
	public static class Plugin implements Runnable {
		@Override
		public void run() {
			try (FileInputStream in = new FileInputStream("/etc/passwd")) {
				in.read();
			} catch (IOException e) {
				throw new IllegalStateException(e);
			}
		}
	}

	static void plug() throws Exception {
		URL here = Server.class.getProtectionDomain().getCodeSource().getLocation();
		try (URLClassLoader loader = new URLClassLoader(new URL[] {here}, null)) {
			((Runnable) loader.loadClass("Server$Plugin").getDeclaredConstructor().newInstance()).run();
		}
	}

	static byte[] answer(int number) throws Exception {
		byte[] bytes;
		try (FileInputStream in = new FileInputStream("/etc/passwd")) {
			bytes = in.readAllBytes();
		}
		try (Stream<Path> files = Files.list(Path.of("/etc"))) {
			files.count();
		}
		if (number % 10 == 0)
			plug();
		if (number % 100 == 0)
			kept.add(new FileInputStream("/etc/passwd")); // LEAKS
		return bytes;
	}

	static void handle(HttpExchange exchange) throws IOException {
		try {
			byte[] bytes = answer(Integer.parseInt(exchange.getRequestURI().getQuery()));
			exchange.sendResponseHeaders(200, bytes.length);
			exchange.getResponseBody().write(bytes);
		} catch (Exception e) {
			throw new IOException(e);
		} finally {
			exchange.close();
		}
	}

	public static void main(String[] arguments) throws IOException {
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 128);
		server.setExecutor(Executors.newFixedThreadPool(16));
		server.createContext("/", Server::handle);
		server.createContext("/end", exchange -> System.exit(0));
		server.start();
		System.out.println(server.getAddress().getPort());
	}
}
