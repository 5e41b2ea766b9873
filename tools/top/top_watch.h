// SPDX-License-Identifier: MIT
/*
 * The processes that `fdtrail top` shows and `fdtrail export` serves: takes their snapshots, and
 * notices when one ends, is restarted or executes another program. Knows nothing of terminals.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model_memory.h"
#include "tools/process/process.h"
#include "tools/report/filter.h"
#include "tools/symbolize/symbolize.h"
#include "top_rows.h"

enum top_state {
	TOP_LIVES,
	TOP_ENDED,
	TOP_UNREAD, /* the last snapshot could not be taken; a line on stderr says why */
};

/* The last reason why the rows of a process began anew. */
enum top_event {
	TOP_NOTHING,
	TOP_RESTARTED, /* it has ended, and its parent has started the same command again */
	TOP_EXECUTED,
	TOP_ATTACHED, /* it was not traced before */
	TOP_DETACHED,
	TOP_END, /* only for notify: it has ended */
};

/* Enough for most command lines; longer ones are compared by their beginnings. */
enum { TOP_COMMAND_SIZE = 4096 };

struct top_process {
	int pid;
	bool is_child;          /* one of --children */
	bool passes;            /* it is forgotten when it ends */
	bool traced;            /* the tracer in it wrote the last snapshot */
	struct process process; /* as of the last look */
	char command[TOP_COMMAND_SIZE];
	size_t command_length;
	int64_t looked_ms; /* when it was last seen to live; CLOCK_MONOTONIC */
	enum top_state state;
	enum top_event event;
	char event_when[32]; /* "18:40:02" */
	int pid_before;      /* TOP_RESTARTED: the process that has ended */
	int64_t open_first;  /* descriptors in its first snapshot */
	double seconds;      /* since then */
	double began;
	struct top_rows rows;
};

struct top_watch {
	const char *verb; /* of messages */
	bool outside, children;
	struct filter filter;
	struct symbolizer *symbolizer;
	struct list processes; /* of struct top_process */
	/* Called when something happens to a process, which is as it was before; or NULL. */
	void (*notify)(const struct top_process *process, enum top_event event, void *data);
	void *data;
};

/* Adds a process. */
void top_watch_add(struct top_watch *watch, int pid);

/* Adds one that is forgotten when it ends: nothing takes its place. Returns false if it is there
 * already. */
bool top_watch_add_passing(struct top_watch *watch, int pid);

/* Takes a snapshot of every process. Returns false if one could not be taken, after a line on
 * stderr. A process that has ended is not a failure if it had a snapshot before. */
bool top_watch_look(struct top_watch *watch);

/* The number of processes that have not ended. */
size_t top_watch_living(const struct top_watch *watch);

/* The rows of all processes, unsorted; the caller frees the array. */
struct top_line *top_watch_lines(const struct top_watch *watch, size_t *count);

/* "server, process 4711: 132 of 1024 open, +12 in 2m04s": a line on a process, safe; the caller
 * frees it. */
char *top_watch_line(const struct top_process *process);

void top_watch_finish(struct top_watch *watch);
