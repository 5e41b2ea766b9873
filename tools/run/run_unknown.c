// SPDX-License-Identifier: MIT
/* See run_unknown.h. */
#include "run_unknown.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/base/line.h"
#include "preload/core/base/signal_name.h"

enum {
	LISTED = 20,      /* the most lines of one paragraph */
	SETTLE_MS = 1000, /* time for a program from exec to the tracer's constructor */
	NAP_MS = 5,
};

/* The kinds of processes in this report. */
enum fate {
	FATE_KNOWN,
	FATE_UNTRACED,
	FATE_SILENT,
	FATE_UNWRITTEN,
	FATE_ALIVE,
	FATE_ELSEWHERE, /* its snapshot is known, but isn't in its file */
};

static enum fate fate_of(const struct run_unknown *unknown, const struct roster_record *record)
{
	switch (atomic_load(&record->state)) {
	case ROSTER_FREE:
		return FATE_KNOWN;
	case ROSTER_EXECUTING:
		if (record->reason == ROSTER_LEFT_OUT)
			return FATE_KNOWN;
		/* The tracer may be about to start in it. */
		if (record->reason == ROSTER_NO_REASON && run_roster_age_ms(record) < SETTLE_MS &&
		    run_roster_lives(record))
			return unknown->with_alive ? FATE_ALIVE : FATE_KNOWN;
		return FATE_UNTRACED;
	case ROSTER_ENDED:
		if (record->error)
			return FATE_UNWRITTEN;
		if (record->reason != ROSTER_NO_REASON)
			return FATE_UNTRACED;
		return record->file_error && unknown->kept ? FATE_ELSEWHERE : FATE_KNOWN;
	default:
		if (record->reason != ROSTER_NO_REASON)
			return FATE_UNTRACED;
		if (run_roster_lives(record))
			return unknown->with_alive ? FATE_ALIVE : FATE_KNOWN;
		return unknown->at_exit ? FATE_SILENT : FATE_KNOWN;
	}
}

static const char *reason_of(const struct roster_record *record)
{
	switch (record->reason) {
	case ROSTER_STATIC:
		return "statically linked; --engine=ptrace sees it";
	case ROSTER_GO:
		return "a Go program; --engine=ptrace sees it";
	case ROSTER_CLEARED:
		return "its environment was cleared";
	case ROSTER_PRIVILEGED:
		return "it gains rights: setuid, setgid or capabilities";
	default:
		return "it did not start, or could not reach fdtrail run";
	}
}

/* Adds the words for a process of this fate, without its name and number. */
static void put_words(struct line *line, const struct run_unknown *unknown, enum fate fate,
		      const struct roster_record *record)
{
	bool main = roster_pid(record) == unknown->main;
	const char *signal = main && unknown->signal ? signal_name(unknown->signal) : NULL;

	switch (fate) {
	case FATE_UNTRACED:
		line_add(line, "was executed without the tracer (");
		line_add(line, reason_of(record));
		line_add(line, "): nothing is known of it");
		break;
	case FATE_SILENT:
		line_add(line, signal                     ? "was ended by SIG"
			       : main && !unknown->signal ? "ended unseen by its tracer,"
							  : "was killed, or crashed,");
		line_add(line, signal ? signal : "");
		line_add(line, " before it could tell what it had open");
		break;
	case FATE_UNWRITTEN:
		line_add(line, "could not write its snapshot: ");
		line_add(line, strerror(record->error));
		break;
	case FATE_ALIVE:
		line_add(line, "still runs");
		break;
	case FATE_ELSEWHERE:
		line_add(line, "could not write its snapshot to its file (");
		line_add(line, strerror(record->file_error));
		line_add(line, "): it is in this report alone");
		break;
	case FATE_KNOWN:
		break;
	}
}

