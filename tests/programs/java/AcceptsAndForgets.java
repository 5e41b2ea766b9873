import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The descriptors that come over a unix socket are not closed. */
public class AcceptsAndForgets {
	static final List<SocketChannel> kept = new ArrayList<>();

	static void serve(ServerSocketChannel server) throws IOException {
		kept.add(server.accept()); // LEAK
	}

	public static void main(String[] arguments) throws IOException {
		Path path = Files.createTempDirectory("accepts").resolve("socket");
		try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
			server.bind(UnixDomainSocketAddress.of(path));
			for (int i = 0; i < 6; i++)
				try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
					serve(server);
				}
		}
	}
}
