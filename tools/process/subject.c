// SPDX-License-Identifier: MIT
/* See subject.h. */
#include "subject.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/snapshot/proc.h"
#include "family.h"
#include "process.h"

enum {
	START_MS = 2000, /* to wait for the program of a `fdtrail run` that has just started */
	NAP_MS = 10,
	NESTED_MAX = 8, /* the deepest `fdtrail run` that runs another one */
	WORDS_SIZE = 4096,
	ROUNDS = 16,   /* of looking for children that have started in the meantime */
	NAMED_MAX = 8, /* the most children that are listed by number */
};

/* Copies the command line of process pid to words if it is a `fdtrail run`. Returns its length, or
 * 0. */
static size_t run_command(int pid, char words[WORDS_SIZE])
{
	char path[PROC_PATH_SIZE];
	size_t length = process_is_fdtrail(pid)
				? proc_read(proc_pid_path(path, pid, "cmdline"), words, WORDS_SIZE)
				: 0;
	size_t verb = strnlen(words, length) + 1;

	return verb < length && strcmp(words + verb, "run") == 0 ? length : 0;
}

/* Removes the processes that the `fdtrail run` with this command line has forked for itself, and
 * which have the same command line because they have executed nothing. The program is one of these
 * until it executes. */
static void drop_own(struct list *list, const char *words, size_t length)
{
	int *pids = list->items;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		char other[WORDS_SIZE];

		if (run_command(pids[i], other) != length || memcmp(words, other, length) != 0)
			pids[kept++] = pids[i];
	}
	list->count = kept;
}

/* The program of process pid, a `fdtrail run` with this command line: the first child that it has
 * started, or the first process that it traces. 0: there is none. */
static int program_of(int pid, const char *words, size_t length)
{
	struct list list = {0};

	family_children(pid, &list);
	drop_own(&list, words, length);
	int program = family_oldest(&list);
	if (!program) {
		family_tracees(pid, &list);
		drop_own(&list, words, length);
		program = family_oldest(&list);
	}
	list_finish(&list);
	return program;
}

/* The same, but waits if the program may be just about to start. */
static int wait_for_program(int pid, const char *words, size_t length)
{
	int program = program_of(pid, words, length);
	char other[WORDS_SIZE];

	for (int waited = 0; !program && waited < START_MS && run_command(pid, other);
	     waited += NAP_MS) {
		poll(NULL, 0, NAP_MS);
		program = program_of(pid, words, length);
	}
	return program;
}

int subject_find(int *pid, const char *verb)
{
	char words[WORDS_SIZE];
	size_t length;

	for (int i = 0; i < NESTED_MAX && (length = run_command(*pid, words)) > 0; i++) {
		int program = wait_for_program(*pid, words, length);

		if (!program) {
			fprintf(stderr,
				"fdtrail %s: process %d is `fdtrail run`, but its program isn't "
				"running: it has not started yet, or has ended\n",
				verb, *pid);
			return -ESRCH;
		}
		fprintf(stderr,
			"fdtrail %s: process %d is `fdtrail run`; this is its program, process "
			"%d\n",
			verb, *pid, program);
		*pid = program;
	}
	return 0;
}

struct subject {
	int pid;
	bool is_run;
};

static bool has(const struct list *subjects, int pid)
{
	const struct subject *subject = subjects->items;

	for (size_t i = 0; i < subjects->count; i++)
		if (subject[i].pid == pid)
			return true;
	return false;
}

/* Adds the children of process pid. 0 or a negative errno. */
static int add_children(struct list *subjects, int pid)
{
	struct list children = {0};
	char words[WORDS_SIZE];
	int error = family_children(pid, &children);
	const int *pids = children.items;

	for (size_t i = 0; i < children.count; i++) {
		if (has(subjects, pids[i]))
			continue;
		struct subject *subject = list_add(subjects, sizeof(*subject));
		*subject = (struct subject){pids[i], run_command(pids[i], words) > 0};
	}
	list_finish(&children);
	return error;
}

/* Adds the descendants of all processes in the list that aren't in it yet. False: some may be
 * missing, and a line has been printed about it. */
static bool add_descendants(struct list *subjects, const char *verb)
{
	bool whole = true;

	/* The list grows at its end while this goes through it. */
	for (size_t i = 0; i < subjects->count; i++) {
		int pid = ((struct subject *)subjects->items)[i].pid;
		int error = add_children(subjects, pid);

		/* A process that has ended has no children: others have adopted them. */
		if (!error || error == -ESRCH)
			continue;
		whole = false;
		if (error == -EXDEV) /* looking at the process itself has printed that already */
			continue;
		fprintf(stderr, "fdtrail %s: can't list the child processes of process %d: %s\n",
			verb, pid, strerror(-error));
	}
	return whole;
}

static bool has_ended(int pid)
{
	struct process process;
	int error = process_read(&process, pid);

	return error == -ESRCH || (!error && process_has_ended(&process));
}

bool subject_each(int pid, bool children, const char *verb, bool (*look)(int pid, void *data),
		  void *data)
{
	struct list subjects = {0};
	bool all = true;
	size_t next = 0;

	*(struct subject *)list_add(&subjects, sizeof(struct subject)) =
		(struct subject){.pid = pid};
	for (int round = 0; next < subjects.count && round < ROUNDS; round++) {
		for (size_t end = subjects.count; next < end; next++) {
			const struct subject *subject = (struct subject *)subjects.items + next;

			if (!subject->is_run && !look(subject->pid, data) &&
			    (next == 0 || !has_ended(subject->pid)))
				all = false;
		}
		if (children)
			all &= add_descendants(&subjects, verb);
	}
	if (next < subjects.count) {
		fprintf(stderr,
			"fdtrail %s: new child processes of process %d keep starting: not all of "
			"them are included\n",
			verb, pid);
		all = false;
	}
	list_finish(&subjects);
	return all;
}

char *subject_left_out(int pid, const char *left_out)
{
	struct list children = {0};
	char *text = NULL;
	size_t size, count;
	int error = family_children(pid, &children);
	const int *pids = children.items;
	FILE *file = open_memstream(&text, &size);

	count = children.count;
	if (!file || error == -ESRCH || (!error && !count)) {
		list_finish(&children);
		if (file)
			fclose(file);
		free(text);
		return NULL;
	}
	if (error)
		fprintf(file, "perhaps child processes: they can't be listed (%s)",
			strerror(-error));
	else
		fprintf(file, "%zu child process%s%s", count, count == 1 ? "" : "es", left_out);
	for (size_t i = 0; !error && i < count && i < NAMED_MAX; i++)
		fprintf(file, "%s%d", i ? ", " : ": ", pids[i]);
	if (!error && count > NAMED_MAX)
		fputs(", ...", file);
	list_finish(&children);
	fclose(file);
	return text;
}
