// SPDX-License-Identifier: MIT
/*
 * The work that scripts/bench times, one kind in each run: bare, and then under a tracer. It
 * measures itself and prints the result, so that the start of a tracer is not part of a loop.
 *
 *     work LOOP COUNT [beside] socket, open, dup or connect: "CPU-NS WALL-NS" per operation;
 *                              "beside": with a second thread, which sleeps
 *     work live COUNT          opens COUNT descriptors through 1000 stacks: "OPENED KIB-MORE"
 *     work threads COUNT       starts and joins threads: "CPU-NS WALL-NS" per thread
 *     work crowd COUNT         keeps COUNT threads: "COUNT KIB-MORE"
 *     work snapshot COUNT      with COUNT sockets open: "COUNT NS", the longest open+close
 *     work start COUNT [LIB]   starts itself COUNT times, with LIB preloaded: "CPU-NS WALL-NS"
 *     work request PORT COUNT  HTTP requests to the loopback, each on a connection of its own
 *     work nothing             ends
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

enum { STACKS = 1000, STACK_BITS = 10, LOOP_DEPTH = 8 };

static struct sockaddr_in address = {.sin_family = AF_INET};
static int listening = -1;
static volatile int after; // keeps the compiler from making a call a jump

static uint64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int must(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
	return result;
}

/* KiB of this process in memory. */
static long resident(void)
{
	char line[256];
	long rss = 0;
	FILE *file = fopen("/proc/self/status", "re");

	if (!file)
		err(1, "/proc/self/status");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %ld", &rss) == 1)
			break;
	fclose(file);
	return rss;
}

static void listen_somewhere(void)
{
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listening = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(bind(listening, (struct sockaddr *)&address, sizeof(address)), "bind");
	must(listen(listening, 128), "listen");
	must(getsockname(listening, (struct sockaddr *)&address, &length), "getsockname");
}

/* Closes without TIME_WAIT, because ports would run out. */
static void forget_at_close(int fd)
{
	struct linger now_at_once = {.l_onoff = 1};

	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now_at_once, sizeof(now_at_once)), "SO_LINGER");
}

/* The operations */

static NOINLINE void op_socket(void)
{
	close(must(socket(AF_INET, SOCK_STREAM, 0), "socket"));
}

static NOINLINE void op_open(void)
{
	close(must(open("/etc/passwd", O_RDONLY), "open"));
}

static NOINLINE void op_dup(void)
{
	close(must(dup(0), "dup"));
}

static NOINLINE void make_pair(int *client, int *server)
{
	*client = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
	must(connect(*client, (struct sockaddr *)&address, sizeof(address)), "connect");
	*server = must(accept(listening, NULL, NULL), "accept");
	forget_at_close(*client);
	after++;
}

static NOINLINE void op_connect(void)
{
	int client, server;

	make_pair(&client, &server);
	close(client);
	close(server);
}

/* Calls the operation from a stack as deep as a server's. */
static NOINLINE void deep(int depth, void (*operation)(void))
{
	if (depth > 0)
		deep(depth - 1, operation);
	else
		operation();
	after++;
}

struct clocks {
	uint64_t cpu, wall;
};

static struct clocks begin(void)
{
	return (struct clocks){now(CLOCK_PROCESS_CPUTIME_ID), now(CLOCK_MONOTONIC)};
}

static void end(struct clocks start, long count)
{
	struct clocks stop = begin();

	printf("%.1f %.1f\n", (double)(stop.cpu - start.cpu) / (double)count,
	       (double)(stop.wall - start.wall) / (double)count);
}

static void run_loop(void (*operation)(void), long count)
{
	struct clocks start;

	for (long i = 0; i < count / 10 + 1; i++)
		deep(LOOP_DEPTH, operation);
	start = begin();
	for (long i = 0; i < count; i++)
		deep(LOOP_DEPTH, operation);
	end(start, count);
}

/* Many live descriptors */

static void allow(long count)
{
	struct rlimit limit,
		more = {.rlim_cur = (rlim_t)count + 100, .rlim_max = (rlim_t)count + 100};

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= more.rlim_cur)
		return;
	if (limit.rlim_max >= more.rlim_cur)
		more.rlim_max = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* The bits of path choose the calls, so that each path is a stack of its own. */
static NOINLINE int left(unsigned path, int bits);

static NOINLINE int right(unsigned path, int bits)
{
	int fd = bits == 0  ? dup(0)
		 : path & 1 ? left(path >> 1, bits - 1)
			    : right(path >> 1, bits - 1);

	after++;
	return fd;
}

static NOINLINE int left(unsigned path, int bits)
{
	int fd = bits == 0  ? dup(0)
		 : path & 1 ? left(path >> 1, bits - 1)
			    : right(path >> 1, bits - 1);

	after--;
	return fd;
}

static void run_live(long count)
{
	long before, opened;

	allow(count);
	close(left(0, STACK_BITS));
	before = resident();
	for (opened = 0; opened < count; opened++)
		if (left((unsigned)(opened % STACKS), STACK_BITS) < 0)
			break;
	// // Room for reading this process' own memory.
	if (opened < count) {
		close((int)opened + 2);
		opened--;
	}
	printf("%ld %ld\n", opened, resident() - before);
	fflush(stdout);
	_exit(0);
}

/* Threads */

static pthread_barrier_t barrier;

