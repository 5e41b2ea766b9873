// SPDX-License-Identifier: MIT
/* See triggers.h. */
#include "triggers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/base/channel.h"
#include "preload/core/base/line.h"
#include "preload/core/base/signal_name.h"
#include "preload/core/base/syscall_numbers.h"
#include "preload/core/policy/stderr_lines.h"
#include "preload/core/policy/triggered_snapshot.h"
#include "preload/core/policy/pace.h"
#include "preload/core/policy/reason.h"
#include "preload/core/snapshot/frame.h"
#include "preload/core/snapshot/kind.h"
#include "tools/process/outside_snapshot.h"
#include "disposition.h"
#include "enrolled.h"
#include "tools/engine/go/go_http.h"
#include "planted_calls.h"
#include "record.h"
#include "requests.h"

uint64_t triggers_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void triggers_start(const struct tracer *tracer, struct process *process)
{
	uint64_t now = triggers_now_ms();

	process->number = 0;
	process->ended = false;
	process->next_emfile_ms = 0;
	process->next_interval_ms = now + (uint64_t)tracer->options.interval * 1000;
	process->threshold = tracer->options.threshold;
	process->opens_left = 0;
}

/* The task whose process gets a snapshot. */
struct watched {
	const struct tracer *tracer;
	struct task *task;
	const struct task
		*stopped; /* the same task, if its stop is being handled; NULL: it may run */
	struct enrolled_sink sink;
};

static struct file_id stderr_of(int pid)
{
	char path[32];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%d/fd/2", pid);
	if (stat(path, &status) != 0)
		return (struct file_id){0};
	return (struct file_id){.device = status.st_dev, .inode = status.st_ino};
}

void triggers_note_stderr(struct process *process, int tid)
{
	process->stderr_file = stderr_of(tid);
}

static bool is_network_socket(int fd)
{
	int domain = AF_UNIX;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain != AF_UNIX;
}

/* Opens the process' own stderr if it is still the noted file; or -1. The caller closes the
 * descriptor unless it is 2. */
