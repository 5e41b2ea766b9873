// SPDX-License-Identifier: MIT
/*
 * See command_line.h. The words are checked before argp_parse(3) sees them, by the rules of
 * getopt_long(3): "--" ends the options, a long option may be abbreviated if that is unambiguous,
 * and a value may be the next word.
 */
#include "command_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/escape.h"
#include "nearest.h"

/* All options of a parser and of its children. Static, because nearest() asks for names by index
 * alone. */
static const struct argp_option **known;
static size_t known_count;

static const struct argp_option of_argp[] = {
	{.name = "help", .key = 'h'},
	{.name = "help", .key = '?'},
	{.name = "usage", .key = 0x10000},
};

static void add(const struct argp_option *option)
{
	void *more = reallocarray(known, known_count + 1, sizeof(*known));

	if (!more)
		abort();
	known = more;
	known[known_count++] = option;
}

static void collect(const struct argp *argp)
{
	const struct argp_option *option = argp->options;

	for (; option && (option->name || option->key || option->doc || option->group); option++)
		if (option->name)
			add(option);
	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		collect(child->argp);
}

static const char *name_of(size_t index)
{
	return known[index]->name;
}

/* Whether the option takes a value, which may be the next word. An alias takes what the option
 * before it takes. */
static bool takes_value(size_t index)
{
	while (index && known[index]->flags & OPTION_ALIAS)
		index--;
	return known[index]->arg && !(known[index]->flags & OPTION_ARG_OPTIONAL);
}

/* word: the option as it was typed, with hyphens and without a value. */
static _Noreturn void refuse(const char *verb, const char *word)
{
	const char *near = word[1] == '-' ? nearest(word + 2, name_of, known_count) : NULL;

	fprintf(stderr, "%s: there is no option '", verb);
	escape_put(stderr, word);
	if (near)
		fprintf(stderr, "'; did you mean '--%s'?", near);
	else
		fputs("';", stderr);
	fprintf(stderr, " `%s --help` lists them\n", verb);
	exit(argp_err_exit_status);
}

/* Checks "--name" or "--name=value". Returns whether the next word is its value. */
static bool look_at_long(const char *verb, const char *word)
{
	size_t length = strcspn(word + 2, "="), found = known_count;

	for (size_t i = 0; i < known_count; i++) {
		if (strncmp(known[i]->name, word + 2, length) != 0)
			continue;
		found = i;
		if (!known[i]->name[length])
			break;
	}
	if (found == known_count) {
		char *typed = strndup(word, length + 2);

		refuse(verb, typed ? typed : word);
	}
	return takes_value(found) && !word[2 + length];
}

/* Checks "-abc" or "-ofile". Returns whether the next word is a value. */
static bool look_at_short(const char *verb, const char *word)
{
	for (const char *letter = word + 1; *letter; letter++) {
		size_t found = 0;

		while (found < known_count && known[found]->key != *letter)
			found++;
		if (found == known_count)
			refuse(verb, (const char[]){'-', *letter, '\0'});
		if (takes_value(found))
			return !letter[1];
	}
	return false;
}

void arguments_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
		     void *input)
{
	static char help[] = "--help";

	for (size_t i = 0; i < sizeof(of_argp) / sizeof(*of_argp); i++)
		add(&of_argp[i]);
	collect(argp);
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "-h") == 0)
			argv[i] = help;
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (flags & ARGP_IN_ORDER || getenv("POSIXLY_CORRECT"))
				break;
		} else if (argv[i][1] == '-' ? look_at_long(argv[0], argv[i])
					     : look_at_short(argv[0], argv[i])) {
			i++;
		}
	}
	free(known);
	known = NULL;
	known_count = 0;
	argp_parse(argp, argc, argv, flags, NULL, input);
}
