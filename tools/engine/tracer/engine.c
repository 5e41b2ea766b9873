// SPDX-License-Identifier: MIT
/*
 * See engine.h. This file starts the tracer. It is a grandchild that is orphaned, and so adopted by
 * init, at once, so that the program has no child that it didn't make. It seizes its grandparent,
 * which then installs the filter and executes the program.
 *
 * If the calling process itself adopts orphans (a container's first process, a subreaper), the
 * tracer stays its child, made without an exit signal: wait(2) ignores such children (__WCLONE).
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/ledger/mark_file.h"
#include "preload/core/redact/substitutes.h"
#include "tools/engine/walk/load_unwinder.h"
#include "preload/core/policy/stderr_lines.h"
#include "tools/arguments/say.h"
#include "exec_image.h"
#include "late_filter.h"
#include "seccomp_filter.h"
#include "tracer.h"

enum { CANNOT_TRACE = 125, CANNOT_EXECUTE = 126, NOT_FOUND = 127 };

enum { SHORTEST_TURN_NS = 100 * 1000 }; /* the shortest slice that kernel/sched/fair.c accepts */

static void close_other(int fd, void *keep)
{
	if (fd > STDERR_FILENO && fd != *(int *)keep)
		close(fd);
}

/* Closes all descriptors that the program was given, except keep, because otherwise a reader of the
 * program's output would wait for the tracer too. stderr stays open for our own messages until the
 * program has ended. */
static void let_go(int keep)
{
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; nothing >= 0 && fd <= STDERR_FILENO; fd++)
		if (fd != STDERR_FILENO || fcntl(fd, F_GETFD) < 0)
			dup2(nothing, fd);
	descriptors_each(close_other, &keep);
	/* Keep no folder busy either. A failure does no harm. */
	if (chdir("/") != 0)
		return;
}

/* The tracer lives as long as the program. It ignores signals that are sent to all processes of a
 * name or of a service: they are for the program to answer. The tracer's own faults still end
 * it. */
static void reset_signals(void)
{
	static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGABRT,
				   SIGTRAP, SIGSYS, SIGCHLD, SIGKILL, SIGSTOP};
	sigset_t none;

	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		sigaction(kept[i], &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Lifts the limit on CPU time, which is meant for the program. The tracer works for many processes;
 * at the hard limit the kernel would kill it, and with it all of them. A hard limit can only be
 * lifted with CAP_SYS_RESOURCE. */
static void lift_limits(void)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_CPU, &limit);
}

/* The first version of struct sched_attr (sched_setattr(2)), because not all C libraries have
 * it. */
struct scheduling {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* Asks the scheduler for a short slice. The tracer makes a few system calls at a time, while a
 * thread of the program waits. With a short slice (since Linux 6.12, for an ordinary task) it waits
 * less for tasks with long ones, and gets no larger share. Older kernels ignore this. */
static void ask_for_short_turns(void)
{
	struct scheduling own = {.size = sizeof(own)};

	if (syscall(SYS_sched_getattr, 0, &own, sizeof(own), 0) != 0 || own.policy != SCHED_OTHER)
		return;
	own.size = sizeof(own);
	own.runtime = SHORTEST_TURN_NS;
	syscall(SYS_sched_setattr, 0, &own, 0);
}

__attribute__((noreturn)) static void trace(struct tracer *tracer, int channel)
{
	pid_t own = getpid();
	char go;
	int error = 0;

	reset_signals();
	lift_limits();
	ask_for_short_turns();
	let_go(channel);
	engine_load_unwinder();
	/* With Yama the grandparent first has to name its tracer (PR_SET_PTRACER). */
	if (write(channel, &own, sizeof(own)) != sizeof(own) || read(channel, &go, 1) != 1)
		_exit(CANNOT_TRACE);
	if (ptrace(PTRACE_SEIZE, tracer->main_pid, NULL, tracer_ptrace_options(tracer, false)) != 0)
		error = errno;
	if (write(channel, &error, sizeof(error)) != sizeof(error) || error)
		_exit(CANNOT_TRACE);
	close(channel);
	tracer_run(tracer);
	_exit(0);
}

/* Starts the tracer. 0 or a negative errno. */
static int start_tracer(struct tracer *tracer, int channel)
{
	int reaps = 0;
	bool stays = getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &reaps) == 0 && reaps);
	long child = syscall(SYS_clone, stays ? 0 : SIGCHLD, 0, 0, 0, 0);

	if (child < 0)
		return -errno;
	if (child == 0) {
		/* A process group of its own keeps signals to the program's group away. It stays in
		 * the program's session, because the kernel shares the processor between sessions
		 * (sched(7), autogroup), and tracer and program, which wait for each other all the
		 * time, would each wait for their session's share. That costs tens of per cent of a
		 * server's throughput. Signals of the terminal are ignored. */
		setpgid(0, 0);
		if (stays)
			trace(tracer, channel);
		pid_t grandchild = fork();
		if (grandchild == 0)
			trace(tracer, channel);
		_exit(grandchild < 0 ? errno : 0);
	}
	if (!stays) {
		int status = 0;

		while (waitpid((pid_t)child, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFEXITED(status) && WEXITSTATUS(status))
			return -WEXITSTATUS(status);
	}
	return 0;
}

