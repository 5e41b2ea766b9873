// SPDX-License-Identifier: MIT
/*
 * A snapshot in memory. The reader (tools/reader/) builds it from the text
 * (preload/core/snapshot/README.md), symbolize/ adds names and lines, and report/, export/, diff
 * and check print from it.
 *
 * Each snapshot owns its memory, strings included, until model_destroy(). Strings are unescaped and
 * may hold any byte but zero (the text writes zero as \x00; the string ends there): print them with
 * escape.h. Strings marked "as written" keep the text's escapes, so they can be printed as they
 * are, whoever wrote the text. NULL means that the text does not give the value.
 */
#pragma once

#include <obstack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "preload/core/snapshot/group_note.h"
#include "preload/core/snapshot/kind.h"
#include "preload/core/snapshot/process_end.h"

#define MODEL_UNKNOWN (-1) /* a number that the text does not give */

/* The module that a function of a Go program belongs to, if its build information tells. */
enum model_go_module {
	MODEL_GO_UNKNOWN,    /* or it is the standard library's */
	MODEL_GO_MAIN,       /* the module that the program was built from */
	MODEL_GO_DEPENDENCY, /* any other module */
};

/* A line of source code that a frame stands for. Filled in by symbolize/. */
struct model_location {
	const char *function; /* demangled; NULL: not known */
	const char *file;     /* NULL: not known */
	int line, column;     /* 0: not known */
	bool inlined;         /* into the next location */
	enum model_go_module module;
};

struct model_module {
	uint64_t start, end;
	const char *path;
	const char *build_id; /* hexadecimal, or NULL */
	bool unloaded;
	const char *trouble;    /* "its file was changed since it was loaded", or NULL */
	const char *library_of; /* the interpreted language that it belongs to; or NULL */
};

struct model_frame {
	int64_t index;
	uint64_t address;
	const char *function; /* as in the text: mangled; NULL: no name */
	const char *module;   /* path; NULL: in no known module */
	uint64_t offset;      /* address in the module's ELF file */
	const char *build_id; /* from the frame's line or the modules paragraph; or NULL */
	/* Set by symbolize/, innermost first; the last one is not inlined. Empty: no name was
	 * found, or nobody looked for one. */
	struct model_location *locations;
	size_t location_count;
	bool own;            /* set by symbolize/: user code, not a runtime, libc or the loader */
	const char *trouble; /* set by symbolize/: why it has no name; or NULL */
	/* A frame of an interpreted language: it has no address and no module, and one location,
	 * which the text gives. NULL: a native frame. */
	const char *language;
	bool library; /* belongs to the language's libraries, not to the user */
	/* symbolize/: a native frame of the interpreter, in a stack that has frames of its language
	 * in place of these */
	bool interpreter;
};

enum model_stack_role {
	MODEL_OPENED_AT,        /* "opened at:" */
	MODEL_CONNECTED_AT,     /* "connected at:" */
	MODEL_LAST_USED_AT,     /* "last HTTP request by:", or "last used at:" */
	MODEL_CLOSED_AT,        /* "closed at (9):", only in closers of a group */
	MODEL_MISUSED_AT,       /* of a misuse: the wrong call, */
	MODEL_CLOSED_BEFORE_AT, /* and the close before it */
};

/* A stack, followed by the stacks of its ancestor goroutines ("created by:"), or of what it works
 * for ("asked for by:"). */
struct model_stack {
	enum model_stack_role role;
	const char *share; /* "3 of 5, 1 other stack": the heading's parentheses; or NULL */
	int64_t closed;    /* MODEL_CLOSED_AT: how many it has closed; else 0 */
	struct model_frame *frames;
	size_t frame_count;
	size_t lost; /* frames whose lines are missing in the text: overwritten or cut out */
	const char *incomplete;         /* the line that says that the stack is incomplete,
					 * without parentheses; or NULL */
	struct model_stack *created_by; /* the next ancestor, or NULL */
	/* symbolize/: the language whose interpreter or virtual machine has opened it for itself:
	 * no frame is the program's own. NULL: none. */
	const char *runtime;
	bool asked; /* the stack before this one did what this one had asked for */
	bool http;  /* MODEL_LAST_USED_AT: the use was an HTTP request */
};

/* The stdio or dirent stream that a descriptor belongs to; closing the stream closes it. */
enum model_stream {
	MODEL_NO_STREAM,
	MODEL_FILE,
	MODEL_DIR,
	MODEL_POPEN,
};

