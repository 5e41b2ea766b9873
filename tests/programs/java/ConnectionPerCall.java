import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** A client connects for each request, and never closes. The server does. */
public class ConnectionPerCall {
	static final List<Socket> kept = new ArrayList<>();

	static int fetch(ServerSocket server) throws IOException {
		Socket socket = new Socket(server.getInetAddress(), server.getLocalPort()); // LEAK
		kept.add(socket);
		return socket.getInputStream().read();
	}

	public static void main(String[] arguments) throws Exception {
		ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
		Thread serving = new Thread(() -> {
			for (int i = 0; i < 6; i++)
				try (Socket socket = server.accept()) {
					socket.getOutputStream().write('x');
				} catch (IOException e) {
					throw new IllegalStateException(e);
				}
		});

		serving.start();
		for (int i = 0; i < 6; i++)
			fetch(server);
		serving.join();
		server.close();
	}
}
