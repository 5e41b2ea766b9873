// SPDX-License-Identifier: MIT
/*
 * For scripts/guides: works on jobs until one fails. Each third job has no data, and then its file
 * is not closed.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static bool run_job(int number)
{
	const char *path = number % 3 ? "job.data" : "empty.data";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char data[64];

	if (fd < 0) {
		warn("job %d: %s", number, path);
		return false;
	}
	if (read(fd, data, sizeof(data)) <= 0)
		return true; /* nothing to do */
	close(fd);
	return true;
}

int main(void)
{
	int number = 1;

	while (run_job(number))
		number++;
	return 1;
}
