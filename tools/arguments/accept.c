// SPDX-License-Identifier: MIT
/* See accept.h. */
#include "accept.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/snapshot/kind.h"
#include "tools/model/escape.h"
#include "tools/reader/scan.h"
#include "nearest.h"

/* Begins the message before exit(3). */
static void put_refused(const struct accept *accept, const char *option, const char *value)
{
	fprintf(stderr, "%s%s", accept->prefix, option);
	escape_put(stderr, value);
	fputs(" is not accepted: ", stderr);
}

_Noreturn void accept_refuse(const struct accept *accept, const char *option, const char *value,
			     const char *accepted)
{
	put_refused(accept, option, value);
	fprintf(stderr, "%s\n", accepted);
	exit(accept->trouble);
}

_Noreturn void accept_refuse_format(const struct accept *accept, const char *name,
				    const char *(*name_of)(size_t index), size_t count)
{
	fprintf(stderr, "%sthere is no format '%s'", accept->prefix, name);
	fputs(nearest_say(stderr, name, name_of, count) ? "There are" : "there are", stderr);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "%s %s", i ? "," : "", name_of(i));
	fputc('\n', stderr);
	exit(accept->trouble);
}

int64_t accept_number(const struct accept *accept, const char *option, const char *value,
		      int64_t least, int64_t most, const char *accepted)
{
	struct scan scan = {value, value + strlen(value)};
	int64_t number;

	if (!scan_number(&scan, &number) || !scan_at_end(&scan) || number < least || number > most)
		accept_refuse(accept, option, value, accepted);
	return number;
}

int accept_number_or_all(const struct accept *accept, const char *option, const char *value)
{
	if (strcmp(value, "all") == 0)
		return ACCEPT_ALL;
	return (int)accept_number(accept, option, value, 0, INT32_MAX, "a number, or all");
}

int accept_pid(const struct accept *accept, const char *value)
{
	struct scan scan = {value, value + strlen(value)};
	int64_t pid;

	if (scan_number(&scan, &pid) && scan_at_end(&scan) && pid > 0 && pid <= INT32_MAX)
		return (int)pid;
	fprintf(stderr, "%snot a process id: '", accept->prefix);
	escape_put(stderr, value);
	fputs("'\n", stderr);
	exit(accept->trouble);
}

/* Returns false if text isn't a time. */
static bool parse_time(const char *text, double *seconds)
{
	static const struct {
		char letter;
		int seconds;
	} units[] = {{'d', 24 * 3600}, {'h', 3600}, {'m', 60}, {'s', 1}};
	enum { UNITS = sizeof(units) / sizeof(*units) };
	size_t least = 0; /* index of the longest unit that may follow */
	double total = 0;

	if (!*text)
		return false;
	while (*text) {
		size_t length = strspn(text, "0123456789."), unit = least;
		char *end;
		double value = strtod(text, &end);

		/* strtod(3) also takes "0x10", "1e9" and "nan". */
		if (!isdigit((unsigned char)*text) || end != text + length || value > 1e12)
			return false;
		if (!*end && least == 0) {
			*seconds = value;
			return true;
		}
		while (unit < UNITS && units[unit].letter != *end)
			unit++;
		if (unit == UNITS)
			return false;
		total += value * units[unit].seconds;
		least = unit + 1;
		text = end + 1;
	}
	*seconds = total;
	return true;
}

double accept_time(const struct accept *accept, const char *option, const char *value)
{
	double seconds;

	if (!parse_time(value, &seconds))
		accept_refuse(accept, option, value, "a time as in 90, 90s, 5m, 2h, 3d or 1h30m");
	return seconds;
}

enum { KIND_NAMES = KIND_COUNT + 2 };

const char *accept_kind_name(size_t index)
{
	return index >= KIND_NAMES ? NULL
	       : index == 0        ? "all"
	       : index == 1        ? "sockets"
				   : kind_name((enum kind)(index - 2));
}

uint64_t accept_kinds(const struct accept *accept, const char *option, const char *value)
{
	char *unknown;
	const char *bad;
	uint64_t kinds;
	size_t length;

	if (kind_parse(value, &kinds, &bad, &length))
		return kinds;
	put_refused(accept, option, value);
	if ((unknown = strndup(bad, length)) != NULL) {
		fputs("not a kind: '", stderr);
		escape_put(stderr, unknown);
		fputc('\'', stderr);
		fputs(nearest_say(stderr, unknown, accept_kind_name, KIND_NAMES) ? "Kinds are"
										 : "kinds are",
		      stderr);
		free(unknown);
	}
	for (size_t i = 0; i < KIND_NAMES; i++)
		fprintf(stderr, "%s %s", i ? "," : "", accept_kind_name(i));
	fputc('\n', stderr);
	exit(accept->trouble);
}

int accept_word(const struct accept *accept, const char *option, const char *value,
		const char *const *words, int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], value) == 0)
			return i;
	put_refused(accept, option, value);
	for (int i = 0; i < count; i++)
		fprintf(stderr, "%s%s", words[i],
			i + 2 < count    ? ", "
			: i + 2 == count ? " or "
					 : "\n");
	exit(accept->trouble);
}
