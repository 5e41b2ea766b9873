// SPDX-License-Identifier: MIT
/* See redact_lines.h, and README.md for the grammar of the lines. */
#include "redact_lines.h"

#include <string.h>

#include "preload/core/base/base_name.h"
#include "preload/core/redact/redact_text.h"

static const char said[] = "redacted: arguments, host, user, addresses and names in home folders\n";

struct redaction {
	struct redact_output output; /* of the pieces: to the writer, or nowhere */
	struct substitutes *substitutes;
	const char *program;
	struct writer *writer; /* NULL: the first time, which only learns names */
	bool in_header;
};

static void put(struct redaction *redaction, const char *bytes, size_t size)
{
	if (redaction->writer)
		writer_put(redaction->writer, bytes, size);
}

static void put_piece(struct redact_output *output, const char *bytes, size_t size)
{
	put((struct redaction *)output, bytes, size);
}

static void put_text(struct redaction *redaction, const char *text, enum redact_form form)
{
	redact_text(redaction->substitutes, text, form, redaction->program, &redaction->output);
}

/* The same for the text that begins at at; the line before it stays. */
static void put_text_after(struct redaction *redaction, const char *line, const char *at)
{
	put(redaction, line, (size_t)(at - line));
	put_text(redaction, at, REDACT_LINE);
}

/* Whether the last component of a path stays, found out while the pieces come. */
struct last_part {
	struct redact_output output;
	const char *name; /* as it was */
	size_t length;    /* so much of it has come */
	bool same;
};

static void compare(struct redact_output *output, const char *bytes, size_t size)
{
	struct last_part *last = (struct last_part *)output;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '/') {
			last->length = 0;
			last->same = true;
		} else {
			last->same = last->same && last->name[last->length] == bytes[i];
			last->length += last->same;
		}
	}
}

/* The file's name of a module, or a source file, in a home stands alone in headings: "opened in
 * libown.so+0x12". */
static void learn_file(const struct redaction *redaction, const char *path)
{
	struct last_part last = {.output.put = compare, .name = base_name(path), .same = true};

	if (redaction->writer || !*last.name)
		return;
	redact_text(redaction->substitutes, path, REDACT_PATH, redaction->program, &last.output);
	if (!last.same || last.name[last.length])
		substitutes_everywhere(redaction->substitutes, SUBSTITUTE_NAME, last.name,
				       strlen(last.name));
}

/* The end of the word that begins at text. */
static char *word_end(char *text)
{
	if (*text != '"')
		return text + strcspn(text, " ,)");
	for (text++; *text && *text != '"'; text++)
		if (*text == '\\' && text[1])
			text++;
	return *text ? text + 1 : text;
}

/* Calls learn_file for the path in the word from start to end, which may be quoted. */
static void learn_word(const struct redaction *redaction, char *start, char *end)
{
	if (*start == '"' && end - start >= 2) {
		start++;
		end--;
	}
	char kept = *end;

	*end = '\0';
	learn_file(redaction, start);
	*end = kept;
}

/* "    #1 0x7f00 in main (/srv/demo+0x1631) (BuildId: aa11)", of which at is "0x7f00 ...". */
static void native_frame(struct redaction *redaction, char *line, char *at)
{
	char *end = NULL, *next = at;

	at += strcspn(at, " ");
	if (strncmp(at, " in ", 4) == 0)
		at = word_end(at + 4);
	while ((next = strstr(next, "+0x")))
		end = next++;
	if (strncmp(at, " (", 2) != 0 || !end || end < at + 2) {
		put(redaction, line, strlen(line));
		return;
	}
	at += 2;
	put(redaction, line, (size_t)(at - line));
	*end = '\0';
	learn_file(redaction, at);
	put_text(redaction, at, REDACT_PATH);
	*end = '+';
	put(redaction, end, strlen(end));
}

/* "    #1 in fetch /srv/client.py:6 (python)", of which at is "in fetch ...". */
static void language_frame(struct redaction *redaction, char *line, char *at)
{
	char *file = word_end(at + 3), *end;

	put(redaction, line, (size_t)(file - line));
	if (*file == ' ' && file[1] != '(') {
		end = word_end(file + 1);
		/* The line's number follows the last colon, outside of quotes. */
		if (file[1] != '"') {
			while (end > file + 1 && *end != ':')
				end--;
			end = end > file + 1 ? end : word_end(file + 1);
		}
		learn_word(redaction, file + 1, end);
	}
	put_text(redaction, file, REDACT_LINE);
}

static void frame(struct redaction *redaction, char *line)
{
	char *at = strchr(line + 5, ' '); /* after the index */

	if (at && strncmp(at, " 0x", 3) == 0)
		native_frame(redaction, line, at + 1);
	else if (at && strncmp(at, " in ", 4) == 0)
		language_frame(redaction, line, at + 1);
	else
		put_text(redaction, line, REDACT_LINE);
}

