// SPDX-License-Identifier: MIT
/*
 * Library objects around descriptors: which object owns a number, and so which function closes it.
 * The argument chooses.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

FRAME static void makes_a_stream_of_a_number(void)
{
	fdopen(open("/dev/null", O_RDONLY), "r");
}

FRAME static void makes_a_dir_stream_of_a_number(void)
{
	fdopendir(open("/", O_RDONLY | O_DIRECTORY));
}

FRAME static void closes_all_streams(void)
{
	fopen("/dev/null", "r");
	fcloseall();
}

FRAME static void leaves_a_command(void)
{
	FILE *stream = popen("true", "r");

	/* Not the function's last act, because then it would be a jump, without a frame. */
	__asm__ volatile("" : : "r"(stream));
}

static int spawns_with_the_signal_ignored(void)
{
	/* The spawned program has no tracer in it, so it shows the state that it was given. */
	char *words[] = {"grep", "SigIgn", "/proc/self/status", NULL}, *bare[] = {NULL};
	pid_t pid;
	int status = 1;

	signal(SIGUSR1, SIG_IGN);
	if (posix_spawnp(&pid, "grep", NULL, NULL, words, bare) == 0)
		waitpid(pid, &status, 0);
	return status;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "fdopen") == 0)
		makes_a_stream_of_a_number();
	else if (strcmp(what, "fdopendir") == 0)
		makes_a_dir_stream_of_a_number();
	else if (strcmp(what, "fcloseall") == 0)
		closes_all_streams();
	else if (strcmp(what, "popen") == 0)
		leaves_a_command();
	else
		return spawns_with_the_signal_ignored();
	return 0;
}
