// SPDX-License-Identifier: MIT
/*
 * A snapshot that a trigger requests: the part of its request that follows from the options, and
 * the way of its text: to the channel that the request names, to the output, or, if the output
 * can't be written, to the roster of `fdtrail run`. Every engine takes its snapshots this way
 * (runtime/trigger.c, tools/engine/tracer/triggers.c). All functions are async-signal-safe.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "preload/core/snapshot/snapshot.h"
#include "options.h"

enum trigger_flags {
	TRIGGER_ONLY_UNCLOSED = 1, /* write nothing if nothing is unclosed */
	TRIGGER_COUNT_ONLY = 2,    /* write nothing, only count what is unclosed */
	TRIGGER_WAIT = 4,    /* hooks: wait for a snapshot in progress, then take an own one */
	TRIGGER_RUNNING = 8, /* ptrace: the thread is not stopped */
};

/* The flags of the last snapshot of a process. */
unsigned int triggered_end_flags(const struct options *options);

/* Sets request to one that follows the options and flags, for a text that goes to a channel or not.
 * options NULL: all kinds, and every descriptor is listed. The caller fills in the rest: the
 * ledger, the reason and the process. */
void triggered_request(struct snapshot_request *request, const struct options *options,
		       bool has_channel, unsigned int flags);

/* How an engine takes a snapshot. Each function gets data. */
struct triggered_engine {
	const struct options *options;

	/* Takes and writes the snapshot as snapshot_take does; result->error also tells that it
	 * could not be taken. */
	void (*take)(struct snapshot_request *request, struct snapshot_result *result, void *data);

	/* The roster, for a text that its file doesn't take because of error, an errno. NULL: this
	 * process has no record in one. */
	const struct writer_sink *(*roster)(int error, void *data);

	/* Opens the program's stderr for the caller, who closes it unless it is 2; -1: it has
	 * become another file. NULL: stderr is descriptor 2. */
	int (*open_stderr)(void *data);

	/* A sink for a text that the request wants in the program's memory, and the call when it is
	 * whole there (preload/runtime/answer.h). NULL: this engine has none, and the text goes to
	 * the output. */
	const struct writer_sink *(*answer_begin)(void);
	void (*answer_end)(uint32_t token);

	/* Open the output before the snapshot is taken, because it is taken in a table that may be
	 * full then. Else it is opened only if there is something to write. */
	bool opens_first;
	void *data;
};

/* Takes a snapshot, and brings its text to channel (a signal that names one, or asks for it in
 * memory; NULL: none) or to the output. result->error is the errno for which it couldn't be taken
 * or written; then one line on stderr says so, unless a channel's reader sees it. */
void triggered_take(const struct triggered_engine *engine, const siginfo_t *channel,
		    unsigned int flags, struct snapshot_request *request,
		    struct snapshot_result *result);
