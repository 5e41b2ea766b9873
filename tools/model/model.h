// SPDX-License-Identifier: MIT
/*
 * A snapshot as the command knows it: what reader.c makes of the text
 * (preload/core/snapshot/README.md), what symbolize/ adds names and lines to, and what report/,
 * export/, diff and check are made from. Everything of one snapshot, its strings too, lives in its
 * own memory and ends with model_destroy(). Strings are unescaped unless it is said that they are
 * as written: they may hold any byte but zero, which the text writes as \x00 and the model ends at,
 * so print them by escape.h. What is as written can be printed as it is, whoever wrote it. NULL
 * means that the text does not say.
 */
#pragma once

#include <obstack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "preload/core/snapshot/kind.h"
#include "preload/core/snapshot/process_end.h"

#define MODEL_UNKNOWN (-1) /* of figures that the text does not give */

/* Whose a function of a Go program is, where its build information tells. */
enum model_go_module {
	MODEL_GO_UNKNOWN,    /* or the standard library's */
	MODEL_GO_MAIN,       /* of the module that the program was built from */
	MODEL_GO_DEPENDENCY, /* of another one */
};

/* A line of source that a frame stands for. Filled in by symbolize/. */
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
	const char *trouble; /* "its file was changed since it was loaded", or NULL */
};

struct model_frame {
	int64_t index;
	uint64_t address;
	const char *function; /* as the text has it: mangled; NULL: no name */
	const char *module;   /* path; NULL: in no known module */
	uint64_t offset;      /* address in the module's ELF file */
	const char *build_id; /* from the frame's line or the modules' paragraph; or NULL */
	/* By symbolize/: innermost first; the last one is not inlined. None: not symbolized. */
	struct model_location *locations;
	size_t location_count;
	bool own; /* symbolize/: the program's own code, not a runtime's, libc's, the loader's */
	const char *trouble; /* symbolize/: why it could not be named; or NULL */
};

enum model_stack_role {
	MODEL_OPENED_AT,    /* "opened at:" */
	MODEL_CONNECTED_AT, /* "connected at:" */
	MODEL_LAST_USED_AT, /* "last HTTP request by:" */
};