/* Puts an argument without its quotes. */
static void argument(struct redaction *redaction, const char *text)
{
	const char *word;

	if (!redaction->writer) {
		redact_learn_argument(redaction->substitutes, text);
		return;
	}
	word = substitutes_for(redaction->substitutes, SUBSTITUTE_ARGUMENT, text, strlen(text));
	put(redaction, word, strlen(word));
}

/* Puts the word from start to end: the program's path if it is the first one, else an argument. */
static void command_word(struct redaction *redaction, char *start, char *end, bool first)
{
	bool quoted = *start == '"' && end - start >= 2;
	char *last = end - quoted, kept = *last;

	if (first)
		learn_word(redaction, start, end);
	*last = '\0';
	if (first) {
		put(redaction, start, quoted);
		put_text(redaction, start + quoted, REDACT_PATH);
		put(redaction, start, quoted);
	} else {
		argument(redaction, start + quoted);
	}
	*last = kept;
}

/* "command: /srv/demo --token=1 (cut)" */
static void command(struct redaction *redaction, char *line)
{
	char *at = strchr(line, ' '), *end;

	put(redaction, line, (size_t)(at - line));
	for (bool first = true; *at; first = false, at = end) {
		put(redaction, at, 1);
		if (strcmp(++at, "(cut)") == 0) {
			put(redaction, at, strlen(at));
			return;
		}
		end = word_end(at);
		command_word(redaction, at, end, first);
	}
}

static void host(struct redaction *redaction, const char *line, const char *name)
{
	const char *word;

	if (!redaction->writer) {
		redact_learn_host(redaction->substitutes, name);
		return;
	}
	word = substitutes_for(redaction->substitutes, SUBSTITUTE_HOST, name, strlen(name));
	put(redaction, line, (size_t)(name - line));
	put(redaction, word, strlen(word));
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void header_line(struct redaction *redaction, char *line)
{
	if (begins(line, "command: "))
		command(redaction, line);
	else if (begins(line, "host: "))
		host(redaction, line, line + strlen("host: "));
	else if (begins(line, "why: ") || begins(line, "limit reached: ") ||
		 begins(line, "process: ") || begins(line, "asked in: "))
		put_text_after(redaction, line, strchr(line, ' '));
	else
		put(redaction, line, strlen(line));
}

/* "  3, 0.2s after the start, 2 open: test_login" */
static void counted_line(struct redaction *redaction, char *line)
{
	char *mark = strstr(line, " after the start, ");

	mark = mark ? strstr(mark, " open: ") : NULL;
	put_text_after(redaction, line, mark ? mark + strlen(" open: ") : line + 2);
}

/* "  0x55e713bb7000-0x55e713bbb130 /srv/demo, BuildId aa11" */
static void module_line(struct redaction *redaction, char *line)
{
	char *at = strchr(line + 2, ' ');

	if (at)
		learn_word(redaction, at + 1, word_end(at + 1));
	put_text(redaction, line, REDACT_LINE);
}

static void other_line(struct redaction *redaction, char *line)
{
	if (begins(line, "group ") || begins(line, "misuse ") || begins(line, "peak "))
		put_text(redaction, line, REDACT_SENTENCE);
	else if (begins(line, "    #"))
		frame(redaction, line);
	else if (begins(line, "  0x"))
		module_line(redaction, line);
	else if ((begins(line, "    ") && is_digit(line[4])) || begins(line, "  note: "))
		put_text(redaction, line, REDACT_ABOUT_FD);
	else if (begins(line, "  ") && is_digit(line[2]))
		counted_line(redaction, line);
	else
		put(redaction, line, strlen(line)); /* our own words only */
}

static void walk(struct redaction *redaction, char *text, size_t size)
{
	redaction->in_header = true;
	for (char *line = text, *end; size; size -= (size_t)(end - line) + 1, line = end + 1) {
		end = memchr(line, '\n', size);
		if (!end)
			return;
		*end = '\0';
		if (!*line && redaction->in_header) {
			put(redaction, said, sizeof(said) - 1);
			redaction->in_header = false;
		}
		if (redaction->in_header)
			header_line(redaction, line);
		else
			other_line(redaction, line);
		*end = '\n';
		put(redaction, end, 1);
	}
}

bool redact_lines(struct substitutes *substitutes, char *text, size_t size, const char *program,
		  struct writer *writer)
{
	struct redaction redaction = {
		.output.put = put_piece,
		.substitutes = substitutes,
		.program = program,
	};

	walk(&redaction, text, size);
	redaction.writer = writer;
	walk(&redaction, text, size);
	return !substitutes_failed(substitutes);
}
