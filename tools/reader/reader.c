// SPDX-License-Identifier: MIT
/*
 * See reader.h. This file finds where snapshots begin and end; assembly.c takes the lines between.
 */
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assembly.h"
#include "tools/model/escape.h"
#include "lines.h"

/* The format's number stands after one of each; the second are those of the first snapshots. */
static const char *const first_words[] = {"fdtrail snapshot, format ", "fdtrail snapshot "};
static const char *const last_words[] = {"end of fdtrail snapshot, format ",
					 "end of fdtrail snapshot "};

struct reader {
	struct lines lines;
	const char *name;
	const char *verb; /* from reader_open(); or NULL */
	size_t count;     /* snapshots that were returned */
	struct assembly assembly;
	bool waiting; /* the line in lines has not been processed yet */
	/* A line that may be output without a newline, joined with the first line of a snapshot:
	 * the next line decides. NULL: there is none. */
	char *held;
	size_t held_length, held_number;
};

struct reader *reader_create(FILE *file, const char *name)
{
	struct reader *reader = memory_array(NULL, 1, sizeof(*reader));

	*reader = (struct reader){.lines = {.file = file}, .name = name};
	return reader;
}

struct reader *reader_open(const char *path, const char *verb)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *file = is_input ? stdin : fopen(path, "re");
	struct reader *reader;

	if (!file) {
		fprintf(stderr, "fdtrail %s: can't open ", verb);
		escape_put_word(stderr, path);
		fprintf(stderr, ": %s\n", strerror(errno));
		return NULL;
	}
	reader = reader_create(file, is_input ? "standard input" : path);
	reader->verb = verb;
	return reader;
}

static void close_file(struct reader *reader)
{
	if (reader->lines.file != stdin)
		fclose(reader->lines.file);
	reader_destroy(reader);
}

bool reader_close_if_empty(struct reader *reader)
{
	if (reader->lines.error || reader->lines.number || reader->count)
		return false;
	close_file(reader);
	return true;
}

bool reader_close(struct reader *reader)
{
	int error = reader->lines.error;
	bool good = !error && reader->count;

	if (!good) {
		fprintf(stderr, error ? "fdtrail %s: can't read " : "fdtrail %s: ", reader->verb);
		escape_put_word(stderr, reader->name);
		if (error)
			fprintf(stderr, ": %s\n", strerror(error));
		else if (!reader->lines.number)
			fputs(" is empty\n", stderr);
		else
			fputs(": no snapshot is in it; a snapshot begins with the line "
			      "'fdtrail snapshot, format 1'\n",
			      stderr);
	}
	close_file(reader);
	return good;
}

void reader_destroy(struct reader *reader)
{
	if (!reader)
		return;
	assembly_destroy(&reader->assembly);
	lines_finish(&reader->lines);
	free(reader->held);
	free(reader);
}

/* The number at the end of the line, after either of these words; 0 if the line does not end so. */
static int64_t number_at_end(struct scan line, const char *const words[2])
{
	const char *at = line.end;

	while (at > line.at && at[-1] >= '0' && at[-1] <= '9')
		at--;
	for (int i = 0; i < 2; i++) {
		size_t length = strlen(words[i]);
		struct scan rest = {at - length, line.end};
		int64_t number = 0;

		if ((size_t)(at - line.at) >= length && scan_words(&rest, words[i]) &&
		    scan_number(&rest, &number))
			return number;
	}
	return 0;
}

/* Whether the line begins with any of these words. */
static bool begins_with(struct scan line, const char *const words[2])
{
	return scan_words(&line, words[0]) || scan_words(&line, words[1]);
}

/* Processes a line that may be part of the snapshot. True if it ends the snapshot, also if the
 * program's output without a newline precedes it. */
static bool take_line(struct reader *reader, struct scan line)
{
	bool ends = number_at_end(line, last_words) > 0;

	if (scan_at_end(&line))
		return false;
	if (!(ends && begins_with(line, last_words)) && assembly_line(&reader->assembly, line))
		return false;
	if (ends)
		reader->assembly.snapshot->whole = true;
	else
		reader->assembly.snapshot->unknown_lines++;
	return ends;
}

/* Keeps the line until the next one has been read. */
static void hold(struct reader *reader)
{
	reader->held = memory_array(NULL, reader->lines.length, 1);
	reader->held_length = reader->lines.length;
	reader->held_number = reader->lines.number;
	memcpy(reader->held, reader->lines.buffer, reader->lines.length);
}

static struct scan held_line(const struct reader *reader)
{
	if (!reader->held)
		return (struct scan){first_words[0], first_words[0]};
	return (struct scan){reader->held, reader->held + reader->held_length};
}

static void release(struct reader *reader)
{
	free(reader->held);
	reader->held = NULL;
}

static struct model_snapshot *finish(struct reader *reader)
{
	reader->count++;
	return assembly_finish(&reader->assembly);
}

/* Processes the held line, if there is one, and the line in lines. Returns the snapshot that they
 * end, or NULL. If the line begins the next snapshot, waiting is set and the line is processed
 * again. */
static struct model_snapshot *look(struct reader *reader)
{
	struct scan line = {reader->lines.buffer, reader->lines.buffer + reader->lines.length};
	struct scan held = held_line(reader), at = line;
	int64_t version = number_at_end(line, first_words);

	reader->waiting = false;
	if (reader->held && scan_words(&at, "why: ")) {
		if (reader->assembly.snapshot)
			goto next_begins;
		assembly_begin(&reader->assembly, reader->name, reader->held_number,
			       number_at_end(held, first_words));
	} else if (reader->held && reader->assembly.snapshot) {
		take_line(reader, held);
	}
	release(reader);

	/* The file's last line without a newline is truncated, unless it ends the snapshot. */
	if (!reader->lines.ended && !number_at_end(line, last_words))
		return NULL;
	if (version > 0 && begins_with(line, first_words)) {
		if (reader->assembly.snapshot)
			goto next_begins;
		assembly_begin(&reader->assembly, reader->name, reader->lines.number, version);
	} else if (version > 0 && !number_at_end(line, last_words)) {
		hold(reader);
	} else if (reader->assembly.snapshot && take_line(reader, line)) {
		return finish(reader);
	}
	return NULL;

next_begins:
	reader->waiting = true;
	return finish(reader);
}

struct model_snapshot *reader_next(struct reader *reader)
{
	struct model_snapshot *snapshot;

	while (reader->waiting || lines_next(&reader->lines)) {
		snapshot = look(reader);
		if (snapshot)
			return snapshot;
	}
	if (reader->assembly.snapshot) {
		if (reader->held)
			take_line(reader, held_line(reader));
		release(reader);
		return finish(reader);
	}
	errno = reader->lines.error;
	return NULL;
}