/* The access mode of open(2). */
enum model_access {
	MODEL_ACCESS_UNKNOWN, /* or the text does not give it for this kind */
	MODEL_READ,
	MODEL_WRITE,
	MODEL_READ_WRITE,
	MODEL_PATH_ONLY, /* O_PATH */
};

/* The descriptor that a copy was made of. */
enum model_original { MODEL_ORIGINAL_UNKNOWN, MODEL_ORIGINAL_OPEN, MODEL_ORIGINAL_CLOSED };

struct model_descriptor {
	int64_t fd;
	enum kind kind;
	const char *text; /* everything after the kind, as written */
	const char *what; /* the first part: path, target or addresses; NULL: none, or unknown */
	const char *protocol;     /* of sockets: "tcp", "udp", "unix stream", ... */
	const char *local, *peer; /* addresses; or NULL */
	const char *state;      /* of tcp and unix sockets: "CLOSE_WAIT", "LISTEN", ...; or NULL */
	double age, idle;       /* seconds; < 0: not known */
	int64_t unread, unsent; /* bytes; 0 if the text has none */
	int64_t size;           /* of files, in bytes; or MODEL_UNKNOWN */
	int64_t requests;       /* HTTP requests made over it; 0: not known */
	uint64_t transport;     /* address of the net/http Transport that made them; 0: not known */
	int64_t dup_of;         /* MODEL_UNKNOWN: not a copy, or of an unknown number */
	int64_t copies;         /* of it that are open, as far as the snapshot lists them */
	int64_t watches;        /* of epoll and inotify instances; or MODEL_UNKNOWN */
	bool duplicated, received, no_cloexec, deleted;
	bool in_child;           /* open in a child process, too */
	bool process_ended;      /* a pidfd of such a process */
	bool unbound;            /* an IP socket without a local address */
	int64_t thread;          /* kernel thread id, or MODEL_UNKNOWN */
	const char *thread_name; /* or NULL */
	int64_t mark;            /* that was in force when it was opened; 0: none */
	const char *mark_text;   /* or NULL */
	enum model_original original;
	enum model_stream stream;
	enum model_access access; /* of files, devices and terminals */
};

/* Whether programs that the process executes get the descriptor. They are meant to get 0, 1 and 2,
 * so these don't count. */
static inline bool model_is_inheritable(const struct model_descriptor *descriptor)
{
	return descriptor->fd > 2 && descriptor->no_cloexec;
}

enum model_origin {
	MODEL_OPENED,         /* by this program, with a stack or without */
	MODEL_UNSEEN,         /* "opened by an untraced call" */
	MODEL_UNTRACED,       /* the process was not traced */
	MODEL_INHERITED,      /* it was open when the program started */
	MODEL_INHERITED_FORK, /* opened by the process that this one was forked from, or by_exec */
};

/* A line of a group's notes, as written. */
struct model_note {
	enum group_note kind; /* of the note that the line belongs to */
	const char *line;
};

