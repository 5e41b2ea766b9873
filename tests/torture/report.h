// SPDX-License-Identifier: MIT
/*
 * A snapshot, read back for comparison: what it says of each descriptor. Its grammar is in
 * preload/core/snapshot/README.md. This reader shares nothing with the code that it checks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { REPORT_FRAMES = 64, REPORT_FD_MAX = 32768 };

enum report_origin { REPORT_OPENED, REPORT_UNSEEN, REPORT_INHERITED, REPORT_FORKED };

struct report_group {
	enum report_origin origin;
	const char *functions[REPORT_FRAMES]; /* of the frames that lie in this test's own files */
	int function_count;
	long count;   /* as its sentence says */
	long listed;  /* as its lines are counted */
	bool figures; /* the next four are there; growth only from the second snapshot on */
	long opened, closed, live, growth;
};

struct report_descriptor {
	int fd;
	const char *kind, *text;
	int group;
};

struct report {
	char *text;
	bool whole; /* it has its first line and its last */
	long number, open, unclosed, inherited, behind;
	char *not_listed, *not_seen, *why;
	struct report_group *groups;
	int group_count, group_room;
	struct report_descriptor *descriptors;
	int descriptor_count, descriptor_room;
	int *by_fd; /* REPORT_FD_MAX numbers: the index of its descriptor, or -1 */
};

/* Takes apart the snapshot that begins at *text, cutting it into strings, and moves *text behind
 * it. False when there is none left. What report held before is released. */
bool report_read(struct report *report, char **text);
void report_release(struct report *report);

/* The descriptor of this number, or NULL. */
const struct report_descriptor *report_find(const struct report *report, int fd);

/* A whole file as a string of malloc's; NULL when it can't be read. Empties the file when asked to.
 */
char *file_read(const char *path, bool empty);
