// SPDX-License-Identifier: MIT
/*
 * One run: what the parts of `fdtrail run` share.
 *
 *     cmd_run.c         the options
 *     program_file      what kind of program it is       engine_choice   which engine, and its
 * start tracer_library    where libfdtrail.so is           environment     what the program is
 * given launch            start, signals, job control, end supervise.c       from the start to the
 * last line snapshot_files    which files the snapshots are in  run_report     what is told of them
 *     run_order         the order in which processes are told
 *     folder, say       a folder of our own; lines of our own
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "environment.h"
#include "folder.h"
#include "launch.h"
#include "program_file.h"
#include "run_report.h"
#include "run_roster.h"

/* RUN_UNTRACED: a program with more rights than its user. It can't be asked for. */
enum run_engine { RUN_AUTO, RUN_PRELOAD, RUN_PTRACE, RUN_UNTRACED };

struct run {
	/* From the command line. */
	char **argv; /* of the program */
	enum run_engine engine;
	const char *report_path; /* NULL: stderr */
	uint32_t go_ancestors;
	bool http;
	int error_exitcode; /* when a limit is broken; 0: the program's own stays */
	bool failure_stays; /* the program's own, if it is not 0, stays whatever limit is broken */

	struct environment environment; /* the program's, with the options in it */
	struct program_file program;
	struct launch launch;
	struct run_report report;
	struct folder folder; /* of our own, if one is needed */
	bool kept;            /* snapshots lie where the user wants them */
	int watch;            /* inotify, or -1 */
	int events;           /* epoll: watch, and the roster's socket; or -1 */
	struct run_roster roster;
	pid_t reporter; /* that tells the news now; 0: none */
	bool news;      /* there is more to be told */
};

/* The names of those that can be asked for, by engine. */
enum { RUN_ENGINE_NAMES = RUN_UNTRACED };
extern const char *const run_engine_names[RUN_ENGINE_NAMES];

/* Looks at the program and makes the environment fit for the engine that it needs. 0, or the exit
 * status, after a line has said why it can't be traced. */
int run_choose_engine(struct run *run);

/* Becomes the program; a launch_exec. */
int run_become_program(void *run, int told);

/* Makes the folder of our own if there is none yet. 0, or the exit status after a line. */
int run_need_folder(struct run *run);

/* Runs the program from its start to the report; returns the exit status. */
int run_program(struct run *run);
