// SPDX-License-Identifier: MIT
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An extension for JUnit 5: tells fdtrail which test runs, so that its report says which test leaked.
 *
 * <p>Annotate the test classes with {@code @ExtendWith(FdtrailExtension.class)}, or register it for all of them
 * (JUnit's user guide, "Automatic Extension Registration"). Then:
 *
 * <pre>fdtrail run --per-test --mark-file=/tmp/marks -- java ... org.junit.platform.console.ConsoleLauncher ...</pre>
 *
 * <p>Without FDTRAIL_MARK_FILE it does nothing. Tests must not run in parallel in one process. A fixture that several
 * tests share belongs to the test that needs it first.
 */
public class FdtrailExtension implements BeforeEachCallback, AfterEachCallback {
    private static final String FILE = System.getenv("FDTRAIL_MARK_FILE");

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        mark(context.getRequiredTestClass().getName() + "." + context.getDisplayName());
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        mark("between tests");
    }

    private static void mark(String text) throws IOException {
        if (FILE == null || FILE.equals("none"))
            return;
        // One write of a whole line, so that several processes may append.
        byte[] line = (text.replace('\n', ' ') + "\n").getBytes(StandardCharsets.UTF_8);
        Files.write(Path.of(FILE), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
