// SPDX-License-Identifier: MIT
/* clang-format off */
/*
 *     conformance           runs all cases, each in a process of its own, and prints "== NAME", its
 *                           lines, and how it ended
 *     conformance list      prints their names
 *     conformance NAME      runs one of them
 */
/* clang-format on */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

enum { OUTPUT = 9, SECONDS = 20, TICK_USEC = 20000 };

extern const struct test_case files[], streams[], sockets[], messages[], events[], copies[],
	closings[], limits[], interrupts[], cancellations[], processes[], endings[], dispositions[],
	faults[];
static const struct test_case *const all[] = {
	files,  streams,    sockets,       messages,  events,  copies,       closings,
	limits, interrupts, cancellations, processes, endings, dispositions, faults,
};

void say(const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (length >= (int)sizeof(line) - 1)
		length = (int)sizeof(line) - 2;
	line[length++] = '\n';
	/* A raw call, because the output is no part of the case: no hook and no errno of
	 * write(2). */
	(void)!write(OUTPUT, line, (size_t)length);
}

void say_open(void)
{
	char line[512] = "";
	struct stat status;

	for (int fd = 0; fd < 300; fd++) {
		size_t at = strlen(line);
		if (fd != OUTPUT && fstat(fd, &status) == 0 && at < sizeof(line) - 16)
			snprintf(line + at, sizeof(line) - at, " %d:%o", fd, status.st_mode >> 12);
	}
	say("open:%s", line);
}

void *end_of_page(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0)
		abort();
	return pages + page - size;
}

static volatile sig_atomic_t ticks;
static void (*complete_call)(void);

static void on_tick(int number)
{
	int saved = errno;

	(void)number;
	if (++ticks == 2 && complete_call)
		complete_call();
	errno = saved;
}

static int tick_signal;

static void set_timer(int usec)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = tick_signal};
	struct itimerspec spec = {.it_interval = {0, usec * 1000L}, .it_value = {0, usec * 1000L}};
	static timer_t timer;

	if (usec)
		timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &spec, NULL);
}

void interrupt(int signal, int flags, void (*complete)(void))
{
	struct sigaction action = {.sa_handler = on_tick, .sa_flags = flags};

	ticks = 0;
	complete_call = flags & SA_RESTART ? complete : NULL;
	tick_signal = signal;
	sigaction(signal, &action, NULL);
	set_timer(TICK_USEC);
}

void interrupted(void)
{
	set_timer(0);
	say("interrupted: %d", ticks > 0);
}

static void on_cleanup(void *data)
{
	say("cleaned up: %s", (const char *)data);
}

struct victim {
	void *(*function)(void *data);
	void *data;
	_Atomic int tid;
};

static void *victim(void *data)
{
	struct victim *self = data;
	void *result;

	pthread_cleanup_push(on_cleanup, (void *)"the thread");
	self->tid = gettid();
	result = self->function(self->data);
	pthread_cleanup_pop(0);
	return result;
}

/* Waits until the thread sleeps in the kernel. */
static void wait_until_asleep(struct victim *thread)
{
	char path[64], state[256];

	for (;;) {
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread->tid);
		FILE *file = fopen(path, "r");
		char *behind =
			file && fgets(state, sizeof(state), file) ? strrchr(state, ')') : NULL;
		if (file)
			fclose(file);
		if (thread->tid && behind && behind[2] == 'S')
			return;
		usleep(1000);
	}
}

void cancel_in(void *(*function)(void *data), void *data)
{
	struct victim thread = {.function = function, .data = data};
	pthread_t id;
	void *result = NULL;

	if (pthread_create(&id, NULL, victim, &thread) != 0)
		abort();
	wait_until_asleep(&thread);
	pthread_cancel(id);
	pthread_join(id, &result);
	say("the thread %s", result == PTHREAD_CANCELED ? "was cancelled" : "has returned");
}

static const struct test_case *find(const char *name)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (const struct test_case *found = all[i]; found->name; found++)
			if (strcmp(found->name, name) == 0)
				return found;
	fprintf(stderr, "conformance: there is no case %s\n", name);
	exit(2);
}

static int run_one(const struct test_case *one)
{
	struct stat status;

	if (fstat(OUTPUT, &status) != 0)
		dup2(STDOUT_FILENO, OUTPUT);
	alarm(SECONDS);
	one->run();
	say("next = %d", open("/dev/null", O_RDONLY | O_CLOEXEC));
	return 0;
}

static void run_in_process(const char *program, const struct test_case *one)
{
	char *words[] = {(char *)program, (char *)one->name, NULL};
	int status = 0;

	say("== %s", one->name);
	pid_t pid = fork();
	if (pid == 0) {
		for (const char *at = one->closed; at && *at; at++)
			syscall(SYS_close, *at - '0');
		execv("/proc/self/exe", words);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		say("ended by signal %d", WTERMSIG(status));
	else
		say("exit status %d", WEXITSTATUS(status));
}

int main(int count, char **words)
{
	bool list = count > 1 && strcmp(words[1], "list") == 0;

	if (count > 1 && !list)
		return run_one(find(words[1]));
	dup2(STDOUT_FILENO, OUTPUT);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (const struct test_case *one = all[i]; one->name; one++)
			if (list)
				say("%s", one->name);
			else
				run_in_process(words[0], one);
	return 0;
}
