// SPDX-License-Identifier: MIT

import java.io.FileInputStream;
import java.io.IOException;

/**
 * Opens and closes a file, below a number of frames; prints the nanoseconds of one pair: the fastest of many
 * rounds. The callers are compiled, but not into each other.
 *
 *     java Opens.java FRAMES
 */
public class Opens {
	static final int PAIRS = 20, ROUNDS = 20000;

	static void pair() throws IOException {
		new FileInputStream("/dev/null").close();
	}

	static void below(int frames) throws IOException {
		if (frames > 0)
			below(frames - 1);
		else
			pair();
	}

	public static void main(String[] arguments) throws IOException {
		int frames = Integer.parseInt(arguments[0]) - 6; // main, pair, and four of FileInputStream's
		long least = Long.MAX_VALUE;
		for (int round = 0; round < ROUNDS; round++) {
			long begin = System.nanoTime();
			for (int i = 0; i < PAIRS; i++)
				below(frames);
			least = Math.min(least, System.nanoTime() - begin);
		}
		System.out.println(least / (double) PAIRS);
	}
}
