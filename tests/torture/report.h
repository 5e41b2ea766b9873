// SPDX-License-Identifier: MIT
/*
 * A snapshot, parsed for comparison: each descriptor's line. The grammar is in
 * preload/core/snapshot/README.md. This parser shares nothing with the code that it checks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { REPORT_FRAMES = 64, REPORT_FD_MAX = 32768 };

enum report_origin { REPORT_OPENED, REPORT_UNSEEN, REPORT_INHERITED, REPORT_FORKED };

/* A stack with a heading of its own. */
struct report_stack {
	const char *functions[REPORT_FRAMES]; /* as in a group */
	int function_count;
	long count; /* of a closing stack */
};

enum report_misuse_kind {
	REPORT_DOUBLE_CLOSE,
	REPORT_USE,
	REPORT_CLOSE_OF_OTHER,
	REPORT_OF_STREAM,
	REPORT_MISUSES,
};

struct report_misuse {
	enum report_misuse_kind kind; /* REPORT_MISUSES: another kind */
	long times;
	struct report_stack here, closed, opened;
};

struct report_group {
	enum report_origin origin;
	const char *functions[REPORT_FRAMES]; /* names of the frames in this test's own files */
	int function_count;
	long count;   /* in the group's sentence */
	long listed;  /* number of its lines */
	bool figures; /* the next four are set; growth only from the second snapshot on */
	long opened, closed, live, growth;
	int first_closer, closer_count;               /* in the report's closers */
	long others, other_stacks, untraced, unknown; /* closes without a closing stack here */
};

struct report_descriptor {
	int fd;
	const char *kind, *text;
	int group;
};

struct report {
	char *text;
	bool whole; /* has its first line and its last */
	long number, open, unclosed, inherited, behind;
	long misuses; /* -1: nobody looks for them */
	bool closers_full;
	char *not_listed, *not_seen, *why;
	struct report_group *groups;
	int group_count, group_room;
	struct report_descriptor *descriptors;
	int descriptor_count, descriptor_room;
	struct report_stack *closers;
	int closer_count, closer_room;
	struct report_misuse *misuse; /* the paragraphs */
	int misuse_count, misuse_room;
	int *by_fd; /* for each of REPORT_FD_MAX numbers the index of its descriptor, or -1 */
};

/* Parses the snapshot that begins at *text, cutting the text into strings, and moves *text
 * behind it. Returns false if no snapshot is left. Frees the earlier contents of report. */
bool report_read(struct report *report, char **text);
void report_release(struct report *report);

/* The descriptor of this number, or NULL. */
const struct report_descriptor *report_find(const struct report *report, int fd);

/* A whole file as a malloc()ed string; NULL if it can't be read. empty: truncates the file, too. */
char *file_read(const char *path, bool empty);
