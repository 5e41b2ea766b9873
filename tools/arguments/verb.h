// SPDX-License-Identifier: MIT
/*
 * A verb of the command: `fdtrail NAME ...`. Each has a file cmd_NAME.c with an argp parser and a
 * row in the one table, verbs in main.c. The parser's options feed --help and the tests that check
 * the man page and the completions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses of all verbs except run, which has those of env(1). */
enum exit_status {
	EXIT_CLEAN = 0,
	EXIT_BROKEN = 1,  /* check: a limit is broken */
	EXIT_TROUBLE = 2, /* wrong use, a failure, or data that is missing */
};

struct verb {
	const char *name;
	const char *summary;               /* a line for `fdtrail help` */
	int (*run)(int argc, char **argv); /* argv[0] is "fdtrail NAME"; returns the exit status */
};

/* All verbs, in the order of use, and how many. */
extern const struct verb verbs[];
extern const size_t verb_count;

/* The verb called name, or NULL. */
const struct verb *verb_find(const char *name);

/* Prints that there is no verb of that name, and suggests the nearest one; returns the exit
 * status. */
int verb_unknown(const char *name);

int cmd_attach(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_options(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_snapshot(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* Detaches from process pid and its descendants for this verb. False, after a message, if that
 * failed. In cmd_detach.c. */
bool cmd_detach_process(int pid, const char *verb);
