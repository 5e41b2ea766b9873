// SPDX-License-Identifier: MIT
/*
 * Leaks that are known and accepted, in LeakSanitizer's form: a file with a line for each,
 *
 *     # the pool keeps its connections
 *     leak:^pool_connect$
 *     leak:libthirdparty.so
 *
 * A group is suppressed when a pattern (pattern.h) is found in the function, mangled or not, the
 * source file or the module of any frame of its opening stack, of the goroutines that it descends
 * from, or of the last HTTP request. What has no stack can't be suppressed.
 */
#pragma once

#include <argp.h>
#include <stdio.h>

#include "tools/model/model.h"

struct suppressions;

/* None yet. Ends the program when there is no memory. */
struct suppressions *suppressions_create(void);
/* NULL is nothing. */
void suppressions_destroy(struct suppressions *suppressions);

/* Adds those of a file. False after a line on stderr that begins with prefix ("fdtrail check: ")
 * has said which line is wrong, or why the file can't be read. */
bool suppressions_read(struct suppressions *suppressions, const char *path, const char *prefix);

/* Marks the groups that are suppressed (model_group.suppressed), and counts. Names of functions and
 * files that symbolize/ has filled in count, those of the text always do. */
void suppressions_apply(struct suppressions *suppressions, struct model_snapshot *snapshot);

/* Whether there is any. */
bool suppressions_any(const struct suppressions *suppressions);

/* Writes each pattern with what it has suppressed so far, "unused" for those that nothing matched.
 */
void suppressions_print(const struct suppressions *suppressions, FILE *file);

/* Writes lines that would suppress this group, to be put into a file. */
void suppressions_generate(const struct model_group *group, FILE *file);

/* The same of all groups of a snapshot that are not suppressed yet, below a heading. */
void suppressions_generate_all(const struct model_snapshot *snapshot, FILE *file);

/* The options of the command line that go with it, as a child parser (argp_children):
 * --suppressions,
 * --print-suppressions, --gen-suppressions. Its input (child_inputs) is a struct
 * suppression_options. */
struct suppression_options {
	const char *prefix;                /* of messages: "fdtrail check: " */
	int trouble;                       /* exit status when a file is wrong */
	struct suppressions *suppressions; /* of all files; the caller creates and destroys it */
	bool print, generate;
};
#define SUPPRESSIONS_INIT(prefix, trouble)                                                         \
	{                                                                                          \
		prefix, trouble, suppressions_create(), false, false                               \
	}
extern const struct argp suppressions_argp;

/* Ends the program where lines for people were asked for, and what is written is no text. */
void suppressions_check_text(const struct suppression_options *options, bool text);
