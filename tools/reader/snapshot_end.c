// SPDX-License-Identifier: MIT
/* See snapshot_end.h. */
#include "snapshot_end.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "preload/core/policy/signal_use.h"
#include "scan.h"

static bool take_end(struct scan line, struct process_end *end)
{
	int64_t number = 0;

	for (int kind = 0; kind < PROCESS_END_COUNT; kind++) {
		struct scan at = line;

		if (!scan_words(&at, process_end_word((enum process_end_kind)kind)))
			continue;
		if (kind == PROCESS_SIGNAL &&
		    !(scan_words(&at, " ") && scan_number(&at, &number) && number <= INT32_MAX))
			continue;
		if (!scan_at_end(&at))
			continue;
		*end = (struct process_end){(enum process_end_kind)kind, (int)number};
		return true;
	}
	return false;
}

/* "exit with status 0", "quick_exit", "SIGTERM, which ends the program" */
static struct process_end end_of_reason(const char *why)
{
	static const struct {
		const char *words;
		enum process_end_kind kind;
	} begins[] = {
		{"exit with status ", PROCESS_EXIT},
		{"_exit with status ", PROCESS__EXIT},
		{"quick_exit", PROCESS_QUICK_EXIT},
	};
	static const char by_signal[] = ", which ends the program";
	struct scan line = {why, why + strlen(why)};
	int64_t number = 0;

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (strncmp(why, begins[i].words, strlen(begins[i].words)) == 0)
			return (struct process_end){.kind = begins[i].kind};
	if (!strstr(why, by_signal))
		return (struct process_end){.kind = PROCESS_RUNS_ON};
	if (!scan_words(&line, "signal ") || !scan_number(&line, &number) || number > INT32_MAX)
		number = 0;
	return (struct process_end){PROCESS_SIGNAL, (int)number};
}

struct process_end snapshot_end(const char *value, const char *why)
{
	struct process_end end = {.kind = PROCESS_RUNS_ON};

	if (value && take_end((struct scan){value, value + strlen(value)}, &end))
		return end;
	return why ? end_of_reason(why) : end;
}

bool snapshot_is_own_signal(const char *why)
{
	return why && strstr(why, SIGNAL_OF_PROGRAM);
}
