// SPDX-License-Identifier: MIT
/*
 * The formats of `fdtrail check` and `fdtrail run` for CI systems, each in a file of its own. One
 * document holds all processes.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "ci_result.h"

struct ci_format {
	const char *name;    /* of --format=NAME */
	const char *summary; /* for --help */
	/* NULL: text, which each verb writes itself. Errors of file are left to ferror(3). */
	void (*write)(const struct ci_process *processes, size_t count, FILE *file);
};

/* All formats, the default first, and their number. */
extern const struct ci_format ci_formats[];
extern const size_t ci_format_count;

/* The format called name, or NULL. */
const struct ci_format *ci_format_find(const char *name);

/* The name at an index; NULL after the last one. */
const char *ci_format_name(size_t index);

/* GitHub's workflow commands: an annotation a group. */
void github_write(const struct ci_process *processes, size_t count, FILE *file);
/* A document a line for each process, as in fdtrail-json(5), with its verdict. */
void ci_json_write(const struct ci_process *processes, size_t count, FILE *file);
/* JUnit's XML, as Jenkins and GitLab read it: a test suite a process, a test case a group. */
void junit_write(const struct ci_process *processes, size_t count, FILE *file);
/* SARIF 2.1.0, as GitHub's code scanning reads it: a result a group that fails. */
void sarif_write(const struct ci_process *processes, size_t count, FILE *file);
