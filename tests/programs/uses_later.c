// SPDX-License-Identifier: MIT
/*
 * uses_later LIBRARY deepbind|plain [FILE]: opens a pair of sockets, says "ready", waits until FILE
 * is there, loads the library, has it use one end, and says "used". Then it ends, or waits.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void tell(const char *text)
{
	puts(text);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int pair[2], flags = argc > 2 && strcmp(argv[2], "deepbind") == 0 ? RTLD_DEEPBIND : 0;

	if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return 1;
	tell("ready");
	while (argc > 3 && access(argv[3], F_OK) != 0)
		poll(NULL, 0, 10);
	void *library = dlopen(argv[1], RTLD_LAZY | flags);
	void (*writes)(int) = library ? (void (*)(int))dlsym(library, "library_writes_to") : NULL;
	if (!writes)
		return 1;
	writes(pair[0]);
	tell("used");
	while (argc > 3)
		poll(NULL, 0, 1000);
	return 0;
}
