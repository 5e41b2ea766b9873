// SPDX-License-Identifier: MIT
/*
 * See outside_snapshot.h. The helper is made as the preload makes its own (runtime/trigger.c): by
 * clone(2) with CLONE_VM and CLONE_VFORK, without CLONE_FILES. It shares our memory, so that its
 * corrections of the ledger last, and has a descriptor table of its own to fill. It calls no
 * function of the C library that keeps state.
 */
#include "outside_snapshot.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/base/errno_name.h"
#include "preload/core/base/helper_faults.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/policy/triggered_snapshot.h"
#include "copies.h"
#include "outside.h"
#include "process.h"

enum { HELPER_STACK = 256 * 1024 };

struct job {
	struct snapshot_request request;
	struct snapshot_target target;
	struct snapshot_result *result;
	struct scratch scratch;
	char reason[128];
	int error;
	void (*copied)(void *data); /* or NULL */
	void *data;
	_Atomic uint32_t stage;
};

/* With `copied` the helper and we take turns. Both share errno and all other thread-local
 * variables, so they never run at the same time. */
enum stage { STAGE_COPYING, STAGE_COPIED, STAGE_WRITING };

static void pass_on(struct job *job, enum stage stage)
{
	atomic_store(&job->stage, stage);
	RAW(futex, &job->stage, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Called in the helper: gives our side its turn, and waits until it is over. */
static void say_copied(struct job *job)
{
	pass_on(job, STAGE_COPIED);
	while (atomic_load(&job->stage) == STAGE_COPIED)
		RAW(futex, &job->stage, FUTEX_WAIT, STAGE_COPIED, NULL, NULL, 0);
}

/* Called on our side: waits until the helper has copied. True: the helper has ended instead. */
static bool wait_until_copied(struct job *job, int pid)
{
	struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	while (atomic_load(&job->stage) == STAGE_COPYING) {
		siginfo_t ended = {0};

		RAW(futex, &job->stage, FUTEX_WAIT, STAGE_COPYING, &pause, NULL, 0);
		RAW(waitid, P_PID, pid, &ended, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL);
		if (ended.si_pid == pid)
			return true;
	}
	return false;
}

/* The words that say why some descriptors were not copied. */
static const char *say_reason(struct job *job, const struct copies *copies)
{
	if (copies->limit)
		snprintf(job->reason, sizeof(job->reason),
			 "above the number %d, which is our own limit: known from /proc alone",
			 copies->limit);
	else if (copies->refused == ENOSYS)
		snprintf(job->reason, sizeof(job->reason),
			 "known from /proc alone: pidfd_getfd(2) needs Linux 5.6");
	else if (copies->refused == EPERM)
		snprintf(job->reason, sizeof(job->reason),
			 "known from /proc alone: pidfd_getfd(2) is not permitted here");
	else
		snprintf(job->reason, sizeof(job->reason),
			 "known from /proc alone: pidfd_getfd(2) failed with %s",
			 errno_name(copies->refused));
	return job->reason;
}

static int look(struct job *job)
{
	struct copies copies;
	int pid = snapshot_holder(&job->request);
	int error = copies_take(&copies, pid, &job->request.output, &job->scratch);

	if (error)
		return error;
	job->target.changing = copies.changing;
	if (!copies.missing_count)
		return 0;
	long count = outside_describe(&job->target.outside, pid, copies.missing,
				      copies.missing_count, &job->scratch);
	if (count < 0)
		return (int)count;
	job->target.outside_count = (size_t)count;
	job->target.outside_reason = say_reason(job, &copies);
	return 0;
}

static int helper(void *data)
{
	struct job *job = data;

	helper_catch_faults();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	job->error = look(job);
	if (!job->error && job->copied)
		say_copied(job);
	job->request.lets_go = true;
	if (!job->error)
		snapshot_take(&job->request, job->result);
	scratch_release(&job->scratch);
	RAW(exit_group, 0);
	return 0;
}

/* Runs the helper to its end. 0 or a negative errno. */
static int run(struct job *job)
{
	char *stack = memory_map(HELPER_STACK);
	sigset_t all, before;
	int status = 0;

	if (!stack)
		return -ENOMEM;
	job->error = -EIO;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	int pid = clone(helper, stack + HELPER_STACK, CLONE_VM | (job->copied ? 0 : CLONE_VFORK),
			job);
	int error = pid < 0 ? -errno : 0;
	if (pid > 0 && job->copied && !wait_until_copied(job, pid)) {
		job->copied(job->data);
		pass_on(job, STAGE_WRITING);
	}
	/* The helper has no exit signal (__WCLONE), so other code of ours that waits for children
	 * doesn't get it. */
	while (pid > 0 && waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &before, NULL);
	memory_unmap(stack, HELPER_STACK);
	return error ? error : job->error;
}

/* Makes module files be opened as process pid sees them. */
static void set_modules(struct ledger *ledger, int pid)
{
	uint32_t count = atomic_load(&ledger->modules.count);

	for (uint32_t id = 1; id <= count; id++)
		module_table_get(&ledger->modules, id)->pid = pid;
}

/* An empty ledger, for processes that are not traced. NULL: no memory. */
static struct ledger *nothing_known(void)
{
	static struct arena arena;
	static struct ledger ledger;
	static bool ready;

	ready = ready || ledger_init(&ledger, &arena);
	return ready ? &ledger : NULL;
}

/* Takes the snapshot that job describes, and fills in the rest of job. 0 or a negative errno. */
static int snapshot(struct job *job)
{
	struct snapshot_request *request = &job->request;

	*job->result = (struct snapshot_result){0};
	job->target.traced = request->ledger != NULL;
	if (request->ledger)
		set_modules(request->ledger, snapshot_holder(request));
	else
		request->ledger = nothing_known();
	if (!request->ledger)
		return -ENOMEM;
	request->target = &job->target;
	return run(job);
}

int outside_snapshot(const struct snapshot_request *request, struct snapshot_result *result)
{
	struct job job = {.request = *request, .result = result};

	job.request.before = NULL;
	job.request.before_end = 0;
	return snapshot(&job);
}

int outside_snapshot_watched(const struct snapshot_request *request, struct snapshot_result *result,
			     void (*copied)(void *data), void *data)
{
	struct job job = {.request = *request, .result = result, .copied = copied, .data = data};

	return snapshot(&job);
}

void outside_unread(const struct snapshot_request *request, int error,
		    struct snapshot_result *result)
{
	struct snapshot_target target = {.traced = request->ledger != NULL};
	struct snapshot_request unread = *request;
	char text[REMOTE_TROUBLE_SIZE];

	unread.target = &target;
	unread.unread = outside_trouble(request->pid, error, text, sizeof(text));
	snapshot_take(&unread, result);
}

int outside_request(struct snapshot_request *request, int pid, char *program)
{
	struct process process;
	char text[REMOTE_TROUBLE_SIZE];
	int error = process_read(&process, pid);

	if (error)
		return error;
	if (process_obstacle(&process, text, sizeof(text)))
		return -EINVAL;
	int thread = process_thread(&process);
	if (!thread)
		return -ESRCH;
	snprintf(program, REMOTE_PROGRAM_SIZE, "%s", process.name);
	triggered_request(request, NULL, false, 0);
	request->why = "asked from outside";
	request->number = 1;
	request->pid = pid;
	request->holder = thread;
	request->program = program;
	request->started_ms = process.started_ms;
	request->libunwind = "no libunwind: the process is not traced";
	return 0;
}

const char *outside_trouble(int pid, int error, char *text, size_t size)
{
	struct process process;
	int read = process_read(&process, pid);

	if (read == -EACCES)
		snprintf(text, size,
			 "process %d is there, but /proc does not show it (it is mounted with "
			 "hidepid)%s",
			 pid, geteuid() == 0 ? "" : ": ask as root");
	else if (read == -EXDEV)
		snprintf(text, size,
			 "process %d can't be looked at: /proc is not mounted, or it is that of "
			 "another pid namespace; `mount -t proc proc /proc` mounts ours",
			 pid);
	else if (read || (error == -ESRCH && !process_has_ended(&process)))
		snprintf(text, size, "there is no process %d", pid);
	else if (process_obstacle(&process, text, size))
		;
	else if ((error == -EACCES || error == -EPERM) && geteuid() == 0)
		snprintf(text, size,
			 "process %d can't be looked at, although you are root: CAP_SYS_PTRACE is "
			 "missing here (as in containers), or a security module forbids it",
			 pid);
	else if ((error == -EACCES || error == -EPERM) && process.user != geteuid())
		snprintf(text, size, "process %d belongs to user %u: ask as that user, or as root",
			 pid, process.user);
	else if (error == -EACCES || error == -EPERM)
		snprintf(text, size,
			 "process %d is private, as programs are that have changed their user "
			 "(prctl(2), "
			 "PR_SET_DUMPABLE): ask as root",
			 pid);
	else
		snprintf(text, size, "process %d can't be looked at: %s", pid, strerror(-error));
	return text;
}
