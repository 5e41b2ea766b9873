// SPDX-License-Identifier: MIT
/*
 * Opens and closes a socket, a file, a copy and a pipe as often as its argument says, so that the
 * system calls of the usual path can be counted.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 1, pair[2];

	for (int i = 0; i < times; i++) {
		close(socket(AF_INET, SOCK_STREAM, 0));
		close(open("/dev/null", O_RDONLY));
		close(dup(0));
		if (pipe(pair) == 0) {
			close(pair[0]);
			close(pair[1]);
		}
	}
	return 0;
}
