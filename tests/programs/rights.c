// SPDX-License-Identifier: MIT
/* Prints the rights with which it runs, and leaks in opens_with_rights. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

FRAME static int opens_with_rights(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

int main(void)
{
	char line[256];
	FILE *status = fopen("/proc/self/status", "r");

	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "CapPrm:", 7) == 0)
			printf("user %d/%d group %d/%d capabilities %s", (int)getuid(),
			       (int)geteuid(), (int)getgid(), (int)getegid(), line + 8);
	if (status)
		fclose(status);
	return opens_with_rights() < 0;
}