static void *thread_main(void *stays)
{
	deep(LOOP_DEPTH, op_dup);
	if (stays) {
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void run_threads(long count)
{
	struct clocks start = {0};
	pthread_t thread;

	for (long i = -count / 10 - 1; i < count; i++) {
		if (i == 0)
			start = begin();
		if (pthread_create(&thread, NULL, thread_main, NULL) != 0)
			errx(1, "pthread_create");
		pthread_join(thread, NULL);
	}
	end(start, count);
}

static void run_crowd(long count)
{
	pthread_t *threads = calloc((size_t)count, sizeof(*threads));
	long before, with;

	thread_main(NULL);
	pthread_barrier_init(&barrier, NULL, (unsigned)count + 1);
	before = resident();
	for (long i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, thread_main, &barrier) != 0)
			errx(1, "pthread_create");
	pthread_barrier_wait(&barrier);
	with = resident();
	pthread_barrier_wait(&barrier);
	for (long i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%ld %ld\n", count, with - before);
	free(threads);
}

/* A snapshot */

static volatile int asked, done;

static void *asker(void *unused)
{
	struct timespec moment = {.tv_nsec = 20000000};

	nanosleep(&moment, NULL);
	asked = 1;
	kill(getpid(), SIGUSR1);
	nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
	done = 1;
	return unused;
}

static void run_snapshot(long count)
{
	uint64_t longest = 0, start, took;
	pthread_t thread;
	sigset_t usr1;
	int client, server;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN); /* raised below, to trigger snapshots */
	allow(count + 10);
	listen_somewhere();
	for (long i = 0; i < count / 2; i++) {
		make_pair(&client, &server);
		forget_at_close(server);
	}
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL); // in the asker
	if (pthread_create(&thread, NULL, asker, NULL) != 0)
		errx(1, "pthread_create");
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	while (!done) {
		start = now(CLOCK_MONOTONIC);
		op_dup();
		took = now(CLOCK_MONOTONIC) - start;
		if (asked && took > longest)
			longest = took;
	}
	pthread_join(thread, NULL);
	printf("%ld %llu\n", count, (unsigned long long)longest);
	fflush(stdout);
	_exit(0);
}

/* Starting programs */

static void run_start(long count, const char *preload)
{
	char variable[4096], output[] = "FDTRAIL_OUTPUT=/dev/null";
	char *argv[] = {"work", "nothing", NULL},
	     *envp[] = {output, preload ? variable : NULL, NULL};
	struct rusage before, then;
	uint64_t start, wall;

	snprintf(variable, sizeof(variable), "LD_PRELOAD=%s", preload ? preload : "");
	getrusage(RUSAGE_CHILDREN, &before);
	start = now(CLOCK_MONOTONIC);
	for (long i = 0; i < count; i++) {
		int status;
		pid_t child;

		if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, envp) != 0)
			errx(1, "posix_spawn");
		if (waitpid(child, &status, 0) < 0 || status != 0)
			errx(1, "a child ended with %d", status);
	}
	wall = now(CLOCK_MONOTONIC) - start;
	getrusage(RUSAGE_CHILDREN, &then);
	printf("%.1f %.1f\n",
	       ((double)(then.ru_utime.tv_sec - before.ru_utime.tv_sec + then.ru_stime.tv_sec -
			 before.ru_stime.tv_sec) *
			1e9 +
		(double)(then.ru_utime.tv_usec - before.ru_utime.tv_usec + then.ru_stime.tv_usec -
			 before.ru_stime.tv_usec) *
			1e3) /
		       (double)count,
	       (double)wall / (double)count);
}

/* A client for nginx */

static void run_requests(int port, long count)
{
	static const char request[] =
		"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char answer[8192];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)port);
	for (long i = 0; i < count; i++) {
		int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
		ssize_t n, all = 0;

		must(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
		if (write(fd, request, sizeof(request) - 1) != sizeof(request) - 1)
			err(1, "write");
		while ((n = read(fd, answer, sizeof(answer))) > 0)
			all += n;
		if (n < 0 || all == 0)
			err(1, "request %ld: no answer", i);
		close(fd);
	}
}

static void *sleeps(void *unused)
{
	pause();
	return unused;
}

static void run_beside(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleeps, NULL) != 0)
		errx(1, "pthread_create");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*operation)(void);
	} loops[] = {
		{"socket", op_socket}, {"open", op_open}, {"dup", op_dup}, {"connect", op_connect}};
	const char *kind = argc > 1 ? argv[1] : "";
	long count = argc > 2 ? atol(argv[2]) : 0;

	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++)
		if (strcmp(kind, loops[i].name) == 0) {
			if (loops[i].operation == op_connect)
				listen_somewhere();
			if (argc > 3)
				run_beside();
			run_loop(loops[i].operation, count);
			return 0;
		}
	if (strcmp(kind, "live") == 0)
		run_live(count);
	else if (strcmp(kind, "threads") == 0)
		run_threads(count);
	else if (strcmp(kind, "crowd") == 0)
		run_crowd(count);
	else if (strcmp(kind, "snapshot") == 0)
		run_snapshot(count);
	else if (strcmp(kind, "start") == 0)
		run_start(count, argc > 3 ? argv[3] : NULL);
	else if (strcmp(kind, "request") == 0 && argc > 3)
		run_requests(atoi(argv[2]), atol(argv[3]));
	else if (strcmp(kind, "nothing") != 0)
		errx(2, "unknown work: %s", kind);
	return 0;
}
