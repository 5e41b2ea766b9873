// SPDX-License-Identifier: MIT
/*
 * Supervises a run from its start to its last line: decides where snapshots go, starts the program,
 * has reports written while it runs and at its end, and cleans up.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/base/signal_name.h"
#include "preload/core/policy/options.h"
#include "folder.h"
#include "run.h"
#include "run_unknown.h"
#include "tools/arguments/say.h"

#define OUTPUT "FDTRAIL_OUTPUT"

int run_need_folder(struct run *run)
{
	int error = *run->folder.path ? 0 : folder_create(&run->folder);

	if (error == 0)
		return 0;
	say("can't make a temporary folder: %s", strerror(-error));
	return LAUNCH_TROUBLE;
}

/* Decides where snapshots go: to the files that the user named, to stderr unchanged if the user
 * wants that, or to a folder of our own. 0, or the exit status after a line. */
static int choose_output(struct run *run)
{
	const char *wanted = environment_get(&run->environment, OUTPUT);
	struct snapshot_files *files = &run->report.files;
	struct stat status;
	char *pattern = NULL;

	const char *verbose = environment_get(&run->environment, "FDTRAIL_VERBOSE");
	run->report.verbose = verbose && strcmp(verbose, "1") == 0;
	run->kept = wanted;
	if (wanted && strcmp(wanted, "stderr") == 0) {
		if (!run->report_path && !limits_any(&run->report.limits))
			return 0;
		say("--output=stderr writes the snapshots to stderr, unread: it can't be used with "
		    "--report or limits");
		return LAUNCH_TROUBLE;
	}
	/* "-" is for --report, which fdtrail itself writes; the tracer would make a file named
	 * "-". */
	if (wanted && strcmp(wanted, "-") == 0) {
		say("--output=- is not accepted: snapshots go to files (./- is one) or to stderr; "
		    "--report=- writes the report to standard output");
		return LAUNCH_TROUBLE;
	}
	const char *at_exit = environment_get(&run->environment, "FDTRAIL_EXIT");
	run->report.at_exit = !at_exit || strcmp(at_exit, "0") != 0;
	if (!run->report.at_exit && limits_any(&run->report.limits)) {
		say("without a snapshot at the end (--exit=0) no limit can be checked");
		return LAUNCH_TROUBLE;
	}
	if (wanted && !options_accept("OUTPUT", wanted)) {
		say(OUTPUT "=%s is not accepted: stderr, or a path with %%p %%e %%n %%t %%h %%%%",
		    wanted);
		return LAUNCH_TROUBLE;
	}
	const char *show = environment_get(&run->environment, "FDTRAIL_SHOW");
	if (show && !(run->report.show = strdup(show)))
		return LAUNCH_TROUBLE;
	if (!wanted) {
		/* Snapshots are complete; the report decides what is shown. */
		if (show && environment_set(&run->environment, "FDTRAIL_SHOW", "all") < 0)
			return LAUNCH_TROUBLE;
		if (run_need_folder(run))
			return LAUNCH_TROUBLE;
		char *folder = snapshot_files_escape(run->folder.path);
		if (!folder || asprintf(&pattern, "%s/%%p.%%n", folder) < 0)
			pattern = NULL;
		free(folder);
		wanted = pattern;
	}
	run->report.kept = run->kept;
	int error = wanted ? snapshot_files_init(files, wanted) : -ENOMEM;
	free(pattern);
	if (error == 0)
		error = environment_set(&run->environment, OUTPUT, files->pattern);
	if (error < 0) {
		say("can't look for snapshots: %s", strerror(-error));
		return LAUNCH_TROUBLE;
	}
	if (files->folder && (stat(files->folder, &status) < 0 || !S_ISDIR(status.st_mode))) {
		say("--output: there is no folder %s", files->folder);
		return LAUNCH_TROUBLE;
	}
	return 0;
}

/* Makes the roster, which all processes of the run share. 0, or the exit status after a line. */
static int make_roster(struct run *run)
{
	int error;

	/* Snapshots that go to stderr unchanged are not read by us. */
	if (!run->report.files.pattern)
		return 0;
	error = run_roster_create(&run->roster);
	if (error == 0)
		error = environment_set(&run->environment, ROSTER_VARIABLE, run->roster.value);
	if (error == 0) {
		run->report.roster = &run->roster;
		return 0;
	}
	if (error == -EFBIG)
		say("can't keep snapshots: no file may grow here, not even in memory; raise the "
		    "limit (ulimit -f)");
	else
		say("can't share memory with the program: %s", strerror(-error));
	return LAUNCH_TROUBLE;
}

