// SPDX-License-Identifier: MIT
/* See top_watch.h. */
#include "top_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "preload/core/base/monotonic.h"
#include "preload/core/snapshot/proc.h"
#include "tools/process/family.h"
#include "tools/process/obtain.h"
#include "tools/process/proc_facts.h"
#include "tools/process/subject.h"
#include "tools/reader/reader.h"
#include "tools/report/findings.h"
#include "tools/report/page.h"
#include "tools/run/own_script.h"
#include "top_order.h"

static struct top_process *find(const struct top_watch *watch, int pid)
{
	struct top_process *processes = watch->processes.items;

	for (size_t i = 0; i < watch->processes.count; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	return NULL;
}

static struct top_process *add(struct top_watch *watch, int pid)
{
	struct top_process *process = list_add(&watch->processes, sizeof(*process));

	process->pid = pid;
	return process;
}

void top_watch_add(struct top_watch *watch, int pid)
{
	if (!find(watch, pid))
		add(watch, pid);
}

bool top_watch_add_passing(struct top_watch *watch, int pid)
{
	if (find(watch, pid))
		return false;
	add(watch, pid)->passes = true;
	return true;
}

static void notify(const struct top_watch *watch, const struct top_process *process,
		   enum top_event event)
{
	if (watch->notify)
		watch->notify(process, event, watch->data);
}

static size_t read_command(int pid, char command[TOP_COMMAND_SIZE])
{
	char path[PROC_PATH_SIZE];

	return proc_read(proc_pid_path(path, pid, "cmdline"), command, TOP_COMMAND_SIZE);
}

/* Has the rows begin anew, because what follows is not comparable with what was before. */
static void begin_anew(const struct top_watch *watch, struct top_process *process,
		       enum top_event event)
{
	time_t now = time(NULL);
	struct tm local;

	notify(watch, process, event);
	top_rows_clear(&process->rows);
	process->event = event;
	if (localtime_r(&now, &local))
		strftime(process->event_when, sizeof(process->event_when), "%H:%M:%S", &local);
}

/* The event that lies between two snapshots of one process id. */
static enum top_event event_between(const struct model_snapshot *before,
				    const struct model_snapshot *after)
{
	if (!model_same_program(before, after))
		return TOP_EXECUTED;
	if (before->traced != after->traced)
		return after->traced ? TOP_ATTACHED : TOP_DETACHED;
	/* The tracer begins to count anew when the process executes. */
	return after->traced && after->number <= before->number ? TOP_EXECUTED : TOP_NOTHING;
}

/* Takes over a snapshot. */
static void take(struct top_watch *watch, struct top_process *process,
		 struct model_snapshot *snapshot)
{
	double now = (double)monotonic_ms() / 1000;

