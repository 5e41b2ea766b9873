// SPDX-License-Identifier: MIT
/*
 *     terminals REPORT
 *
 * Makes a terminal its standard descriptors by login_tty in takes_over, gets the number that
 * login_tty closed by a raw system call, and writes both numbers to the file REPORT.
 */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utmp.h>

#include "frame.h"
#include "raw.h"

FRAME static int takes_over(int terminal)
{
	volatile int result = login_tty(terminal);

	return result;
}

FRAME static int opens_before(int *master, int *terminal)
{
	volatile int result = openpty(master, terminal, NULL, NULL, NULL);

	return result;
}

int main(int count, char **words)
{
	int master, terminal;

	signal(SIGHUP, SIG_IGN);
	if (count != 2 || opens_before(&master, &terminal) != 0 || takes_over(terminal) != 0)
		return 1;
	if (raw_call(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY, 0) != terminal)
		return 1;
	FILE *report = fopen(words[1], "w");
	fprintf(report, "%d %d\n", master, terminal);
	return fclose(report);
}
