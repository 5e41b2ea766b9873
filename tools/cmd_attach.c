// SPDX-License-Identifier: MIT
/*
 * fdtrail attach: records what running processes open from now on. In the foreground it waits, then
 * shows what is open as `fdtrail snapshot` does, and detaches.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/monotonic.h"
#include "preload/core/snapshot/proc.h"
#include "tools/arguments/attach_arguments.h"
#include "tools/arguments/verb.h"
#include "tools/attach/attach_process.h"
#include "tools/model/escape.h"
#include "tools/process/ending_signals.h"
#include "tools/process/family.h"
#include "tools/process/outside_snapshot.h"
#include "tools/process/process.h"
#include "tools/process/subject.h"

static const char verb[] = "attach";

enum { LOOK_MS = 200 }; /* between two looks at the processes */

/* A process that is attached to. */
struct subject_process {
	struct process process;
	size_t before; /* descriptors that were open when we came */
};

struct attaching {
	const struct attach_arguments *asked;
	struct list attached; /* of struct subject_process */
};

static void count_one(int fd, void *data)
{
	(void)fd;
	++*(size_t *)data;
}

/* The number of descriptors that are open in a process; 0 also if it can't be read. */
static size_t count_open(int pid)
{
	char path[PROC_PATH_SIZE];
	size_t count = 0;
	int folder = open(proc_pid_path(path, pid, "fd"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return 0;
	descriptors_in(folder, count_one, &count);
	close(folder);
	return count;
}

static void say_attached(const struct process *process, const struct attached *attached)
{
	double ms = (double)attached->paused_ns / 1e6;

	fprintf(stderr,
		"fdtrail: attached to %s, process %d (%d thread%s, one paused for %.1f ms); %u "
		"descriptor%s open before\n",
		process->name, process->pid, process->threads, process->threads == 1 ? "" : "s", ms,
		attached->open_before, attached->open_before == 1 ? " was" : "s were");
	if (attached->refused)
		fprintf(stderr,
			"fdtrail attach: %u references in process %d could not be redirected, so "
			"some of its calls are not seen\n",
			attached->refused, process->pid);
	if (*attached->unwinder)
		fprintf(stderr,
			"fdtrail attach: process %d has %s; stacks follow frame pointers only and "
			"may lack frames\n",
			process->pid, attached->unwinder);
}

static bool is_named(const struct attach_arguments *asked, int pid)
{
	const int *pids = asked->pids.items;

	for (size_t i = 0; i < asked->pids.count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Attaches to one process. Returns false after a message if that isn't possible. */
static bool attach(int pid, void *data)
{
	struct attaching *attaching = data;
	const struct attach_arguments *asked = attaching->asked;
	struct attached attached;
	struct process process, now;
	char text[ATTACH_TEXT];
	int error = process_read(&process, pid);

	/* Among the descendants of a shell there may be fdtrail commands, also the user's other
	 * ones. */
	if (!is_named(asked, pid) && process_is_fdtrail(pid))
		return true;
	if (error) {
		fprintf(stderr, "fdtrail attach: %s\n",
			outside_trouble(pid, error, text, sizeof(text)));
		return false;
	}
	error = attach_process(&process, asked->options, asked->options_size, &attached, text);
	if (error) {
		fprintf(stderr, "fdtrail attach: %s\n", text);
		return false;
	}
	/* It may have executed another program meanwhile. */
	if (process_read(&now, pid) == 0 && now.started_ticks == process.started_ticks)
		process = now;
	say_attached(&process, &attached);
	*(struct subject_process *)list_add(&attaching->attached, sizeof(struct subject_process)) =
		(struct subject_process){process, count_open(pid)};
	return true;
}

/* How many more descriptors the process has open than when we came; negative: fewer. */
static int64_t growth_of(const struct subject_process *subject)
{
	return (int64_t)count_open(subject->process.pid) - (int64_t)subject->before;
}

static bool any_lives(const struct attaching *attaching)
{
	const struct subject_process *subjects = attaching->attached.items;

	for (size_t i = 0; i < attaching->attached.count; i++)
		if (!process_has_ended_since(&subjects[i].process))
			return true;
	return false;
}

/* Whether one of the processes has as many more descriptors open as --until-growth says. */
static bool has_grown(const struct attaching *attaching)
{
	const struct subject_process *subjects = attaching->attached.items;

	if (attaching->asked->growth == ATTACH_NO_GROWTH)
		return false;
	for (size_t i = 0; i < attaching->attached.count; i++)
		if (!process_has_ended_since(&subjects[i].process) &&
		    growth_of(&subjects[i]) >= attaching->asked->growth)
			return true;
	return false;
}

/* Waits until it is time to detach. Returns whether --until-growth was reached. signals: a signalfd
 * of those that end the wait. */
static bool wait_for_end(const struct attaching *attaching, int signals)
{
	const struct attach_arguments *asked = attaching->asked;
	int64_t end = monotonic_ms() + (int64_t)(asked->seconds * 1000);

	for (;;) {
		struct pollfd ready = {.fd = signals, .events = POLLIN};
		int64_t left = asked->seconds > 0 ? end - monotonic_ms() : LOOK_MS;

		if (has_grown(attaching))
			return true;
		if (left <= 0 || !any_lives(attaching))
			return false;
		if (poll(&ready, 1, left < LOOK_MS ? (int)left : LOOK_MS) > 0)
			return false;
	}
}

/* Shows what is open now in the processes that live. */
static bool show(const struct attaching *attaching)
{
	const struct subject_process *subjects = attaching->attached.items;
	bool good = true;

	for (size_t i = 0; i < attaching->attached.count; i++) {
		const struct process *process = &subjects[i].process;
		char pid[16], *argv[] = {"fdtrail snapshot", pid, NULL};

		if (process_has_ended_since(process)) {
			fprintf(stderr, "fdtrail: %s, process %d, has ended\n", process->name,
				process->pid);
			continue;
		}
		int64_t more = growth_of(&subjects[i]);
		fprintf(stderr, "fdtrail: %s, process %d: %lld %s open than when fdtrail came\n",
			process->name, process->pid, (long long)(more < 0 ? -more : more),
			more < 0 ? "fewer" : "more");
		snprintf(pid, sizeof(pid), "%d", process->pid);
		fflush(stderr);
		good &= cmd_snapshot(2, argv) == EXIT_CLEAN;
	}
	return good;
}

static bool detach_all(const struct attaching *attaching)
{
	const struct subject_process *subjects = attaching->attached.items;
	bool good = true;

	for (size_t i = 0; i < attaching->attached.count; i++)
		if (!process_has_ended_since(&subjects[i].process))
			good &= cmd_detach_process(subjects[i].process.pid, verb);
	return good;
}

/* Adds the processes that --name names. Returns false after a message if there is none of a
 * name. */
static bool add_named(struct attach_arguments *asked)
{
	const char *const *names = asked->names.items;

	for (size_t i = 0; i < asked->names.count; i++) {
		size_t before = asked->pids.count;
		int error = family_named(names[i], &asked->pids);

		if (!error && asked->pids.count > before)
			continue;
		fputs("fdtrail attach: --name=", stderr);
		escape_put(stderr, names[i]);
		fprintf(stderr, " is not accepted: %s\n",
			error ? strerror(-error) : "there is no process of this name");
		return false;
	}
	return true;
}

int cmd_attach(int argc, char **argv)
{
	struct attach_arguments asked;
	struct attaching attaching = {.asked = &asked};
	bool good = true, grown = false;

	attach_arguments_parse(&asked, argc, argv);
	if (!add_named(&asked)) {
		attach_arguments_finish(&asked);
		return EXIT_TROUBLE;
	}
	/* The process goes on as it was only if we do our work to the end. */
	int signals = ending_signals_hold(NULL);
	int *pids = asked.pids.items;
	for (size_t i = 0; i < asked.pids.count; i++)
		good &= subject_find(&pids[i], verb) == 0 &&
			subject_each(pids[i], asked.children, verb, attach, &attaching);
	if (attaching.attached.count && !asked.background) {
		grown = wait_for_end(&attaching, signals);
		good &= show(&attaching);
		good &= detach_all(&attaching);
	}
	if (signals >= 0)
		close(signals);
	list_finish(&attaching.attached);
	attach_arguments_finish(&asked);
	return !good ? EXIT_TROUBLE : grown ? EXIT_BROKEN : EXIT_CLEAN;
}
