// SPDX-License-Identifier: MIT
/* See watchdog.h. A signal handler in each thread in turn prints the stacks. If a thread does
 * not answer, it blocks all signals, and the kernel's word for what it waits in is printed. */
#define _GNU_SOURCE
#include "watchdog.h"

#include <dirent.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic unsigned long beats;
static _Atomic int answered;
static unsigned int patience;

static void on_question(int number)
{
	void *frames[64];
	int count = backtrace(frames, 64);

	(void)number;
	dprintf(STDERR_FILENO, "thread %d:\n", gettid());
	backtrace_symbols_fd(frames, count, STDERR_FILENO);
	atomic_store(&answered, 1);
}

static void nap(long ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&time, &time) != 0)
		;
}

static void ask_thread(int tid)
{
	char path[64], wait[64] = "";

	atomic_store(&answered, 0);
	syscall(SYS_tgkill, getpid(), tid, SIGRTMIN + 5);
	for (int naps = 0; naps < 200 && !atomic_load(&answered); naps++)
		nap(10);
	if (atomic_load(&answered))
		return;
	snprintf(path, sizeof(path), "/proc/self/task/%d/wchan", tid);
	FILE *file = fopen(path, "r");
	if (file) {
		(void)!fgets(wait, sizeof(wait), file);
		fclose(file);
	}
	dprintf(STDERR_FILENO, "thread %d does not answer; it waits in %s\n", tid, wait);
}

static void *watch(void *data)
{
	unsigned long seen = atomic_load(&beats);

	(void)data;
	for (unsigned int quiet = 0; quiet < patience * 10; quiet++) {
		nap(100);
		if (atomic_load(&beats) != seen) {
			seen = atomic_load(&beats);
			quiet = 0;
		}
	}
	dprintf(STDERR_FILENO, "watchdog: nothing has moved for %u s; all stacks:\n", patience);
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != gettid())
			ask_thread(atoi(entry->d_name));
	abort();
}

void watchdog_start(unsigned int seconds)
{
	struct sigaction action = {.sa_handler = on_question, .sa_flags = SA_RESTART};
	void *frames[2];
	pthread_t id;
	sigset_t all, before;

	patience = seconds;
	backtrace(frames, 2); /* loads libgcc_s now */
	sigaction(SIGRTMIN + 5, &action, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&id, NULL, watch, NULL) == 0)
		pthread_detach(id);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void watchdog_alive(void)
{
	atomic_fetch_add(&beats, 1);
}