/* A stack, and behind it those of the goroutines that it descends from ("created by:"). */
struct model_stack {
	enum model_stack_role role;
	const char
		*share; /* "3 of 5, 1 other stack": what the heading has in parentheses; or NULL */
	struct model_frame *frames;
	size_t frame_count;
	size_t lost; /* frames missing in the text: their lines were overwritten or cut out */
	const char *incomplete;         /* the line that says so, without parentheses; or NULL */
	struct model_stack *created_by; /* the next ancestor, or NULL */
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

struct model_descriptor {
	int64_t fd;
	enum kind kind;
	const char *text; /* all that stands behind the kind, as it is written */
	const char *what; /* its first part: path, target or addresses; NULL: none, or unknown */
	const char *protocol;     /* of sockets: "tcp", "udp", "unix stream", ... */
	const char *local, *peer; /* addresses; or NULL */
	const char *state;      /* of tcp and unix sockets: "CLOSE_WAIT", "LISTEN", ...; or NULL */
	double age, idle;       /* seconds; < 0: not known */
	int64_t unread, unsent; /* bytes; 0 when the text says nothing */
	int64_t size;           /* of files, in bytes; MODEL_UNKNOWN */
	int64_t requests;       /* HTTP requests over it; 0: not known */
	uint64_t transport;     /* of net/http, that they were made by: its address; 0: not known */
	int64_t dup_of;         /* MODEL_UNKNOWN: is no copy, or of an unknown number */
	bool duplicated, received, no_cloexec, deleted;
	int64_t thread;          /* kernel thread id, or MODEL_UNKNOWN */
	const char *thread_name; /* or NULL */
	enum model_stream stream;
	enum model_access access; /* of files, devices and terminals */
};

enum model_origin {
	MODEL_OPENED,         /* by this program, with a stack or without */
	MODEL_UNSEEN,         /* "opened by an untraced call" */
	MODEL_UNTRACED,       /* the process was not traced */
	MODEL_INHERITED,      /* was open when the program started */
	MODEL_INHERITED_FORK, /* opened by what this process was forked from */
};

struct model_group {
	int64_t number;
	int64_t count;  /* of descriptors, listed or not */
	enum kind kind; /* KIND_COUNT: several */
	enum model_origin origin;
	const char *sentence; /* the heading behind "group N: ", as it is written */
	const char *how;      /* "opened", "duplicated", "received"; or NULL */
	const char *place;    /* "fetch_status" or "module+0x12"; or NULL */
	const char
		*last_used; /* the place of the last HTTP request, where it is another; or NULL */
	const char *reason; /* why there is no stack; or NULL */
	const char **reason_lines; /* the same as it is broken into lines */
	size_t reason_line_count;
	const char **notes; /* a line each */
	size_t note_count;
	double age_least, age_most; /* seconds, of all its descriptors; < 0: not known */
	const char *ages;           /* the same as it is written; or NULL */
	/* Figures of the opening stack; MODEL_UNKNOWN where the text has none. */
	int64_t opened, closed, live;
	int64_t growth; /* since the last snapshot; see has_growth */
	bool has_growth;
	int64_t peak;      /* the most that were open at once; MODEL_UNKNOWN */
	bool peak_at_most; /* it may have been less */
	struct {
		const char *name;
		int64_t count;
	} states[16]; /* TCP states, CLOSE_WAIT first; from the heading, so of all of them */
	size_t state_count;
	struct model_stack *stacks;
	size_t stack_count;
	struct model_descriptor *descriptors;
	size_t descriptor_count; /* of those listed, <= count */
	int64_t more; /* of "and N more"; when they and those listed are not count, lines are lost
		       */
	bool suppressed; /* by suppressions */
	bool broken;     /* by check/: it breaks a limit */
	/* By report/findings.h: */
	int64_t finding; /* the number of the finding that it is part of; 0: not looked for */
	const struct model_frame *culprit; /* the frame to look at first; NULL: not looked for */
	size_t culprit_location;           /* of culprit->locations */
	const struct model_frame *caller;  /* where another finding has the same culprit; or NULL */
	size_t caller_location;
	const char *accepted; /* "accepted at port 80": they are connections of clients; or NULL */
	bool same_place; /* another finding has a culprit of the same function, no line is known */
	/* Of a finding: the groups that it is made of; and its call paths, each of them a group
	 * that is made of parts, too: the most descriptors first. None: it is a group of the text.
	 */
	struct model_group **parts;
	size_t part_count;
	struct model_group *paths;
	size_t path_count;
};

/* A stack of which nothing is listed, and how many it had open at once. */
struct model_peak {
	/* Its stack and figures, as a group's; it has no descriptors, and its kind is not known. */
	struct model_group of;
	double reached;           /* seconds after the start; < 0: not known */
	int64_t until_end;        /* so many were open until the process closed them at its end; or
				   * MODEL_UNKNOWN */
	const char *reached_text; /* as it is written; or NULL */
};

/* A header line, as it is written. */
struct model_field {
	const char *name, *value;
};

struct model_snapshot {
	struct obstack memory;
	const char *source; /* name of the file it was read from, for messages */
	size_t line;        /* of its first line there */
	int64_t version;
	bool whole; /* it has its last line */
	bool mixed; /* the lines of another snapshot, written at the same time, are in it */
	struct model_field *fields;
	size_t field_count;
	struct process_end end; /* how the process ends, if this is its last snapshot */
	bool own_signal;        /* the program sent itself the signal that triggered the snapshot */
	const char *why, *when, *host, *program;
	const char *command;    /* as it is written: a word for each argument */
	const char **arguments; /* the same, one by one */
	size_t argument_count;
	bool command_cut; /* there were more */
	int64_t number, pid, parent, user;
	int64_t open, limit; /* of "descriptors:"; limit INT64_MAX: unlimited; MODEL_UNKNOWN */
	/* Of "peak:": the most that were open at once, without and with the inherited ones;
	 * MODEL_UNKNOWN. And when, in seconds after the start; < 0: not known. */
	int64_t peak, peak_all;
	double peak_reached;
	bool peak_at_most; /* it may have been less */
	/* Of "peaks:": stacks of which neither a group nor a peak is listed, and the most that one
	 * of them had open at once. */
	int64_t unlisted_stacks, unlisted_most;
	double uptime; /* seconds; < 0: not known */
	double forked; /* seconds since the process was forked, if it was; < 0: not known */
	int64_t unclosed, inherited; /* of "unclosed:" */
	const char *unread;  /* as written: why what is open could not be looked at; or NULL */
	bool traced;         /* false: made by looking at a process without the tracer */
	const char *nothing; /* the sentence that nothing is unclosed; or NULL */
	struct model_group *groups;
	size_t group_count;
	struct model_peak *peaks; /* the highest first */
	size_t peak_count;
	struct model_module *modules;
	size_t module_count;
	const char **not_listed; /* the lines of these paragraphs */
	size_t not_listed_count;
	const char *not_listed_inherited; /* the one of not_listed that counts the inherited; or
					   * NULL */
	const char **not_seen;
	size_t not_seen_count;
	const char **notes; /* below the modules, a line each */
	size_t note_count;
	size_t unknown_lines; /* lines inside that no rule of the grammar knows */
};

/* An empty snapshot, in which all figures are unknown. Ends the program when there is no memory, as
 * everything does that allocates for a model (obstack_exit_failure is the status). */
struct model_snapshot *model_create(void);

/* Gives back all memory of a snapshot. NULL is nothing. */
void model_destroy(struct model_snapshot *snapshot);

/* The words for them in the text and in JSON: "FILE", "read-write"; NULL for the first value of
 * each. */
const char *model_stream_name(enum model_stream stream);
const char *model_access_name(enum model_access access);

/* The value of a header line as it is written, or NULL. */
const char *model_field(const struct model_snapshot *snapshot, const char *name);

/* Whether two snapshots are of programs of one name; of one process, as far as they tell. */
bool model_same_program(const struct model_snapshot *a, const struct model_snapshot *b);
bool model_same_process(const struct model_snapshot *a, const struct model_snapshot *b);

/* All that have stacks: the groups, and behind them the peaks. i is below the count. */
static inline size_t model_stacked_count(const struct model_snapshot *snapshot)
{
	return snapshot->group_count + snapshot->peak_count;
}

static inline struct model_group *model_stacked(const struct model_snapshot *snapshot, size_t i)
{
	return i < snapshot->group_count ? &snapshot->groups[i]
					 : &snapshot->peaks[i - snapshot->group_count].of;
}

/* The first stack of that role, or NULL. */
const struct model_stack *model_stack(const struct model_group *group, enum model_stack_role role);

/* How many of the group's descriptors are in this TCP state. */
int64_t model_in_state(const struct model_group *group, const char *state);

/* The sum of two counts, INT64_MAX when it is more: numbers from a text may be anything. */
int64_t model_add(int64_t a, int64_t b);