struct model_group {
	int64_t number;
	int64_t count;  /* of descriptors, listed or not */
	enum kind kind; /* KIND_COUNT: several */
	enum model_origin origin;
	/* MODEL_INHERITED_FORK: opened by a program that has executed this one. Which of them, and
	 * which one this is, counted from 1; 0: not known, or not by exec. */
	bool by_exec;
	int64_t generation, last_generation;
	bool before_attach;        /* MODEL_INHERITED: open before `fdtrail attach` came */
	const char *sentence;      /* the heading after "group N: ", as written */
	const char *how;           /* "opened", "duplicated", "received"; or NULL */
	const char *place;         /* "fetch_status" or "module+0x12"; or NULL */
	const char *last_used;     /* the place of the last use, if it is another one; or NULL */
	const char *reason;        /* why there is no stack; or NULL */
	const char **reason_lines; /* the same, split into lines as in the text */
	size_t reason_line_count;
	struct model_note *notes;
	size_t note_count;          /* of lines */
	double age_least, age_most; /* seconds, of all its descriptors; < 0: not known */
	const char *ages;           /* the same, as written; or NULL */
	/* Counts of the opening stack; MODEL_UNKNOWN if the text has none. */
	int64_t opened, closed, live;
	int64_t growth; /* since the last snapshot; see has_growth */
	bool has_growth;
	int64_t peak;      /* the most that were open at once; or MODEL_UNKNOWN */
	bool peak_at_most; /* it may have been fewer */
	struct {
		const char *name;
		int64_t count;
	} states[16]; /* TCP states, CLOSE_WAIT first; from the heading, so of all descriptors */
	size_t state_count;
	struct model_stack *stacks;
	size_t stack_count;
	/* The stacks that closed what the opening stack has opened, of all kinds, the most frequent
	 * first, and how many were closed elsewhere. All empty if the text has none of them. */
	struct model_stack *closers;
	size_t closer_count;
	struct {
		int64_t others, other_stacks; /* at stacks that are not listed, and their number */
		int64_t untraced;             /* by calls that the tracer has not seen */
		int64_t unknown;              /* at unknown places */
	} closed_elsewhere;
	struct model_descriptor *descriptors;
	size_t descriptor_count; /* the listed ones, <= count */
	int64_t more;    /* of "and N more"; if this and the listed ones don't add up to count,
		       * lines are lost */
	bool suppressed; /* set by suppressions */
	bool broken;     /* set by check/: it breaks a limit */
	/* Set by report/findings.h: */
	int64_t finding; /* number of the finding that the group belongs to; 0: not computed */
	const struct model_frame *culprit; /* the frame to look at first; NULL: not computed */
	size_t culprit_location;           /* index in culprit->locations */
	const struct model_frame *caller;  /* set if another finding has the same culprit; or
					    * NULL */
	size_t caller_location;
	/* Set by diff/history.h: how many were open at each moment of the snapshot's history; NULL:
	 * not known. */
	int64_t *history;
	const char *accepted; /* "accepted at port 80": the descriptors are connections of
			       * clients; or NULL */
	bool same_place;      /* another finding's culprit is in the same function, and no line is
			  * known */
	bool together; /* a finding: several lines of one function open its descriptors, each so
			* often or a multiple of it */
	/* For a finding: the groups that it is made of, and its call paths, each a group with parts
	 * of its own, the one with the most descriptors first. Empty for a group of the text. */
	struct model_group **parts;
	size_t part_count;
	struct model_group *paths;
	size_t path_count;
};

/* A stack without a group, and the most descriptors that it had open at once. */
struct model_peak {
	/* Its stack and counts; it has no descriptors, and its kind is not known. */
	struct model_group of;
	double reached;           /* seconds after the start; < 0: not known */
	int64_t until_end;        /* number that stayed open until the process closed them at its
				   * end; or MODEL_UNKNOWN */
	const char *reached_text; /* as written; or NULL */
};

/* An earlier snapshot of the same process, or the snapshot itself. */
struct model_moment {
	double before;                  /* seconds before the snapshot; 0 for the snapshot itself */
	int64_t number, unclosed, open; /* as in struct model_snapshot */
};

/* A mark that the program has set, under which descriptors are open. */
struct model_mark {
	int64_t number, open;
	double at; /* seconds after the start */
	const char *text;
	const char *line; /* as written, without indent */
};

enum model_misuse_kind {
	MODEL_DOUBLE_CLOSE,
	MODEL_USE_AFTER_CLOSE,
	MODEL_CLOSE_OF_OTHER,  /* the number belonged to other code by then */
	MODEL_COPY_OVER_OTHER, /* the same: dup2 has closed it */
	MODEL_CLOSE_OF_STREAM, /* close() of a number that belongs to a FILE or DIR */
	MODEL_STANDARD,        /* an open was given 0, 1 or 2, which had been closed */
	MODEL_MISUSE_KINDS,
};

/* A wrong close, or a use after a close. */
struct model_misuse {
	/* Its stacks: the wrong call, the close before it, and where the descriptor was opened. It
	 * has no counts and no descriptors. */
	struct model_group of;
	enum model_misuse_kind kind;
	int64_t fd, times;
	const char *call; /* the function that was called: "close"; or NULL */
	double first;     /* seconds after the start; < 0: not known */
};

/* A header line, as written. */
struct model_field {
	const char *name, *value;
};

