// SPDX-License-Identifier: MIT
/* See ask.h. The program opens a file in our memory through /proc, and writes the text to it. If it
 * can't open that, it leaves the text in its own memory, and we read it there. */
#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/core/base/channel.h"
#include "preload/core/base/signal_name.h"
#include "preload/core/base/syscall_numbers.h"
#include "preload/core/snapshot/proc.h"
#include "blocked.h"
#include "holder.h"
#include "loaded_tracer.h"
#include "memory_answer.h"
#include "signal_state.h"

enum {
	PATIENCE_MS = 15 * 1000, /* since the last sign of the program */
	AGAIN_MS = 300,          /* after which the signal is sent again */
	ATTEMPTS = HOLDER_FILES,
	UNBLOCKED_MS = 1000, /* to wait, because a thread that takes a snapshot blocks all
			      * signals */
	NAP_MS = 5,
	TAIL = 64, /* room for the last line */
};

static const char last_line[] = "\nend of fdtrail snapshot, format 1\n";

int ask_how_traced(const struct process *process)
{
	if (process->tracer > 0 && process_is_fdtrail(process->tracer))
		return TRACE_ENGINE;
	int loaded = loaded_tracer_find(process_thread(process));
	if (loaded < 0)
		return loaded == -ENOENT ? -ESRCH : loaded;
	return loaded ? TRACE_PRELOAD : TRACE_NONE;
}

/* A request. If a signal is pending already, a second one merges with it, and its siginfo is lost.
 * Then it is sent again, with another file, because the program may still write to the first. */
struct request {
	const struct process *process;
	int answers; /* the process that gets the signal: process, or the ptrace engine */
	int number, holder;
	bool blocked;        /* all threads block the signal */
	int pidfd;           /* of answers; -1: none */
	int files[ATTEMPTS]; /* made before the holder, which has to have them, too */
	int count;           /* of files used: one for each signal sent */
	/* .. in place of files: where the program leaves the text in its own memory */
	struct memory_answer memory;
};

/* Sends the signal by pidfd (Linux 5.1), because the kernel may give a process id to another
 * process at any time. 0 or a negative errno. */
static int send_signal(const struct request *request, int file)
{
	int pid = request->answers, number = request->number;
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = number;
	info.si_code = SI_QUEUE;
	info.si_pid = request->holder;
	info.si_uid = getuid();
	info.si_value.sival_ptr = (void *)(uintptr_t)(CHANNEL_MARK | (unsigned int)file);
	if (request->memory.place)
		channel_set_token(&info, request->memory.token);
	if (request->blocked)
		return blocked_deliver(pid, &info);
	if (request->pidfd >= 0 &&
	    syscall(SYS_pidfd_send_signal, request->pidfd, number, &info, 0) == 0)
		return 0;
	if (request->pidfd >= 0 && errno != ENOSYS)
		return -errno;
	return syscall(SYS_rt_sigqueueinfo, pid, number, &info) == 0 ? 0 : -errno;
}

/* Whether the file ends with a snapshot's last line. */
static bool is_whole(int file, off_t size)
{
	char tail[TAIL];
	size_t length = strlen(last_line);

	if (size < (off_t)length)
		return false;
	return pread(file, tail, length, size - (off_t)length) == (ssize_t)length &&
	       memcmp(tail, last_line, length) == 0;
}

static int make_files(struct request *request)
{
	char name[sizeof(CHANNEL_ENGINE_FILE) + 16] = "fdtrail snapshot";

	if (request->answers != request->process->pid)
		snprintf(name, sizeof(name), CHANNEL_ENGINE_FILE "%d", request->process->pid);
	for (int i = 0; i < ATTEMPTS; i++)
		request->files[i] = memfd_create(name, MFD_CLOEXEC);
	return request->files[ATTEMPTS - 1] < 0 ? -errno : 0;
}

static int send_again(struct request *request)
{
	return send_signal(request, request->files[request->count++]);
}

/* The file that has a complete snapshot, or -1. Sets *size to the size of all files together. */
static int find_whole(const struct request *request, off_t *size)
{
	if (request->memory.place) {
		*size = memory_answer_copy(&request->memory, request->process->pid,
					   request->files[0]);
		return is_whole(request->files[0], *size) ? request->files[0] : -1;
	}
	*size = 0;
	for (int i = 0; i < request->count; i++) {
		off_t here = lseek(request->files[i], 0, SEEK_END);

		if (is_whole(request->files[i], here))
			return request->files[i];
		*size += here;
	}
	return -1;
}

/* Whether to send another signal: the last one has been delivered without an answer, or all threads
 * have begun to block it since. */
static bool is_lost(struct request *request)
{
	if (!signal_state_pending(request->answers, request->number))
		return true;
	if (request->answers != request->process->pid ||
	    signal_state(request->answers, request->number, true) != HEARD_BLOCKED)
		return false;
	request->blocked = true;
	return true;
}

