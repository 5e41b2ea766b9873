// SPDX-License-Identifier: MIT
/*
 * Sixteen threads that allocate, open, throw, load libraries, start threads and fork without a
 * pause, until the file STOP is there: attach_storm LIBRARY STOP. Each checks what it gets; a
 * difference is one line on stdout that begins with "bad: ", and so is a fault, with its stack. The
 * last line counts what was done.
 */
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

static std::atomic<bool> stop{false};
static std::atomic<long> done[8];
static const char *library;

static void bad(const char *what)
{
	printf("bad: %s: %s\n", what, strerror(errno));
	fflush(stdout);
}

/* Whether fd is an open file of this kind: nothing else may have closed it. */
static bool is(int fd, mode_t kind)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == kind;
}

static void allocate()
{
	std::vector<std::string> texts;

	for (int i = 0; i < 50; i++)
		texts.push_back(std::string(size_t(i) * 37 % 3000, char('a' + i % 26)));
	for (int i = 0; i < 50; i++)
		if (texts[size_t(i)].size() != size_t(i) * 37 % 3000)
			bad("a string has changed");
}

static void open_files()
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), copy = dup(fd), pair[2];
	FILE *file = fopen("/proc/self/comm", "re");
	char text[32] = "";

	if (fd < 0 || copy < 0 || !is(fd, S_IFCHR) || !is(copy, S_IFCHR))
		bad("open or dup");
	if (!file || !fgets(text, sizeof(text), file) || strncmp(text, "attach_storm", 12) != 0)
		bad("fopen");
	if (pipe2(pair, O_CLOEXEC) != 0 || write(pair[1], "x", 1) != 1 ||
	    read(pair[0], text, 1) != 1)
		bad("pipe");
	if (!is(pair[0], S_IFIFO) || !is(copy, S_IFCHR))
		bad("a descriptor is another one");
	if (close(pair[0]) != 0 || close(pair[1]) != 0 || close(copy) != 0 || close(fd) != 0 ||
	    (file && fclose(file) != 0))
		bad("close");
}

static void open_sockets()
{
	int pair[2];
	char byte = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		bad("socketpair");
	if (send(pair[0], "y", 1, MSG_NOSIGNAL) != 1 || recv(pair[1], &byte, 1, 0) != 1 ||
	    byte != 'y')
		bad("send or recv");
	/* The peer must notice at once: no copy of the descriptor may be left anywhere. */
	if (close(pair[0]) != 0 || recv(pair[1], &byte, 1, 0) != 0)
		bad("a socket stays open after close");
	if (close(pair[1]) != 0)
		bad("close of a socket");
}

static void throw_one()
{
	try {
		throw std::runtime_error("storm");
	} catch (const std::exception &error) {
		if (strcmp(error.what(), "storm") != 0)
			bad("what was thrown");
	}
}

static void load()
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		bad(dlerror());
	else if (dlclose(handle) != 0)
		bad("dlclose");
}

static void *nothing(void *argument)
{
	return argument;
}

static void start_thread()
{
	pthread_t thread;
	int argument = 0;
	void *result = nullptr;

	if (pthread_create(&thread, nullptr, nothing, &argument) != 0 ||
	    pthread_join(thread, &result) != 0 || result != &argument)
		bad("a thread");
}

static void fork_one()
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		int fd = open("/dev/null", O_RDONLY);

		_exit(fd >= 0 && close(fd) == 0 ? 7 : 1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 7)
		bad("a forked child");
}

static void wait_a_moment()
{
	struct timespec before, after, time = {0, 2000000};

	clock_gettime(CLOCK_MONOTONIC, &before);
	if (nanosleep(&time, nullptr) != 0)
		bad("nanosleep");
	if (poll(nullptr, 0, 2) != 0)
		bad("poll");
	clock_gettime(CLOCK_MONOTONIC, &after);
	if ((after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec < 4000000)
		bad("a wait was too short");
}

static void (*const works[8])() = {allocate, open_files,   open_sockets, throw_one,
				   load,     start_thread, fork_one,     wait_a_moment};

static void *work(void *argument)
{
	size_t which = size_t(argument) % 8;

	while (!stop) {
		works[which]();
		done[which]++;
	}
	return nullptr;
}

/* Not async-signal-safe, but all is lost by then. */
static void fault(int number, siginfo_t *info, void *)
{
	void *stack[64];
	char maps[4096];
	int fd = open("/proc/self/maps", O_RDONLY);

	printf("bad: signal %d at %p\n", number, info->si_addr);
	fflush(stdout);
	backtrace_symbols_fd(stack, backtrace(stack, 64), STDOUT_FILENO);
	for (ssize_t got; (got = read(fd, maps, sizeof(maps))) > 0;)
		if (write(STDOUT_FILENO, maps, size_t(got)) != got)
			break;
	_exit(1);
}

int main(int argc, char **argv)
{
	struct sigaction faults = {};
	void *first;
	pthread_t threads[16];
	const char *file = argc > 2 ? argv[2] : "/";

	faults.sa_sigaction = fault;
	faults.sa_flags = SA_SIGINFO;
	/* backtrace's first call loads a library. */
	if (backtrace(&first, 1) != 1 || sigaction(SIGSEGV, &faults, nullptr) != 0 ||
	    sigaction(SIGBUS, &faults, nullptr) != 0)
		return 1;
	library = argc > 1 ? argv[1] : "";
	for (size_t i = 0; i < 16; i++)
		if (pthread_create(&threads[i], nullptr, work, (void *)i) != 0)
			return 1;
	puts("ready");
	fflush(stdout);
	while (access(file, F_OK) != 0)
		if (poll(nullptr, 0, 10) != 0)
			bad("the main thread's poll");
	stop = true;
	for (pthread_t thread : threads)
		if (pthread_join(thread, nullptr) != 0)
			bad("pthread_join");
	printf("%ld allocated, %ld opened files, %ld opened sockets, %ld thrown, %ld loaded, "
	       "%ld started threads, %ld forked, %ld waited\n",
	       done[0].load(), done[1].load(), done[2].load(), done[3].load(), done[4].load(),
	       done[5].load(), done[6].load(), done[7].load());
	return 0;
}
