// SPDX-License-Identifier: MIT
/*
 * See options.h. This code runs before main, and in the worst case inside the program's malloc, so
 * it makes no libc call that allocates or uses a locale.
 */
#include "options.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/signal_name.h"
#include "preload/core/snapshot/kind.h"
#include "preload/core/snapshot/snapshot.h"
#include "stderr_lines.h"

#define PREFIX "FDTRAIL_"

/* A parser stores the value of an option. False: the text is not accepted, and nothing was
 * changed. */
typedef bool parser(struct options *options, const char *value);

static bool number(const char *value, uint64_t most, uint64_t *result)
{
	uint64_t sum = 0;

	if (!*value)
		return false;
	for (; *value; value++) {
		if (*value < '0' || *value > '9' || sum > most)
			return false;
		sum = sum * 10 + (uint64_t)(*value - '0');
	}
	*result = sum;
	return sum <= most;
}

static bool boolean(const char *value, bool *result)
{
	if ((*value != '0' && *value != '1') || value[1])
		return false;
	*result = *value == '1';
	return true;
}

static bool parse_output(struct options *options, const char *value)
{
	LINE(path, LINE_LONG);
	char here[PATH_MAX];

	if (strcmp(value, "stderr") == 0) {
		options->output[0] = '\0';
		return true;
	}
	if (!*value)
		return false;
	for (const char *at = value; (at = strchr(at, '%')); at += 2)
		if (!at[1] || !strchr("penth%", at[1]))
			return false;
	/* A relative path is made absolute, because the program may change its directory. */
	if (*value != '/' && RAW(getcwd, here, sizeof(here)) > 0) {
		for (const char *at = here; *at; at++)
			line_bytes(&path, *at == '%' ? "%%" : at, *at == '%' ? 2 : 1);
		line_add(&path, "/");
	}
	line_add(&path, value);
	if (path.length >= sizeof(options->output))
		return false;
	memcpy(options->output, path.text, path.length + 1);
	return true;
}

/* Not accepted: 32 and 33, which the C library uses itself; KILL and STOP, which can't have a
 * handler; and signals that report a fault, because a fault would look like a request. */
static bool may_request(int signal)
{
	return signal > 0 && !(signal >= 32 && signal < SIGRTMIN) && signal != SIGKILL &&
	       signal != SIGSTOP && signal != SIGSEGV && signal != SIGBUS && signal != SIGFPE &&
	       signal != SIGILL && signal != SIGABRT;
}

static bool parse_signal(struct options *options, const char *value)
{
	uint64_t given;
	int signal;

	if (strcmp(value, "none") == 0) {
		options->signal = 0;
		return true;
	}
	const char *name = strncmp(value, "SIG", 3) == 0 ? value + 3 : value;

	if (number(value, SIGRTMAX, &given)) {
		signal = (int)given;
	} else if (strncmp(name, "RTMIN", 5) == 0) {
		given = 0;
		if (name[5] && (name[5] != '+' || !number(name + 6, 30, &given)))
			return false;
		signal = SIGRTMIN + (int)given;
	} else {
		signal = signal_number(name);
	}
	if (signal > SIGRTMAX || !may_request(signal))
		return false;
	options->signal = signal;
	return true;
}

int options_signal(const char *value)
{
	static struct options options;

	return parse_signal(&options, value) ? options.signal : -1;
}

static bool parse_kinds(struct options *options, const char *value)
{
	const char *bad;
	size_t length;
	uint64_t kinds;

	if (!kind_parse(value, &kinds, &bad, &length) || !kinds)
		return false;
	options->kinds = kinds;
	return true;
}

static bool parse_exitcode(struct options *options, const char *value)
{
	uint64_t code;

	if (!number(value, 255, &code))
		return false;
	options->exitcode = (int)code;
	return true;
}