/* Sends requests until the snapshot is complete. Returns its file, or a negative errno: -ESRCH the
 * program has ended, -ETIMEDOUT, -EIO the text is cut short, or the error of sending. */
static int ask(struct request *request)
{
	int waited = 0, again = AGAIN_MS, error = send_again(request);
	off_t seen = 0, size;

	while ((!error || (error == -EAGAIN && request->count < ATTEMPTS)) &&
	       waited < PATIENCE_MS) {
		int file = find_whole(request, &size);

		if (file >= 0)
			return file;
		if (size != seen)
			waited = 0;
		seen = size;
		if (process_has_ended_since(request->process))
			return -ESRCH;
		if (!size && waited >= again && request->count < ATTEMPTS && is_lost(request)) {
			error = send_again(request);
			again = waited + 2 * again;
		}
		poll(NULL, 0, NAP_MS);
		waited += NAP_MS;
	}
	return error ? error : seen ? -EIO : -ETIMEDOUT;
}

static const char *name_of(int number, char *text, size_t size)
{
	const char *name = signal_name(number);

	if (name)
		snprintf(text, size, "SIG%s", name);
	else
		snprintf(text, size, "signal %d", number);
	return text;
}

/* Whether the process is in another namespace of this kind. False also if that can't be read. */
static bool is_in_other(int pid, const char *kind)
{
	char path[PROC_PATH_SIZE], ours[64] = "", theirs[64] = "";

	return readlink(proc_pid_path(path, getpid(), kind), ours, sizeof(ours) - 1) > 0 &&
	       readlink(proc_pid_path(path, pid, kind), theirs, sizeof(theirs) - 1) > 0 &&
	       strcmp(ours, theirs) != 0;
}

