import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.FileHandler;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Each call adds one more handler to the same logger. */
public class HandlerPerCall {
	static Logger loggerOf(Path folder) throws IOException {
		Logger logger = Logger.getLogger("jobs");
		logger.setUseParentHandlers(false);
		logger.addHandler(new FileHandler(folder + "/jobs.%u.log")); // LEAK
		return logger;
	}

	public static void main(String[] arguments) throws IOException {
		Path folder = Files.createTempDirectory("handlers");
		for (int i = 0; i < 6; i++)
			loggerOf(folder).log(Level.INFO, "job {0}", i);
		Runtime.getRuntime().halt(0); // logging's own shutdown hook would close them
	}
}