	if (process->rows.snapshot) {
		enum top_event event = event_between(process->rows.snapshot, snapshot);

		if (event != TOP_NOTHING)
			begin_anew(watch, process, event);
	}
	filter_apply(&watch->filter, snapshot);
	own_script_leave_out(snapshot);
	symbolize_snapshot(watch->symbolizer, snapshot);
	findings_merge(snapshot);
	if (!process->rows.snapshot) {
		process->open_first = snapshot->open;
		process->began = now;
	}
	process->seconds = now - process->began;
	top_rows_update(&process->rows, snapshot, now);
}

/* Takes a snapshot of a process; subject_each() calls it. False: it failed, and a line said so. */
static bool look(int pid, void *data)
{
	struct top_watch *watch = data;
	struct top_process *process = find(watch, pid);
	struct obtained obtained;
	char root[PROC_PATH_SIZE];

	if (!process) {
		process = add(watch, pid);
		process->is_child = process->passes = true;
	}
	process->state = TOP_UNREAD;
	process_read(&process->process, pid);
	process->command_length = read_command(pid, process->command);
	process->looked_ms = monotonic_ms();
	if ((watch->outside ? obtain_outside : obtain_snapshot)(&obtained, pid, watch->verb))
		return false;
	struct reader *reader = reader_create(obtained.text, watch->verb);
	struct model_snapshot *snapshot = reader_next(reader);
	reader_destroy(reader);
	fclose(obtained.text);
	if (!snapshot) {
		fprintf(stderr, "fdtrail %s: there is no snapshot of process %d\n", watch->verb,
			pid);
		return false;
	}
	process->state = TOP_LIVES;
	process->traced = obtained.traced;
	snapshot->pid = pid;
	symbolizer_set_root(watch->symbolizer, proc_other_root(pid, root));
	take(watch, process, snapshot);
	return true;
}

/* The process that has taken the place of one that has ended: its parent has started it since, with
 * the same command. 0: there is none. */
static int successor_of(const struct top_watch *watch, const struct top_process *ended)
{
	struct list children = {0}, same = {0};
	char command[TOP_COMMAND_SIZE];

	if (!ended->command_length || !ended->process.parent)
		return 0;
	family_children(ended->process.parent, &children);
	const int *pids = children.items;
	for (size_t i = 0; i < children.count; i++) {
		struct process process;

		if (find(watch, pids[i]) || process_read(&process, pids[i]) ||
		    process_has_ended(&process) || process.user != ended->process.user ||
		    (int64_t)process.started_ms < ended->looked_ms)
			continue;
		if (read_command(pids[i], command) == ended->command_length &&
		    memcmp(command, ended->command, ended->command_length) == 0)
			*(int *)list_add(&same, sizeof(int)) = pids[i];
	}
	int oldest = family_oldest(&same);
	list_finish(&children);
	list_finish(&same);
	return oldest;
}

static bool has_ended(const struct top_process *process)
{
	/* One that was never looked at is not known to have lived. */
	return (process->rows.snapshot || (process->passes && process->process.started_ticks)) &&
	       process_has_ended_since(&process->process);
}

/* Notices processes that have ended, and those that have taken their place. */
static void notice_ends(struct top_watch *watch)
{
	struct top_process *processes = watch->processes.items;
	size_t kept = 0;

	for (size_t i = 0; i < watch->processes.count; i++) {
		struct top_process *process = &processes[i];

		if (process->state != TOP_ENDED && has_ended(process)) {
			process->state = TOP_ENDED;
			notify(watch, process, TOP_END);
		}
		if (process->state == TOP_ENDED && process->passes) {
			top_rows_clear(&process->rows);
			continue;
		}
		int successor = process->state == TOP_ENDED ? successor_of(watch, process) : 0;
		if (successor) {
			begin_anew(watch, process, TOP_RESTARTED);
			process->pid_before = process->pid;
			process->pid = successor;
			process->state = TOP_UNREAD;
		}
		if (kept != i)
			processes[kept] = *process;
		kept++;
	}
	watch->processes.count = kept;
}

static bool is_gone(int pid)
{
	struct process process;
	int error = process_read(&process, pid);

	return error == -ESRCH || (!error && process_has_ended(&process));
}

bool top_watch_look(struct top_watch *watch)
{
	bool good = true;

	notice_ends(watch);
	/* The list grows, and moves, when there are new children. */
	for (size_t i = 0, count = watch->processes.count; i < count; i++) {
		const struct top_process *process =
			(struct top_process *)watch->processes.items + i;

		if (process->is_child || process->state == TOP_ENDED)
			continue;
		int pid = process->pid;
		bool passes = process->passes;
		bool seen = subject_each(pid, watch->children, watch->verb, look, watch);
		/* Nothing is missed if one that is forgotten when it ends has just ended. */
		good &= seen || (passes && is_gone(pid));
	}
	return good;
}

size_t top_watch_living(const struct top_watch *watch)
{
	const struct top_process *processes = watch->processes.items;
	size_t living = 0;

	for (size_t i = 0; i < watch->processes.count; i++)
		living += processes[i].state != TOP_ENDED;
	return living;
}

struct top_line *top_watch_lines(const struct top_watch *watch, size_t *count)
{
	const struct top_process *processes = watch->processes.items;
	struct list lines = {0};

	for (size_t i = 0; i < watch->processes.count; i++)
		for (size_t j = 0; j < processes[i].rows.count; j++)
			*(struct top_line *)list_add(&lines, sizeof(struct top_line)) =
				(struct top_line){processes[i].pid, &processes[i].rows.rows[j]};
	*count = lines.count;
	return lines.items;
}

static void put_event(FILE *out, const struct top_process *process)
{
	switch (process->event) {
	case TOP_NOTHING:
	case TOP_END:
		return;
	case TOP_RESTARTED:
		fprintf(out, "; restarted at %s (process %d has ended)", process->event_when,
			process->pid_before);
		return;
	case TOP_EXECUTED:
		fprintf(out, "; executed at %s", process->event_when);
		return;
	case TOP_ATTACHED:
		fprintf(out, "; traced since %s", process->event_when);
		return;
	case TOP_DETACHED:
		fprintf(out, "; not traced since %s", process->event_when);
		return;
	}
}

char *top_watch_line(const struct top_process *process)
{
	const struct model_snapshot *snapshot = process->rows.snapshot;
	char duration[32], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return page_format("%s", "");
	if (snapshot) {
		char *name = page_process(snapshot);

		fprintf(out, "%s: ", name);
		free(name);
	} else {
		fprintf(out, "process %d: ", process->pid);
	}
	if (process->state == TOP_ENDED)
		fputs("ended; it had ", out);
	if (process->state == TOP_UNREAD)
		fputs(snapshot ? "can't be read now; it had " : "can't be read", out);
	if (snapshot && snapshot->unread)
		fputs("the open descriptors are not known", out);
	else if (snapshot && snapshot->open != MODEL_UNKNOWN)
		fprintf(out, "%" PRId64, snapshot->open);
	if (snapshot && snapshot->limit != MODEL_UNKNOWN && snapshot->limit != INT64_MAX)
		fprintf(out, " of %" PRId64, snapshot->limit);
	if (snapshot && !snapshot->unread)
		fputs(" open", out);
	if (snapshot && process->rows.snapshots > 1 && snapshot->open != process->open_first)
		fprintf(out, ", %+" PRId64 " in %s", snapshot->open - process->open_first,
			page_duration(process->seconds, duration));
	if (snapshot && !snapshot->traced)
		fputs(", not traced", out);
	put_event(out, process);
	fclose(out);
	return text;
}

void top_watch_finish(struct top_watch *watch)
{
	struct top_process *processes = watch->processes.items;

	for (size_t i = 0; i < watch->processes.count; i++)
		top_rows_clear(&processes[i].rows);
	list_finish(&watch->processes);
}