struct model_snapshot {
	struct obstack memory;
	const char *source; /* name of the file that it was read from, for messages */
	size_t line;        /* line number of its first line there */
	int64_t version;
	bool redacted; /* by redact/, or by the tracer: names in it are substitutes */
	bool whole;    /* the last line is there: the text is not truncated */
	bool mixed;    /* it contains lines of another snapshot that was written at the same time */
	struct model_field *fields;
	size_t field_count;
	struct process_end end; /* how the process ends, if this is its last snapshot */
	bool own_signal;        /* the program sent itself the signal that triggered the snapshot */
	const char *why, *when, *host, *program;
	const char *command;    /* as written: one word for each argument */
	const char **arguments; /* the same, one by one */
	size_t argument_count;
	bool command_cut; /* there were more arguments */
	int64_t number, pid, parent, user;
	int64_t open, limit; /* from "descriptors:"; limit INT64_MAX: unlimited; or MODEL_UNKNOWN */
	/* From "peak:": the most that were open at once, without and with the inherited ones (or
	 * MODEL_UNKNOWN), and when that was, in seconds after the start (< 0: not known). */
	int64_t peak, peak_all;
	double peak_reached;
	bool peak_at_most; /* it may have been fewer */
	/* From "peaks:": the number of stacks that neither a group nor a peak lists, and the most
	 * that one of them had open at once. */
	int64_t unlisted_stacks, unlisted_most;
	double uptime;   /* seconds; < 0: not known */
	double forked;   /* seconds since the process was forked, if it was; < 0: not known */
	double attached; /* seconds since `fdtrail attach` came; < 0: it didn't */
	int64_t unclosed, inherited; /* from "unclosed:" */
	const char *unread;          /* as written: why the descriptors can't be read; or NULL */
	bool traced;         /* false: taken from outside, of a process without the tracer */
	const char *nothing; /* the sentence that says that nothing is unclosed; or NULL */
	struct model_group *groups;
	size_t group_count;
	struct model_peak *peaks; /* the highest first */
	size_t peak_count;
	struct model_misuse *misuses;
	size_t misuse_count;
	int64_t misuse_total; /* from "misuses:"; MODEL_UNKNOWN: nobody has looked for them */
	struct model_module *modules;
	size_t module_count;
	struct model_mark *marks; /* by number */
	size_t mark_count;
	const char **not_listed; /* the lines of the "not listed" and "not seen" paragraphs */
	size_t not_listed_count;
	const char *not_listed_inherited; /* the one of not_listed that counts the inherited; or
					   * NULL */
	const char **not_seen;
	size_t not_seen_count;
	const char **notes; /* after the modules, one line each */
	size_t note_count;
	/* Set by diff/history.h: the process' snapshots, the oldest first and this one last. */
	struct model_moment *history;
	size_t history_count;
	size_t unknown_lines; /* lines inside that match no rule of the grammar */
};

/* Makes an empty snapshot, in which every number is unknown. Without memory it ends the program
 * with status obstack_exit_failure, as every function does that allocates for a model. */
struct model_snapshot *model_create(void);

/* Frees all memory of a snapshot. snapshot may be NULL. */
void model_destroy(struct model_snapshot *snapshot);

/* The words for them in the text and in JSON: "FILE", "open", "read-write". NULL for the first
 * value of each. */
const char *model_stream_name(enum model_stream stream);
const char *model_original_name(enum model_original original);
const char *model_access_name(enum model_access access);

/* "double close", as in the text. */
const char *model_misuse_name(enum model_misuse_kind kind);

/* The value of a header line, as written; or NULL. */
const char *model_field(const struct model_snapshot *snapshot, const char *name);

/* Whether two snapshots are of programs with the same name; of the same process (same process id,
 * name and host). */
bool model_same_program(const struct model_snapshot *a, const struct model_snapshot *b);
bool model_same_process(const struct model_snapshot *a, const struct model_snapshot *b);

/* Everything that has stacks: the groups, the peaks, the misuses. i is less than the count. */
static inline size_t model_stacked_count(const struct model_snapshot *snapshot)
{
	return snapshot->group_count + snapshot->peak_count + snapshot->misuse_count;
}

static inline struct model_group *model_stacked(const struct model_snapshot *snapshot, size_t i)
{
	if (i < snapshot->group_count)
		return &snapshot->groups[i];
	i -= snapshot->group_count;
	return i < snapshot->peak_count ? &snapshot->peaks[i].of
					: &snapshot->misuses[i - snapshot->peak_count].of;
}

/* The stacks of a group and, after them, its closers. i is less than the count. */
static inline size_t model_all_stacks_count(const struct model_group *group)
{
	return group->stack_count + group->closer_count;
}

static inline struct model_stack *model_all_stacks(const struct model_group *group, size_t i)
{
	return i < group->stack_count ? &group->stacks[i] : &group->closers[i - group->stack_count];
}

/* The first stack of that role, or NULL. */
const struct model_stack *model_stack(const struct model_group *group, enum model_stack_role role);

/* The number of the group's descriptors that are in this TCP state. */
int64_t model_in_state(const struct model_group *group, const char *state);

/* The sum of two counts, at most INT64_MAX: numbers from a text may be anything. */
int64_t model_add(int64_t a, int64_t b);
