// SPDX-License-Identifier: MIT
/*
 * See trigger.h. The helper process costs a clone and a wait, some 100 us. The program's thread
 * stands still for this time (CLONE_VFORK); its other threads run on. If the kernel refuses a
 * process (a limit, a seccomp filter), the thread takes the snapshot itself, and opens the files in
 * the program's own table.
 */
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "preload/arch/machine.h"
#include "preload/core/base/channel.h"
#include "preload/core/base/helper_faults.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/write_signals.h"
#include "preload/libc/real.h"
#include "answer.h"
#include "beside.h"
#include "enroll.h"
#include "live_table.h"
#include "misuse.h"
#include "spread.h"
#include "preload/core/policy/stderr_lines.h"
#include "preload/core/policy/triggered_snapshot.h"
#include "preload/core/policy/pace.h"
#include "in_flight.h"
#include "runtime.h"
#include "sender.h"
#include "preload/core/policy/signal_use.h"
#include "snapshot_queue.h"
#include "thread_registry.h"
#include "preload/core/policy/reason.h"

enum {
	OWN_STACK = 64 * 1024,     /* for this file */
	HELPER_STACK = 192 * 1024, /* for snapshot_take and output_open */
	ROOM = 3,                  /* descriptors that a snapshot has open at once */
};

struct job {
	const char *why;
	const char *failed_call; /* and ..., as in the request */
	int failed_with;
	struct process_end end;
	unsigned int flags;
	const siginfo_t *channel; /* where the text goes; NULL: to the usual output */
	int sender;               /* the process that sent the request; 0: none, or not known */
	const void *context;      /* ucontext_t of the request's signal; or NULL */
	struct snapshot_request request;
	struct snapshot_result result;
	bool done; /* the snapshot was taken, and result is valid; else the helper died before */
	struct live_table live;
	struct beside beside;
	char *stacks;
};

/* Kept from the last snapshot. It belongs to the thread that has the turn. */
static struct snapshot_unseen unseen[SNAPSHOT_UNSEEN_MAX];

static void say(const char *text)
{
	LINE(line, LINE_SHORT);

	line_add(&line, text);
	message(&line);
}

static bool has_room(void)
{
	int held[ROOM];
	int count = 0;

	while (count < ROOM && (held[count] = (int)RAW(eventfd2, 0, O_CLOEXEC)) >= 0)
		count++;
	for (int i = 0; i < count; i++)
		RAW(close, held[i]);
	return count == ROOM;
}

/* The frozen table may be full. Then this lifts the helper's own limit, or else closes inherited
 * descriptors in the copy, because these are only counted. */
