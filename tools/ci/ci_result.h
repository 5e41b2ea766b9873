// SPDX-License-Identifier: MIT
/*
 * The results of a check as CI systems take them: each group of a process' last snapshot is a
 * result, and the limits of the process are one more. Called by the formats (ci_format.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/check/limits.h"
#include "tools/model/model.h"

/* A process, and how it kept its limits. */
struct ci_process {
	/* Its last snapshot, symbolized and with findings; NULL: there is none, and lines say
	 * why. */
	struct model_snapshot *snapshot;
	bool limited; /* limits were checked; else everything left open is a failure */
	enum limits_verdict verdict;
	char *lines; /* of limits that are broken or can't be checked; safe, each with a newline */
};

enum ci_outcome {
	CI_PASSED,
	CI_FAILED,     /* breaks a limit, or is left open without limits */
	CI_SUPPRESSED, /* would fail, or pass, if it counted */
	CI_LEFT_OUT,   /* inherited: the program did not open it */
};

enum ci_outcome ci_outcome(const struct ci_process *process, const struct model_group *group);

/* Whether the limits as a whole are a failure; verdict LIMITS_UNKNOWN is one, too. */
bool ci_limits_fail(const struct ci_process *process);

/* The culprit of a group. */
struct ci_place {
	const char *file;     /* as in the debug information; NULL: not known */
	const char *relative; /* the same below the current directory; NULL: it is elsewhere */
	int line;             /* 0: not known */
	const struct model_frame *frame; /* NULL: there is no stack */
	size_t location;
};

struct ci_place ci_place(const struct model_group *group);

/* The place of a location of a frame. */
struct ci_place ci_place_of(const struct model_frame *frame, size_t location);

/* Texts on a group, safe; the caller frees them. The sentence: "8 tcp sockets in CLOSE_WAIT, opened
 * in fetch_status at demo.c:214". The name: the same in every run, so without numbers: "tcp, opened
 * in fetch_status at demo.c:214". The report: all lines of the report on it. */
char *ci_sentence(const struct model_group *group);
char *ci_name(const struct model_group *group);
char *ci_report(const struct model_group *group);

/* The name of the process' program, safe; the caller frees it. */
char *ci_program(const struct ci_process *process);