/* A number of descriptors, or a part of the limit on them. */
static bool parse_descriptors(const char *value, uint32_t *count)
{
	size_t length = strlen(value);
	struct rlimit limit = {0};
	char digits[16];
	uint64_t given;

	if (length && length < sizeof(digits) && value[length - 1] == '%') {
		memcpy(digits, value, length - 1);
		digits[length - 1] = '\0';
		if (!number(digits, 100, &given))
			return false;
		RAW(prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
		given = limit.rlim_cur / 100 * given + limit.rlim_cur % 100 * given / 100;
		*count = given > UINT32_MAX ? UINT32_MAX : (uint32_t)given;
		return true;
	}
	if (!number(value, INT32_MAX, &given))
		return false;
	*count = (uint32_t)given;
	return true;
}

static bool parse_threshold(struct options *options, const char *value)
{
	return parse_descriptors(value, &options->threshold);
}

static bool parse_arm(struct options *options, const char *value)
{
	return parse_descriptors(value, &options->arm);
}

static bool parse_interval(struct options *options, const char *value)
{
	uint64_t seconds;

	if (!number(value, INT32_MAX, &seconds))
		return false;
	options->interval = (uint32_t)seconds;
	return true;
}

static bool parse_depth(struct options *options, const char *value)
{
	uint64_t depth;

	if (!number(value, STACK_DEPTH_MAX, &depth) || !depth)
		return false;
	options->depth = (uint32_t)depth;
	return true;
}

static bool parse_closers(struct options *options, const char *value)
{
	uint64_t closers;

	if (!number(value, OPTION_CLOSERS_MOST, &closers))
		return false;
	options->closers = (uint32_t)closers;
	return true;
}

static bool parse_show(struct options *options, const char *value)
{
	uint64_t show;

	if (strcmp(value, "all") == 0)
		options->show = SNAPSHOT_SHOW_ALL;
	else if (strcmp(value, "auto") == 0)
		options->show = OPTION_AUTO;
	else if (number(value, INT32_MAX, &show))
		options->show = (uint32_t)show;
	else
		return false;
	return true;
}

static bool parse_misuse(struct options *options, const char *value)
{
	static const char *const words[] = {
		[MISUSE_OFF] = "off",
		[MISUSE_REPORTS] = "report",
		[MISUSE_ABORTS] = "abort",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(value, words[i]) == 0) {
			options->misuse = (enum option_misuse)i;
			return true;
		}
	return false;
}

static bool parse_used_by(struct options *options, const char *value)
{
	static const char *const words[] = {
		[USES_OFF] = "off",
		[USES_BEFORE] = "before",
		[USES_ALL] = "all",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(value, words[i]) == 0) {
			options->used_by = (enum use_mode)i;
			return true;
		}
	return false;
}

static bool parse_only(struct options *options, const char *value)
{
	options->only = value;
	return *value != '\0';
}

static bool parse_mark_file(struct options *options, const char *value)
{
	bool none = strcmp(value, "none") == 0;

	if ((!none && *value != '/') || strlen(value) >= PATH_MAX)
		return false;
	options->mark_file = none ? NULL : value;
	return true;
}

#define BOOLEAN(field)                                                                             \
	static bool parse_##field(struct options *options, const char *value)                      \
	{                                                                                          \
		return boolean(value, &options->field);                                            \
	}
BOOLEAN(exit)
BOOLEAN(emfile)
BOOLEAN(inherited)
BOOLEAN(exec_stacks)
BOOLEAN(peaks)
BOOLEAN(redact)
BOOLEAN(spread)
BOOLEAN(verbose)

static const struct option {
	const char *name;
	parser *parse;
	const char *standard;
	const char *accepted;
} table[] = {
#define OPTION(name, field, standard, accepted, help) {#name, parse_##field, standard, accepted},
#include "options.list"
#undef OPTION
};

enum { OPTIONS = sizeof(table) / sizeof(*table) };

/* The text after "FDTRAIL_<name>=", or NULL if variable is another one. */
static const char *value_of(const char *variable, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(variable, PREFIX, strlen(PREFIX)) != 0)
		return NULL;
	variable += strlen(PREFIX);
	return strncmp(variable, name, length) == 0 && variable[length] == '='
		       ? variable + length + 1
		       : NULL;
}

