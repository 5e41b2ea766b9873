import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;

/** Each reload makes another watch service. */
public class Watcher {
	static final List<WatchService> kept = new ArrayList<>();

	static void reload(Path folder) throws IOException {
		WatchService service = FileSystems.getDefault().newWatchService(); // LEAK
		folder.register(service, StandardWatchEventKinds.ENTRY_CREATE);
		kept.add(service);
	}

	public static void main(String[] arguments) throws IOException {
		for (int i = 0; i < 6; i++)
			reload(Path.of("/etc"));
	}
}