static int open_stderr(void *data)
{
	const struct watched *watched = data;
	const struct task *task = watched->task;
	const struct process *process = task->process;
	struct file_id now = stderr_of(task->tid);
	struct stat own;
	int fd = -1;

	if (!now.inode || now.inode != process->stderr_file.inode ||
	    now.device != process->stderr_file.device)
		return -1;
	if (fstat(2, &own) == 0 && own.st_dev == now.device && own.st_ino == now.inode)
		return is_network_socket(2) ? -1 : 2;
	int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
	if (pidfd >= 0) {
		fd = (int)syscall(SYS_pidfd_getfd, pidfd, 2, 0);
		close(pidfd);
	}
	if (fd >= 0 && is_network_socket(fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void say_trouble(int pid, int error)
{
	LINE(line, LINE_LONG);
	char text[512];

	line_add(&line, "no snapshot: ");
	line_add(&line, outside_trouble(pid, error, text, sizeof(text)));
	message(&line);
}

/* The thread whose /proc/TID/fd shows the table: the leader, unless it has ended or has another
 * table. */
static int holder_of(const struct tracer *tracer, const struct task *task)
{
	const struct task *leader = task_find(&tracer->tracees, task->process->pid);

	return leader && !leader->ending && leader->table == task->table ? leader->tid : task->tid;
}

/* A frame_namer for one process. */
struct namer {
	struct frame_namer namer;
	const struct go_program *go;
};

static bool find_name(const struct frame_namer *namer, const struct module *module,
		      struct named_frame *named)
{
	return module->is_main && go_program_name(((const struct namer *)namer)->go, named);
}

static void copied(void *data)
{
	const struct watched *watched = data;

	record_returned(watched->tracer, watched->task->table, watched->stopped);
	planted_calls_settle(watched->tracer, watched->task);
}

static int take_watched(struct watched *watched, struct snapshot_request *request,
			struct snapshot_result *result)
{
	record_closed(watched->task);
	record_returned(watched->tracer, watched->task->table, watched->stopped);
	planted_calls_combine(watched->task->table);
	if (!snapshot_begin_before(request))
		return -ENOMEM;
	int error = outside_snapshot_watched(request, result, copied, watched);
	snapshot_end_before(request);
	return error;
}

/* Takes a snapshot, and writes it where request says. If the process can't be inspected, the text
 * says so. */
static void take_once(struct snapshot_request *request, struct snapshot_result *result, void *data)
{
	struct watched *watched = data;
	int error = take_watched(watched, request, result);

	if (error < 0 && request->output < 0 && !request->sink) {
		say_trouble(watched->task->process->pid, error);
		result->error = -error;
	} else if (error < 0) {
		outside_unread(request, error, result);
	}
}

static const struct writer_sink *roster(int error, void *data)
{
	struct watched *watched = data;

	return enrolled_sink(watched->tracer, watched->task->process, error, &watched->sink)
		       ? &watched->sink.sink
		       : NULL;
}

/* Whether there is nothing to write, although the ledger has entries: the open descriptors may all
 * be of other kinds. Then no file is to be created. */
static bool has_nothing(struct watched *watched, struct snapshot_request *request,
			struct snapshot_result *result)
{
	return request->only_unclosed && request->kinds != KIND_ALL &&
	       *watched->tracer->options.output && take_watched(watched, request, result) == 0 &&
	       !result->error && !result->needed;
}

static uint32_t requests_over(int fd, uint64_t *transport, void *data)
{
	const struct table_request *request = table_requests(data, fd);

	*transport = request ? request->transport : 0;
	return request ? request->count : 0;
}

static const struct process_end runs_on = {.kind = PROCESS_RUNS_ON};

/* channel: a signal that names a channel for the text, or NULL. */
static void take_for(const siginfo_t *channel, const struct tracer *tracer, struct task *task,
		     const char *why, struct process_end end, unsigned int flags,
		     struct snapshot_result *result)
{
	struct process *process = task->process;
	struct namer namer = {.namer.find = find_name, .go = process->go};
	struct watched watched = {
		.tracer = tracer, .task = task, .stopped = flags & TRIGGER_RUNNING ? NULL : task};
	const struct triggered_engine engine = {
		.options = &tracer->options,
		.take = take_once,
		.roster = roster,
		.open_stderr = open_stderr,
		.opens_first = true,
		.data = &watched,
	};
	struct snapshot_request request;

	triggered_request(&request, &tracer->options, channel, flags);
	request.substitutes = tracer->substitutes;
	request.ledger = &task->table->ledger;
	request.why = why;
	request.failed_call = process->failed_call;
	request.failed_with = process->failed_with;
	request.end = end;
	request.number = process->number + 1;
	request.pid = process->pid;
	request.thread = task->tid;
	request.program = process->program;
	request.started_ms = process->started_ms;
	request.forked_ms = process->forked_ms;
	request.holder = holder_of(tracer, task);
	request.closes_unseen = true;
	if (process->go) {
		request.namer = &namer.namer;
		request.unknown_user =
			go_http_note(process->go, &process->breakpoints, tracer->request->http);
		request.requests_over = requests_over;
		request.requests_data = task->table;
	}

	/* Descriptors that are recorded while this snapshot is taken trigger no other. */
	process->asking = true;
	requests_hold(true);
	if (channel || flags & TRIGGER_COUNT_ONLY || !has_nothing(&watched, &request, result))
		triggered_take(&engine, channel, flags, &request, result);
	requests_hold(false);
	process->asking = false;
	process->number += result->written;
}

static void take(const struct tracer *tracer, struct task *task, const char *why,
		 struct snapshot_result *result)
{
	take_for(NULL, tracer, task, why, runs_on, 0, result);
}

void triggers_signal(const struct tracer *tracer, struct task *task, const siginfo_t *info)
{
	const siginfo_t *channel = channel_asks(info) ? info : NULL;
	struct snapshot_result result = {0};
	LINE(why, LINE_SHORT);

	signal_use_why(&why, info);
	if (!channel && disposition_is_own(tracer, task, info))
		line_add(&why, SIGNAL_OF_PROGRAM);
	take_for(channel, tracer, task, why.text, runs_on, 0, &result);
}

void triggers_request(const struct tracer *tracer, struct task *task, const siginfo_t *info)
{
	struct snapshot_result result = {0};
	LINE(why, LINE_SHORT);

	line_add(&why, "asked by fdtrail snapshot, process ");
	line_number(&why, info->si_pid);
	take_for(info, tracer, task, why.text, runs_on, TRIGGER_RUNNING, &result);
}

/* Whether something may be open that the process opened itself. The engine sees every call, so if
 * the ledger has no such entry, nothing is unclosed. */
static bool holds_any(const struct fd_table *table)
{
	const struct ledger *ledger = &table->ledger;
	struct ledger_entry entry;

	for (int fd = ledger_next(ledger, 0); fd >= 0; fd = ledger_next(ledger, fd + 1))
		if (ledger_read(ledger, fd, &entry, NULL) && entry.origin != FD_INHERITED &&
		    !entry.before_fork)
			return true;
	return table->missed || atomic_load(&ledger->dropped) > 0;
}

/* Takes the last snapshot. Returns whether something is unclosed. */
static bool end(const struct tracer *tracer, struct task *task, struct process_end way,
		const char *why)
{
	const struct options *options = &tracer->options;
	struct snapshot_result result = {0};

	if (task->process->ended)
		return false;
	task->process->ended = true;
	if (options->exit || options->exitcode) {
		fd_table_forget_closed(task->table, task->tid);
		if (options->verbose || options->peaks || holds_any(task->table))
			take_for(NULL, tracer, task, why, way, triggered_end_flags(options),
				 &result);
	}
	enrolled_end(task->process, result.error);
	return result.unclosed;
}

int triggers_exit(const struct tracer *tracer, struct task *task, int status)
{
	LINE(why, LINE_SHORT);

	line_add(&why, "exit with status ");
	line_number(&why, status & 0xff);
	bool unclosed = end(tracer, task, (struct process_end){.kind = PROCESS_EXIT}, why.text);
	return unclosed && tracer->options.exitcode ? tracer->options.exitcode : status;
}

void triggers_killed(const struct tracer *tracer, struct task *task, int signal)
{
	LINE(why, LINE_SHORT);

	if (!tracer->options.exit) {
		enrolled_end(task->process, 0);
		return;
	}
	reason_killed(&why, signal);
	end(tracer, task, (struct process_end){PROCESS_SIGNAL, signal}, why.text);
}

void triggers_out_of_descriptors(const struct tracer *tracer, struct task *task, const char *name,
				 int error)
{
	struct process *process = task->process;
	struct snapshot_result result = {0};
	uint64_t now = triggers_now_ms();
	LINE(why, LINE_SHORT);

	if (!tracer->options.emfile || process->asking || now < process->next_emfile_ms)
		return;
	process->next_emfile_ms = now + PACE_EMFILE_MS;
	reason_out_of_descriptors(&why, name, error);
	process->failed_call = name;
	process->failed_with = error;
	take(tracer, task, why.text, &result);
	process->failed_call = NULL;
}

static void watch_threshold(const struct tracer *tracer, struct task *task)
{
	struct process *process = task->process;
	struct snapshot_result result = {0};

	if (process->opens_left-- > 1)
		return;
	uint32_t due = process->threshold;
	fd_table_forget_closed(task->table, task->tid);
	size_t count = ledger_count(&task->table->ledger);
	if (count >= due) {
		LINE(why, LINE_SHORT);

		reason_threshold(&why, count, due);
		due = process->threshold = pace_next_threshold(due);
		take(tracer, task, why.text, &result);
	}
	process->opens_left = pace_opens_left(due, count);
}

static void watch_interval(const struct tracer *tracer, struct task *task)
{
	struct process *process = task->process;
	struct snapshot_result result = {0};
	uint64_t now;

	if (!tracer->options.interval || (now = triggers_now_ms()) < process->next_interval_ms)
		return;
	process->next_interval_ms = now + (uint64_t)tracer->options.interval * 1000;
	take(tracer, task, "interval", &result);
}

void triggers_opened(const struct tracer *tracer, struct task *task)
{
	if (task->process->asking)
		return;
	if (task->process->threshold)
		watch_threshold(tracer, task);
	watch_interval(tracer, task);
}