static void refuse_value(const struct option *option, const char *value)
{
	LINE(line, LINE_LONG);

	line_add(&line, PREFIX);
	line_add(&line, option->name);
	line_add(&line, "=");
	line_quote(&line, value);
	line_add(&line, " is not accepted: ");
	line_add(&line, option->accepted);
	line_add(&line, "; using ");
	line_add(&line, option->standard);
	message(&line);
}

static void refuse_name(const char *variable)
{
	LINE(line, LINE_LONG);
	LINE(shown, 128);

	line_add(&shown, variable);
	if (strchr(shown.text, '='))
		*strchr(shown.text, '=') = '\0';
	line_quote(&line, shown.text);
	line_add(&line, " is not an option and is ignored; the options are");
	for (int i = 0; i < OPTIONS; i++) {
		line_add(&line, i ? ", " : " " PREFIX "...: ");
		line_add(&line, table[i].name);
	}
	message(&line);
}

void options_read(struct options *options, char **environ)
{
	for (int i = 0; i < OPTIONS; i++)
		table[i].parse(options, table[i].standard);
	for (char **variable = environ; variable && *variable; variable++) {
		bool known = strncmp(*variable, PREFIX, strlen(PREFIX)) != 0 ||
			     value_of(*variable, "RUN");

		for (int i = 0; i < OPTIONS && !known; i++) {
			const char *value = value_of(*variable, table[i].name);
			if (!value)
				continue;
			known = true;
			if (!table[i].parse(options, value)) {
				table[i].parse(options, table[i].standard);
				refuse_value(&table[i], value);
			}
		}
		if (!known)
			refuse_name(*variable);
	}
}

bool options_accept(const char *name, const char *value)
{
	struct options probe;

	for (int i = 0; i < OPTIONS; i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].parse(&probe, value);
	return false;
}

/* The value of FDTRAIL_<name>; NULL if it is not set or empty. */
static const char *find_value(char **environ, const char *name)
{
	for (char **variable = environ; variable && *variable; variable++) {
		const char *value = value_of(*variable, name);
		if (value && *value)
			return value;
	}
	return NULL;
}

const char *options_only(char **environ)
{
	const char *value = find_value(environ, "ONLY");

	return value ? value : "*";
}

const char *options_roster(char **environ)
{
	return find_value(environ, "RUN");
}

static bool match(const char *pattern, const char *end, const char *name)
{
	while (pattern < end) {
		if (*pattern == '*') {
			while (pattern < end && *pattern == '*')
				pattern++;
			if (pattern == end)
				return true;
			for (; *name; name++)
				if (match(pattern, end, name))
					return true;
			return false;
		}
		if (!*name || (*pattern != '?' && *pattern != *name))
			return false;
		pattern++, name++;
	}
	return !*name;
}

bool options_match(const char *list, const char *name)
{
	for (;;) {
		const char *end = strchrnul(list, ',');

		if (match(list, end, name))
			return true;
		if (!*end)
			return false;
		list = end + 1;
	}
}

void options_print(const struct options *options, char **environ)
{
	for (int i = 0; i < OPTIONS; i++) {
		LINE(line, LINE_LONG);
		const char *given = NULL, *value;

		for (char **variable = environ; variable && *variable; variable++)
			if ((value = value_of(*variable, table[i].name)))
				given = value;
		struct options probe = *options;
		if (given && !table[i].parse(&probe, given))
			given = NULL;
		line_add(&line, PREFIX);
		line_add(&line, table[i].name);
		line_add(&line, "=");
		line_quote(&line, given ? given : table[i].standard);
		line_add(&line, given ? "" : " (default)");
		message(&line);
	}
}