/* Adds the name of the program, from a record that may hold anything. */
static void put_name(struct line *line, enum fate fate, const struct roster_record *record)
{
	char file[sizeof(record->file)], program[sizeof(record->program)];

	snprintf(file, sizeof(file), "%.*s", (int)sizeof(file) - 1, record->file);
	snprintf(program, sizeof(program), "%.*s", (int)sizeof(program) - 1, record->program);
	bool executed = fate == FATE_UNTRACED && *file;
	line_quote(line, executed ? file : program);
	if (fate == FATE_UNTRACED && !*file && atomic_load(&record->state) == ROSTER_EXECUTING)
		line_add(line, "'s next program");
}

struct sentence {
	char name[256], words[256];
	int pid;
	size_t count;
};

/* The sentence with these words, or the number of sentences. */
static size_t sentence_find(const struct sentence *sentences, size_t count, const char *name,
			    const char *words)
{
	size_t at = 0;

	while (at < count &&
	       (strcmp(sentences[at].name, name) != 0 || strcmp(sentences[at].words, words) != 0))
		at++;
	return at;
}

/* Prints the processes of one fate under a heading; those with the same words share a line. Returns
 * their number. */
static size_t print_fate(const struct run_unknown *unknown, enum fate fate, const char *heading,
			 FILE *file)
{
	struct sentence sentences[LISTED];
	size_t used = 0, total = 0, unlisted = 0;

	for (size_t i = 0; i < roster_end(unknown->roster->header); i++) {
		const struct roster_record *record = &unknown->roster->header->records[i];
		LINE(name, 256);
		LINE(words, 256);

		if (fate_of(unknown, record) != fate)
			continue;
		total++;
		put_name(&name, fate, record);
		put_words(&words, unknown, fate, record);
		size_t at = sentence_find(sentences, used, name.text, words.text);
		if (at == LISTED) {
			unlisted++;
			continue;
		}
		if (at == used) {
			struct sentence *new = &sentences[used++];

			memcpy(new->name, name.text, name.length + 1);
			memcpy(new->words, words.text, words.length + 1);
			new->pid = roster_pid(record);
			new->count = 0;
		}
		sentences[at].count++;
	}
	if (total)
		fprintf(file, "%s:\n", heading);
	for (size_t i = 0; i < used; i++) {
		const struct sentence *sentence = &sentences[i];

		fprintf(file, "  %s", sentence->name);
		if (sentence->count > 1)
			fprintf(file, " (%zu times)", sentence->count);
		else if (sentence->pid)
			fprintf(file, ", process %d,", sentence->pid);
		fprintf(file, " %s\n", sentence->words);
	}
	if (unlisted)
		fprintf(file, "  and %zu more\n", unlisted);
	return total;
}

void run_unknown_settle(const struct run_roster *roster)
{
	for (int waited = 0; waited < SETTLE_MS; waited += NAP_MS) {
		bool any = false;

		for (size_t i = 0; i < roster_end(roster->header) && !any; i++) {
			const struct roster_record *record = &roster->header->records[i];
			uint32_t state = atomic_load(&record->state);

			any = (state == ROSTER_EXECUTING && record->reason == ROSTER_NO_REASON &&
			       (roster_pid(record) == 0 || run_roster_lives(record))) ||
			      (state == ROSTER_TAKEN && run_roster_lives(record));
		}
		if (!any)
			return;
		nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000L}, NULL);
	}
}

size_t run_unknown_print(const struct run_unknown *unknown, FILE *file)
{
	uint32_t lost = atomic_load(&unknown->roster->header->lost);
	size_t total = print_fate(unknown, FATE_UNTRACED, "not traced", file);

	total += print_fate(unknown, FATE_SILENT, "not reported", file);
	total += print_fate(unknown, FATE_UNWRITTEN, "not written", file);
	total += print_fate(unknown, FATE_ALIVE, "not ended", file);
	print_fate(unknown, FATE_ELSEWHERE, "not in a file", file);
	if (lost)
		fprintf(file, "%u more processes could not be followed: too many ran at once\n",
			lost);
	return total + lost;
}
