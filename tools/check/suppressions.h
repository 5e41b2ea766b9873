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
 * from, or of the last HTTP request. A group without a stack can't be suppressed.
 */
#pragma once

#include <argp.h>
#include <stdio.h>

#include "tools/model/model.h"

struct suppressions;

/* An empty set. Ends the program if there is no memory. */
struct suppressions *suppressions_create(void);
/* Does nothing for NULL. */
void suppressions_destroy(struct suppressions *suppressions);

/* Adds the suppressions of a file. If a line is wrong or the file can't be read, returns false
 * after a message on stderr that begins with prefix ("fdtrail check: "). */
bool suppressions_read(struct suppressions *suppressions, const char *path, const char *prefix);

/* Marks suppressed groups (model_group.suppressed), also those of a baseline (baseline.h), and
 * counts those that patterns suppress. Patterns match the names in the text, and the names of
 * functions and files that symbolize/ has filled in. */
void suppressions_apply(struct suppressions *suppressions, struct model_snapshot *snapshot);

/* Whether the set has any suppression, or a baseline. */
bool suppressions_any(const struct suppressions *suppressions);

/* Writes each pattern with the number of groups and descriptors that it has suppressed so far, or
 * "unused". */
void suppressions_print(const struct suppressions *suppressions, FILE *file);

/* Writes lines for a file that would suppress this group. */
void suppressions_generate(const struct model_group *group, FILE *file);

/* The same for all groups of a snapshot that are not suppressed yet, below a heading. */
void suppressions_generate_all(const struct model_snapshot *snapshot, FILE *file);

/* A child parser (argp_children) with --suppressions, --baseline, --print-suppressions and
 * --gen-suppressions. Its
 * input (child_inputs) is a struct suppression_options. */
struct suppression_options {
	const char *prefix;                /* of messages: "fdtrail check: " */
	int trouble;                       /* exit status if a file is wrong */
	struct suppressions *suppressions; /* of all files; the caller creates and destroys it */
	bool print, generate;
};
#define SUPPRESSIONS_INIT(prefix, trouble)                                                         \
	{                                                                                          \
		prefix, trouble, suppressions_create(), false, false                               \
	}
extern const struct argp suppressions_argp;

/* Ends the program, after a message, if --print-suppressions or --gen-suppressions was given and
 * the output isn't text. */
void suppressions_check_text(const struct suppression_options *options, bool text);
