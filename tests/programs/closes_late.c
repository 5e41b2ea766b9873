// SPDX-License-Identifier: MIT
/*
 *     closes_late HOW [ANEW]     (with libpauses.so behind the tracer)
 *
 * A thread closes a number by HOW, close or close_range, and is held up between the return of the
 * real call and that of its hook. Meanwhile the main thread opens the number again in opens_anew,
 * which prints it, and the other thread's hook ends in the middle of a failing dup2 over that
 * number. The descriptor stays open.
 *
 * With ANEW, raw, the dup2 fails while the number is closed; at the end a call that no hook sees
 * opens it again.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "newer_kernel.h"
#include "raw.h"

static sem_t closed, goes_on, ended;
static const char *how;
static int number;

static void holds_up(void)
{
	sem_post(&closed);
	sem_wait(&goes_on);
}

static void lets_go_on(void)
{
	sem_post(&goes_on);
	sem_wait(&ended);
}

static void *closes(void *unused)
{
	(void)unused;
	if (strcmp(how, "close") == 0)
		close(number);
	else
		close_range((unsigned int)number, (unsigned int)number, 0);
	sem_post(&ended);
	return NULL;
}

FRAME static int opens_anew(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

int main(int count, char **words)
{
	void (**on_closed)(void) = dlsym(RTLD_DEFAULT, "pauses_closed");
	void (**on_copying)(void) = dlsym(RTLD_DEFAULT, "pauses_copying");
	pthread_t thread;

	if (count < 2 || !on_closed || !on_copying)
		return 2;
	how = words[1];
	sem_init(&closed, 0, 0);
	sem_init(&goes_on, 0, 0);
	sem_init(&ended, 0, 0);
	number = open("/dev/null", O_RDONLY);
	*on_closed = holds_up;
	*on_copying = lets_go_on;
	if (pthread_create(&thread, NULL, closes, NULL) != 0)
		return 1;
	sem_wait(&closed);
	int fd = count > 2 ? number : opens_anew();
	int failed = dup2(-1, fd);
	pthread_join(thread, NULL);
	if (count > 2)
		fd = (int)raw_call(SYS_dup, 0, 0, 0, 0);
	printf("%d\n", fd);
	return fd == number && failed == -1 ? 0 : 1;
}