/* Makes one descriptor to wait for inotify and the roster's socket. */
static void watch_events(struct run *run)
{
	const int watched[] = {run->watch, run->roster.socket};

	run->events = launch_move_high(epoll_create1(EPOLL_CLOEXEC));
	for (size_t i = 0; i < sizeof(watched) / sizeof(*watched) && run->events >= 0; i++) {
		struct epoll_event event = {.events = EPOLLIN};

		if (watched[i] >= 0)
			epoll_ctl(run->events, EPOLL_CTL_ADD, watched[i], &event);
	}
}

/* Opens all that is needed before the program starts, so that it doesn't run in vain. 0, or the
 * exit status after a line. */
static int open_all(struct run *run)
{
	run->report.output = 2;
	if (run->report_path) {
		bool to_stdout = strcmp(run->report_path, "-") == 0;
		int fd = to_stdout
				 ? fcntl(1, F_DUPFD_CLOEXEC, 3)
				 : open(run->report_path,
					O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);

		if (fd < 0) {
			say("can't write %s: %s", to_stdout ? "standard output" : run->report_path,
			    strerror(errno));
			return LAUNCH_TROUBLE;
		}
		run->report.output = launch_move_high(fd);
	}
	/* Without inotify, requested snapshots are reported at the end. */
	if (run->report.files.folder) {
		run->watch = launch_move_high(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
		if (run->watch >= 0)
			inotify_add_watch(run->watch, run->report.files.folder, IN_CLOSE_WRITE);
	}
	watch_events(run);
	return 0;
}

/* Descriptors 0, 1 and 2 may be closed in the program. Here they must not become files that other
 * code writes to. */
static void fill_standard_numbers(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd >= 0)
		close(fd);
}

static void read_events(struct run *run)
{
	char buffer[64 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t length;

	while ((length = read(run->watch, buffer, sizeof(buffer))) > 0)
		for (char *at = buffer; at < buffer + length;) {
			const struct inotify_event *event = (const void *)at;

			if (event->len && snapshot_files_news(&run->report.files, event->name))
				run->news = true;
			at += sizeof(*event) + event->len;
		}
}

static void start_reporter(struct run *run)
{
	struct snapshot_files *files = &run->report.files;

	run->reporter = fork();
	if (run->reporter == 0) {
		launch_restore_signals(&run->launch);
		_exit(run_report_news(&run->report));
	}
	run->news = false;
	/* Snapshots that can't be reported now are reported at the end. */
	if (run->reporter < 0) {
		run->reporter = 0;
		return;
	}
	run->report.told = true;
	for (size_t i = 0; i < files->count; i++) {
		files->files[i].telling = files->files[i].shown;
		files->files[i].shown = files->files[i].whole;
	}
}

/* The reporter has ended. Snapshots that it couldn't report are reported at the end. */
static void end_reporter(struct run *run, int status)
{
	struct snapshot_files *files = &run->report.files;

	run->reporter = 0;
	for (size_t i = 0; i < files->count && status != 0; i++)
		if (files->files[i].telling < files->files[i].shown)
			files->files[i].shown = files->files[i].telling;
}

/* Called while the program runs: a file was written, or a child other than the program has
 * ended. */
static void on_event(void *data)
{
	struct run *run = data;
	int status = 0;

	if (run->reporter && waitpid(run->reporter, &status, WNOHANG) != 0)
		end_reporter(run, status);
	run_roster_answer(&run->roster);
	if (run->watch >= 0)
		read_events(run);
	/* A format other than text has one document, at the end. */
	if (run->news && !run->reporter && !run->report.format->write)
		start_reporter(run);
}

static void nothing(void *data)
{
}

/* A launch_exec that executes nothing: it writes the report at the end. */
static int report_end(void *data, int told)
{
	struct run *run = data;

	close(told);
	_exit(run_report_end(&run->report));
}

/* Writes the report at the end. Returns the exit status. Clears *remove if the snapshots are still
 * needed. */
static int report(struct run *run, int status, bool *remove)
{
	struct launch *launch = &run->launch;

	if (run->reporter) {
		launch->pid = run->reporter;
		end_reporter(run, launch_wait(launch, -1, nothing, NULL));
	}
	if (run->engine == RUN_UNTRACED && limits_any(&run->report.limits) && status == 0) {
		say("can't check the limits: the program ran untraced");
		return LAUNCH_TROUBLE;
	}
	if (!run->report.files.pattern || run->engine == RUN_UNTRACED)
		return status;
	if (run->report.roster)
		run_unknown_settle(&run->roster);
	run_roster_close_socket(&run->roster);
	if (snapshot_files_look(&run->report.files) < 0)
		say("can't look for snapshots: %s", strerror(ENOMEM));
	bool interrupted = launch->interrupted;
	launch->interrupted = false;
	int error = launch_start(launch, report_end, run);
	int result = error ? 0 : launch_wait(launch, -1, nothing, NULL), signal = WTERMSIG(result);

	if (error) {
		say("can't report: %s", strerror(error));
		*remove = false;
	} else if (WIFSIGNALED(result) && (signal == SIGINT || signal == SIGTERM ||
					   signal == SIGHUP || signal == SIGQUIT)) {
		return launch_exit_status(result);
	} else if (WIFSIGNALED(result)) {
		const char *name = signal_name(signal);

		say("the report ended by SIG%s", name ? name : "?");
		*remove = false;
	} else if (WEXITSTATUS(result) == RUN_REPORT_BROKEN) {
		if (run->error_exitcode && !(run->failure_stays && status))
			status = run->error_exitcode;
	} else if (WEXITSTATUS(result) == RUN_REPORT_TROUBLE) {
		*remove = false;
	}
	/* If limits are set, no report must not look like success. */
	if (limits_any(&run->report.limits) && status == 0 && result != 0 &&
	    !(WIFEXITED(result) && WEXITSTATUS(result) == RUN_REPORT_BROKEN))
		status = LAUNCH_TROUBLE;
	launch->interrupted = interrupted;
	return status;
}

static void say_where(const struct run *run)
{
	const struct snapshot_files *files = &run->report.files;
	const struct snapshot_file *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++) {
		struct stat status;

		if (stat(files->files[i].path, &status) < 0 ||
		    status.st_size <= files->files[i].begin)
			continue;
		if (!count++)
			first = &files->files[i];
	}
	if (count == 1)
		say("the snapshots are in %s", first->path);
	else if (count)
		say("the snapshots are in %s and %zu more files", first->path, count - 1);
}