static void make_room(struct snapshot_request *request)
{
	struct rlimit limit;
	int given = 0;

	if (has_room())
		return;
	if (RAW(prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		RAW(prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
		limit.rlim_cur = limit.rlim_max += 64;
		RAW(prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
	}
	for (int fd = 0; fd < request->before_end && given < SNAPSHOT_HIDDEN_MAX && !has_room();
	     fd++) {
		struct ledger_entry entry;

		if (!ledger_read(request->ledger, fd, &entry, NULL) ||
		    entry.origin != FD_INHERITED || (fd == 2 && !*runtime.options.output))
			continue;
		RAW(close, fd);
		request->hidden[given++] = fd;
	}
}

static void take_one(struct snapshot_request *request, struct snapshot_result *result, void *data)
{
	(void)data;
	snapshot_take(request, result);
}

static const struct writer_sink *roster(int error, void *data)
{
	(void)data;
	return enroll_sink(error);
}

static void write_snapshot(struct job *job)
{
	static const struct triggered_engine engine = {
		.options = &runtime.options,
		.take = take_one,
		.roster = roster,
		.answer_begin = answer_begin,
		.answer_end = answer_end,
	};
	LINE(why, LINE_SHORT);

	/* This check needs a descriptor, and here one is free. */
	if (job->sender && sender_is_program(job->sender)) {
		line_add(&why, job->why);
		line_add(&why, SIGNAL_OF_PROGRAM);
		job->request.why = why.text;
	}
	triggered_take(&engine, job->channel, job->flags, &job->request, &job->result);
	job->done = true;
}

static int helper(void *data)
{
	struct job *job = data;

	helper_catch_faults();
	make_room(&job->request);
	job->request.lets_go = true;
	job->request.begin_beside = beside_begin;
	job->request.end_beside = beside_end;
	job->request.beside = &job->beside;
	write_snapshot(job);
	return 0;
}

/* Whether the next process would be the first of a PID namespace (unshare(2), CLONE_NEWPID). The
 * namespace would end with the helper, and the program could make no other process. In this state
 * the link exists and leads nowhere. */
static bool begins_namespace(void)
{
	static const char path[] = "/proc/self/ns/pid_for_children"; /* Linux 4.12 */
	struct stat status;
	char link[64];

	return RAW(readlinkat, AT_FDCWD, path, link, sizeof(link)) == -ENOENT &&
	       RAW(newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Makes the helper, and returns its process id when it has ended. -1: there can be no helper, also
 * because a seccomp filter would kill the program for a clone or a wait; then the thread takes the
 * snapshot itself. */
static int run_helper(struct job *job)
{
	bool answers = live_table_needed();
	int flags = CLONE_VM | (answers ? CLONE_CHILD_CLEARTID : CLONE_VFORK);

	if (begins_namespace() ||
	    (seccomp_present && (seccomp_will_refuse(SYS_clone, flags, 0, 0, 0, 0, 0) ||
				 seccomp_will_refuse(SYS_wait4, -1, 0, __WALL, 0, 0, 0))))
		return -1;
	if (answers) {
		live_table_begin(&job->live);
		job->request.open_now = live_table_ask;
		job->request.open_now_data = &job->live;
	}
	int pid = REAL(clone)(helper, job->stacks + HELPER_STACK, flags, job, NULL, NULL,
			      &job->live.state);
	if (pid >= 0 && answers)
		live_table_serve(&job->live, pid);
	else if (pid < 0)
		job->request.open_now = NULL;
	return pid;
}

/* Takes one snapshot, on a stack of its own. data is a struct job. */
static void run(void *data)
{
	struct job *job = data;
	struct snapshot_request *request = &job->request;
	int status = 0;

	triggered_request(request, &runtime.options, job->channel, job->flags);
	request->misuse = runtime.options.misuse != MISUSE_OFF && runtime.options.closers;
	request->substitutes = runtime.options.redact ? runtime.substitutes : NULL;
	request->ledger = &runtime.ledger;
	request->in_flight = runtime.wiped->in_flight;
	request->threads_in_flight = thread_registry_in_flight;
	request->thread_opens = thread_registry_opens;
	request->unseen = unseen;
	request->why = job->why;
	request->failed_call = job->failed_call;
	request->failed_with = job->failed_with;
	request->end = job->end;
	request->number = atomic_load(&runtime.number) + 1;
	request->pid = atomic_load(&runtime.pid);
	request->thread = (int)RAW(gettid);
	request->program = runtime.program;
	request->started_ms = runtime.started_ms;
	request->attached_ms = runtime.armed_ms ? runtime.armed_ms : runtime.attached_ms;
	request->process_started_ms = runtime.process_started_ms;
	request->forked_ms = atomic_load(&runtime.wiped->forked_ms);
	if (!snapshot_begin_before(request)) {
		say("no snapshot: there is no memory for one");
		job->result.error = ENOMEM;
		return;
	}
	int pid = run_helper(job);
	if (pid < 0) {
		struct write_signals held;

		write_signals_hold(&held);
		write_snapshot(job);
		write_signals_release(&held);
	} else if (RAW(wait4, pid, &status, __WALL, NULL) == pid && status != 0) {
		say("the snapshot was cut short: the process that wrote it was ended");
	}
	if (!job->done)
		job->result.error = ECANCELED;
	if (job->result.written)
		atomic_fetch_add(&runtime.number, 1);
	snapshot_end_before(request);
}

static void take(struct job *job)
{
	enum snapshot_queue_kind kind = job->channel                ? QUEUE_OWN
					: job->flags & TRIGGER_WAIT ? QUEUE_FINAL
								    : QUEUE_SHARED;
	_Atomic uint32_t *turns = &runtime.wiped->snapshot;
	const uint64_t all = UINT64_MAX;
	int saved = errno;
	uint64_t mask = 0;
	bool blocked = RAW(rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(all)) == 0;
	struct in_flight in_flight = {0};

	misuse_settle(job->flags & TRIGGER_WAIT);
	if (job->context)
		in_flight_note(&in_flight, job->context);
	bool mine = snapshot_queue_begin(turns, kind, blocked);

	while (mine) {
		job->result = (struct snapshot_result){0};
		job->done = false;
		job->stacks = memory_map(HELPER_STACK + OWN_STACK);
		if (job->stacks)
			call_on_stack(run, job, job->stacks + HELPER_STACK + OWN_STACK);
		else {
			say("no snapshot: there is no memory for one");
			job->result.error = ENOMEM;
		}
		memory_unmap(job->stacks, HELPER_STACK + OWN_STACK);
		mine = snapshot_queue_end(turns, kind);
		/* The repetition answers other requests, which have no channel. */
		job->channel = NULL;
		job->sender = 0;
	}
	/* Before signals are allowed again, because a handler may leave us by longjmp. */
	in_flight_forget(&in_flight);
	if (blocked)
		RAW(rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	errno = saved;
}

void trigger_snapshot(const char *why)
{
	struct job job = {.why = why};

	take(&job);
}

void trigger_end(const char *why, struct process_end end, unsigned int flags,
		 struct snapshot_result *result)
{
	struct job job = {.why = why, .end = end, .flags = flags};

	take(&job);
	*result = job.result;
}

void trigger_signal(const char *why, const siginfo_t *info, const void *context)
{
	struct job job = {.why = why, .context = context};

	/* A reader that waits at a channel needs a snapshot of its own. */
	if (channel_asks(info))
		job.channel = info;
	else
		job.sender = signal_sender(info);
	take(&job);
}

static _Atomic uint64_t next_emfile; /* ms: no snapshot because of EMFILE before this */

void trigger_out_of_descriptors(const char *name)
{
	uint64_t now = runtime_now_ms(), due = atomic_load(&next_emfile);
	int error = errno;
	LINE(why, LINE_SHORT);

	if (now < due || !atomic_compare_exchange_strong(&next_emfile, &due, now + PACE_EMFILE_MS))
		return;
	struct job job = {.why = why.text, .failed_call = name, .failed_with = error};

	reason_out_of_descriptors(&why, name, error);
	take(&job);
	errno = error;
}

static _Atomic int64_t opens_left;     /* until the descriptors are counted again */
static _Atomic uint32_t threshold;     /* the next count to report */
static _Atomic uint64_t next_snapshot; /* ms: when the interval ends */

static void watch_threshold(void)
{
	if (atomic_fetch_sub(&opens_left, 1) > 1)
		return;
	uint32_t due = atomic_load(&threshold);
	size_t count = ledger_count(&runtime.ledger);
	if (count >= due &&
	    atomic_compare_exchange_strong(&threshold, &due, pace_next_threshold(due))) {
		LINE(why, LINE_SHORT);

		reason_threshold(&why, count, due);
		trigger_snapshot(why.text);
		due = pace_next_threshold(due);
	}
	atomic_store(&opens_left, pace_opens_left(due, count));
}

void trigger_watch(int fd, uint64_t now)
{
	if (fd >= 0 && runtime.options.threshold)
		watch_threshold();

	uint64_t due = atomic_load(&next_snapshot);
	uint64_t interval = (uint64_t)runtime.options.interval * 1000;
	if (interval && now >= due &&
	    atomic_compare_exchange_strong(&next_snapshot, &due, now + interval))
		trigger_snapshot("interval");
}

void trigger_unwatch(void)
{
	atomic_store(&runtime.watching, runtime.options.threshold || runtime.options.interval ||
						runtime.ledger.marks.file);
}

void trigger_start(void)
{
	atomic_store(&threshold, runtime.options.threshold);
	atomic_store(&opens_left, 0);
	atomic_store(&next_emfile, 0);
	atomic_store(&next_snapshot, runtime_now_ms() + (uint64_t)runtime.options.interval * 1000);
	trigger_unwatch();
	misuse_start();
	spread_start();
}