/* Lets the tracer seize this process. 0, or the errno for which it can't. */
static int be_seized(int channel)
{
	pid_t tracer;
	int error;

	if (read(channel, &tracer, sizeof(tracer)) != sizeof(tracer))
		return ESRCH;
	prctl(PR_SET_PTRACER, tracer, 0, 0, 0);
	/* MSG_NOSIGNAL: if the tracer has died, SIGPIPE must not kill us. */
	if (send(channel, "", 1, MSG_NOSIGNAL) != 1 ||
	    read(channel, &error, sizeof(error)) != sizeof(error))
		return ESRCH;
	prctl(PR_SET_PTRACER, 0, 0, 0, 0);
	return error;
}

/* The process that traces us already; 0: none. */
static int present_tracer(void)
{
	char line[256];
	int tracer = 0;
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "TracerPid: %d", &tracer);
	if (status)
		fclose(status);
	return tracer;
}

static int cannot_trace(const struct engine_request *request, int error)
{
	int tracer = present_tracer();

	if (tracer)
		say("can't trace %s: process %d traces it already, and only one process can",
		    request->path, tracer);
	else if (error == EPERM || error == EACCES || error == ENOSYS)
		say("can't trace %s: ptrace(2) is not allowed here (%s); a container needs "
		    "--cap-add=SYS_PTRACE",
		    request->path, strerror(error));
	else
		say("can't trace %s: %s", request->path, strerror(error));
	return CANNOT_TRACE;
}

static bool left_out(const struct engine_request *request)
{
	const char *only = options_only((char **)request->envp);

	return !options_match(only, base_name(request->path)) &&
	       !(request->argv[0] && options_match(only, base_name(request->argv[0])));
}

/* Makes a pair of sockets with numbers above stderr's, because the tracer has descriptors of its
 * own at 0 to 2 even if the program has none. 0 or a negative errno. */
static int make_channel(int channel[2])
{
	int made[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, made) != 0)
		return -errno;
	channel[0] = fcntl(made[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	channel[1] = fcntl(made[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int error = channel[0] < 0 || channel[1] < 0 ? -errno : 0;
	close(made[0]);
	close(made[1]);
	return error;
}

/* Runs a script without a #! line by the shell, as execvp(3) does. Returns only on failure, with
 * errno set. */
static void execute_by_shell(const struct engine_request *request)
{
	size_t count = 0;

	while (request->argv[count])
		count++;
	char **words = calloc(count + 2, sizeof(*words));
	if (!words) {
		errno = ENOEXEC;
		return;
	}
	words[0] = (char *)"/bin/sh";
	words[1] = (char *)request->path;
	for (size_t i = 1; i < count; i++)
		words[i + 1] = request->argv[i];
	execve(words[0], words, request->envp);
	free(words);
}

/* Maps the file of marks, for the tables of all processes. */
static void follow_marks(const char *path)
{
	const char *reason = NULL;
	int error = 0;

	if (path && !(fd_table_marks = mark_file_open(path, &error, &reason)))
		say("FDTRAIL_MARK_FILE=%s can't be followed: %s", path,
		    reason ? reason : strerror(error));
}

int engine_exec(const struct engine_request *request)
{
	static struct tracer tracer;
	int channel[2] = {-1, -1}, error;

	/* If the program is left out, options_read must print nothing (but what it starts may be
	 * traced), so call it before message_note_stderr. */
	if (left_out(request))
		options_read(&tracer.options, (char **)request->envp);
	message_note_stderr();
	if (!left_out(request))
		options_read(&tracer.options, (char **)request->envp);
	if (tracer.options.redact && !(tracer.substitutes = substitutes_create()))
		return cannot_trace(request, ENOMEM);
	follow_marks(tracer.options.mark_file);
	tracer.request = request;
	tracer.main_pid = getpid();
	tracer.filters = (unsigned int)exec_image_status(getpid(), "Seccomp_filters", 0, 10);
	tracer.may_plant =
		request->planted &&
		(exec_image_status(getpid(), "Seccomp", 0, 10) == SECCOMP_MODE_DISABLED ||
		 (tracer.filters && late_filter_may_plant(tracer.options.signal)));
	tracer.late = tracer.may_plant && late_filter_is_possible(request);
	error = -make_channel(channel);
	if (error)
		return cannot_trace(request, error);
	error = -start_tracer(&tracer, channel[1]);
	close(channel[1]);
	if (!error)
		error = be_seized(channel[0]);
	close(channel[0]);
	if (error)
		return cannot_trace(request, error);
	if (tracer.options.verbose && !left_out(request))
		options_print(&tracer.options, (char **)request->envp);
	error = tracer.late ? 0 : -seccomp_filter_install(tracer.options.signal, request->planted);
	if (error) {
		say("can't trace %s: the kernel has no seccomp filters (%s)", request->path,
		    strerror(error));
		return CANNOT_TRACE;
	}
	execve(request->path, request->argv, request->envp);
	if (errno == ENOEXEC)
		execute_by_shell(request);
	error = errno;
	say("can't execute %s: %s", request->path, strerror(error));
	return error == ENOENT ? NOT_FOUND : CANNOT_EXECUTE;
}
