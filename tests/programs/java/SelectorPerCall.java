import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;

/** A selector for each query, whose close() an exception skips: an epoll instance and its wakeup. */
public class SelectorPerCall {
	static final List<Selector> kept = new ArrayList<>();

	static int query(InetSocketAddress address) throws IOException {
		try (DatagramChannel channel = DatagramChannel.open()) {
			Selector selector = Selector.open(); // LEAK
			kept.add(selector);
			if (selector.selectNow() == 0)
				throw new IOException("timeout");
			selector.close();
			return 1;
		}
	}

	public static void main(String[] arguments) {
		for (int i = 0; i < 6; i++)
			try {
				query(new InetSocketAddress("127.0.0.1", 9));
			} catch (IOException expected) {
				continue;
			}
	}
}