/* Whether the process has a /proc in its root, through which it can open the file. */
static bool has_proc(int pid)
{
	char path[PROC_PATH_SIZE + sizeof("/proc/self/fd")], root[PROC_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/proc/self/fd", proc_pid_path(root, pid, "root"));
	return access(path, F_OK) == 0;
}

/* Waits a while for a thread to unblock the signal, and returns the state then. */
static enum heard look_at_threads(int pid, int number, bool needs_handler)
{
	enum heard heard;
	int waited = 0;

	while ((heard = signal_state(pid, number, needs_handler)) == HEARD_BLOCKED &&
	       waited < UNBLOCKED_MS) {
		poll(NULL, 0, NAP_MS);
		waited += NAP_MS;
	}
	return heard;
}

/* Checks whether the signal would be handled, and decides how to send it. 0; or -EINVAL, and text
 * says why not. */
static int check(struct request *request, enum trace trace, char *text, size_t size)
{
	const struct process *process = request->process;
	int pid = process->pid, number = request->number;
	char name[32];

	if (trace == TRACE_PRELOAD && process_thread(process) != pid) {
		snprintf(text, size,
			 "the main thread of process %d has ended, so the process can't answer; "
			 "--outside needs no answer",
			 pid);
		return -EINVAL;
	}
	if (number < 0) {
		snprintf(text, size,
			 "process %d is traced, but its trigger signal isn't known, because it has "
			 "overwritten its environment: run fdtrail as root, or use --outside",
			 pid);
		return -EINVAL;
	}
	if (!number) {
		snprintf(text, size,
			 "process %d is traced, but takes no snapshot on a signal "
			 "(FDTRAIL_SIGNAL=none): use --outside",
			 pid);
		return -EINVAL;
	}
	name_of(number, name, sizeof(name));
	if (process->state == 'T' || (process->state == 't' && trace != TRACE_ENGINE)) {
		snprintf(text, size,
			 "process %d is stopped and can't answer; `kill -CONT %d` wakes it, "
			 "--outside needs no answer",
			 pid, pid);
		return -EINVAL;
	}
	/* Then it couldn't find our file by our process id. */
	bool elsewhere = is_in_other(pid, "ns/pid");
	if ((elsewhere || (trace == TRACE_PRELOAD && !has_proc(pid))) &&
	    (trace != TRACE_PRELOAD || !memory_answer_find(&request->memory, pid))) {
		const char *as_root =
			trace == TRACE_PRELOAD && geteuid() != 0 ? "run fdtrail as root, " : "";

		if (elsewhere)
			snprintf(text, size,
				 "process %d runs in another pid namespace (a container): %srun "
				 "fdtrail in there, or use --outside",
				 pid, as_root);
		else
			snprintf(text, size,
				 "process %d has no /proc in its root (chroot(2)), so it can't "
				 "answer: %suse --outside",
				 pid, as_root);
		return -EINVAL;
	}
	/* In its user namespace our file may belong to nobody that it trusts. */
	if (trace == TRACE_PRELOAD && !request->memory.place && is_in_other(pid, "ns/user"))
		memory_answer_find(&request->memory, pid);
	enum heard heard = look_at_threads(pid, number, trace == TRACE_PRELOAD);
	if (heard == HEARD_NOT) {
		snprintf(
			text, size,
			"process %d has libfdtrail.so loaded, but does not handle %s: FDTRAIL_ONLY "
			"leaves it out, or FDTRAIL_SIGNAL was another; use --outside",
			pid, name);
		return -EINVAL;
	}
	request->blocked = heard == HEARD_BLOCKED;
	/* blocked_deliver needs the tracer's handler; under the engine it would be the
	 * program's. */
	if (request->blocked && trace == TRACE_ENGINE) {
		snprintf(text, size,
			 "process %d blocks %s in all its threads, and process %d, which traces "
			 "it, can't be asked from here: run fdtrail as root, or use --outside",
			 pid, name, process->tracer);
		return -EINVAL;
	}
	return 0;
}

static void explain(const struct request *request, int error, char *text, size_t size)
{
	const struct process *process = request->process;
	char name[32];

	name_of(request->number, name, sizeof(name));
	if (request->blocked && (error == -EPERM || error == -EACCES || error == -EAGAIN))
		snprintf(text, size,
			 "process %d blocks %s in all its threads, and fdtrail could not let one "
			 "of them have it (ptrace(2): %s): %s",
			 process->pid, name, strerror(-error),
			 error == -EAGAIN ? "try again, or use --outside"
			 : geteuid() == 0 ? "end the other tracer, or use --outside"
					  : "run fdtrail as root and end any other tracer, or use "
					    "--outside");
	else if (error == -EPERM)
		snprintf(text, size,
			 "can't send %s to process %d, which runs as user %u: run fdtrail as that "
			 "user, or as root",
			 name, process->pid, process->user);
	else if (error == -ESRCH)
		snprintf(text, size, "process %d has ended before it could answer", process->pid);
	else if (error == -ETIMEDOUT && request->answers != process->pid)
		snprintf(text, size,
			 "no answer within %d s from process %d, which traces process %d; "
			 "use --outside",
			 PATIENCE_MS / 1000, request->answers, process->pid);
	else if (error == -ETIMEDOUT)
		snprintf(text, size,
			 "no answer from process %d to %s within %d s; if it took a snapshot all "
			 "the same, FDTRAIL_OUTPUT says where it is",
			 process->pid, name, PATIENCE_MS / 1000);
	else if (error == -EIO)
		snprintf(text, size, "the snapshot of process %d was cut short", process->pid);
	else
		snprintf(text, size, "can't ask process %d for a snapshot: %s", process->pid,
			 strerror(-error));
}

/* Gets the snapshot from request->answers. Returns its file, or a negative errno. */
static int obtain(struct request *request)
{
	/* The pidfd is that of the process examined before if it still lives now: has_ended
	 * tells. */
	request->pidfd = (int)syscall(SYS_pidfd_open, request->answers, 0);
	request->count = 0;
	int file = process_has_ended_since(request->process) ? -ESRCH : make_files(request);
	if (!file && request->memory.place)
		file = request->holder = getpid();
	else if (!file)
		file = request->holder = holder_find(request->answers, request->files, ATTEMPTS);
	if (file > 0)
		file = ask(request);
	if (request->holder > 0)
		holder_release(request->holder);
	if (file >= 0 && lseek(file, 0, SEEK_SET) != 0)
		file = -errno;
	for (int i = 0; i < ATTEMPTS; i++)
		if (request->files[i] > 0 && request->files[i] != file)
			close(request->files[i]);
	if (request->pidfd >= 0)
		close(request->pidfd);
	return file;
}

int ask_snapshot(const struct process *process, enum trace trace, char *text, size_t size)
{
	struct request request = {.process = process, .answers = process->pid};
	int file;

	/* The engine answers even if the program blocks or handles the signal. */
	if (trace == TRACE_ENGINE && !is_in_other(process->tracer, "ns/pid")) {
		request.answers = process->tracer;
		request.number = CHANNEL_ENGINE_SIGNAL;
		file = obtain(&request);
		if (file < 0 && file != -EPERM)
			explain(&request, file, text, size);
		if (file != -EPERM)
			return file;
		/* The engine is another user's, so send the signal to the program instead. */
		request = (struct request){.process = process, .answers = process->pid};
	}
	request.number = trace == TRACE_ENGINE ? signal_state_engine(process->pid)
					       : signal_state_preload(process->pid);
	int error = check(&request, trace, text, size);
	if (error)
		return error;
	file = obtain(&request);
	if (file < 0)
		explain(&request, file, text, size);
	return file;
}
