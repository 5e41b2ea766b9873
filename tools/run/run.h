// SPDX-License-Identifier: MIT
/* clang-format off */
/*
 * A run: the state that the parts of `fdtrail run` share.
 *
 *     cmd_run.c         the options
 *     program_file      what kind of program it is
 *     engine_choice     which engine traces it, and its start
 *     tracer_library    where libfdtrail.so is
 *     environment       the environment that the program gets
 *     launch            start, signals, job control, end
 *     supervise.c       a run from its start to its last line
 *     snapshot_files    which files the snapshots are in
 *     run_report        the reports
 *     run_results       the results for CI systems
 *     run_order         the order of processes in a report
 *     run_roster        the roster of processes, run_unknown those that aren't known
 *     folder, say       our own folder; our own lines
 */
/* clang-format on */
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

/* RUN_UNTRACED: for a program with more rights than its user; the user can't choose it. */
enum run_engine { RUN_AUTO, RUN_PRELOAD, RUN_PTRACE, RUN_PLANTED, RUN_UNTRACED };

struct run {
	/* From the command line. */
	char **argv; /* the program's */
	enum run_engine engine;
	const char *report_path; /* NULL: stderr */
	uint32_t go_ancestors;
	bool http;
	int error_exitcode; /* exit status if a limit is broken; 0: the program's */
	bool failure_stays; /* if the program fails, keep its status, whatever limit is broken */

	struct environment environment; /* the program's, with the tracer's options */
	struct program_file program;
	struct launch launch;
	struct run_report report;
	struct folder folder; /* our own, if one is needed */
	bool kept;            /* the user wants the snapshots in files */
	int watch;            /* inotify, or -1 */
	int events;           /* epoll: watch, and the roster's socket; or -1 */
	struct run_roster roster;
	pid_t reporter; /* process that prints a report now; 0: none */
	bool news;      /* there are new snapshots to report */
};

/* The names of the engines that the user can choose, by enum run_engine. */
enum { RUN_ENGINE_NAMES = RUN_UNTRACED };
extern const char *const run_engine_names[RUN_ENGINE_NAMES];

/* Examines the program, chooses its engine, and sets up the environment for it. 0, or the exit
 * status, after a line that says why the program can't be traced. */
int run_choose_engine(struct run *run);

/* Executes the program, traced; a launch_exec. run: a struct run. */
int run_become_program(void *run, int told);

/* Makes our own folder if there is none yet. 0, or the exit status after a line. */
int run_need_folder(struct run *run);

/* Runs the program, from its start to the report. Returns the exit status. */
int run_program(struct run *run);
