// SPDX-License-Identifier: MIT
/*
 * For scripts/guides: a server with a pool of four connections, and an upload that is never closed
 * in one of ten requests. It serves twenty requests for each line of its input.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POOL = 4 };

static int pool[POOL] = {-1, -1, -1, -1};

static int pool_get(int number)
{
	int *place = &pool[number % POOL];

	if (*place < 0)
		*place = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return *place;
}

static void store_upload(int number)
{
	int file = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (number % 10 == 0)
		return; /* the upload was empty */
	close(file);
}

int main(void)
{
	int number = 0;

	while (getchar() == '\n') {
		for (volatile int i = 0; i < 20; i++) {
			pool_get(number);
			store_upload(number++);
		}
		printf("%d requests\n", number);
		fflush(stdout);
	}
	return 0;
}