/* Removes our own folder, or leaves it to the user with a line that says why. */
static void clean_up(struct run *run, bool remove)
{
	const char *folder = run->folder.path;
	char *variable = NULL;
	size_t users = 0;
	int pid = 0;

	if (!*folder)
		return;
	if (!run->kept && run->report.files.pattern &&
	    asprintf(&variable, OUTPUT "=%s", run->report.files.pattern) >= 0) {
		users = folder_users(variable, &pid);
		free(variable);
	}
	if (users == 1)
		say("process %d still runs; its snapshots go to %s: fdtrail report %s/* shows them",
		    pid, folder, folder);
	else if (users)
		say("%zu processes still run (one is %d); their snapshots go to %s: fdtrail report "
		    "%s/* shows them",
		    users, pid, folder, folder);
	else if (!remove)
		say("the snapshots are in %s", folder);
	if (users || !remove)
		folder_keep(&run->folder);
	else
		folder_remove(&run->folder);
}

/* Does everything before the program's start. 0, or the exit status. */
static int prepare(struct run *run)
{
	/* This comes first: from here on no signal can end us and leave files behind. */
	int error = launch_prepare(&run->launch), status;

	if (error < 0) {
		say("can't wait for the program: %s", strerror(-error));
		return LAUNCH_TROUBLE;
	}
	status = run_choose_engine(run);
	if (status == 0)
		status = choose_output(run);
	if (status == 0)
		status = make_roster(run);
	if (status == 0)
		status = open_all(run);
	return status ? status : launch_ended_early(&run->launch);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int run_program(struct run *run)
{
	bool remove = true;
	int status, error;

	run->watch = run->events = run->launch.signals = -1;
	run->roster = (struct run_roster){.memory = -1, .socket = -1};
	status = prepare(run);
	run->report.life.started_ms = now_ms();
	if (status == 0 && (error = launch_start(&run->launch, run_become_program, run)) != 0) {
		say("can't execute %s: %s", run->argv[0], strerror(error));
		status = error == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_CANNOT_RUN;
	} else if (status == 0) {
		fill_standard_numbers();
		run->report.life.pid = run->launch.pid;
		run->report.status = launch_wait(&run->launch, run->events, on_event, run);
		run->report.life.ended_ms = now_ms();
		status = report(run, launch_exit_status(run->report.status), &remove);
		if (run->kept)
			say_where(run);
	}
	clean_up(run, remove);
	launch_finish(&run->launch);
	if (run->watch >= 0)
		close(run->watch);
	if (run->events >= 0)
		close(run->events);
	run_roster_destroy(&run->roster);
	if (run->report.output > 2)
		close(run->report.output);
	snapshot_files_finish(&run->report.files);
	free(run->report.show);
	return status;
}
