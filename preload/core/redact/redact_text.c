// SPDX-License-Identifier: MIT
/* See redact_text.h. */
#include "redact_text.h"

#include <string.h>

#include "ip_address.h"

/* A text while it is copied. */
struct copy {
	struct substitutes *substitutes;
	const char *text, *at; /* its begin, and the next byte to copy */
	enum redact_form form;
	const char *program;
	struct redact_output *output;
};

enum { SHORTEST_NAME = 3 }; /* a shorter user's name stands in too many words */

static void put(const struct copy *copy, const char *bytes, size_t size)
{
	copy->output->put(copy->output, bytes, size);
}

static void put_substitute(const struct copy *copy, enum substitute kind, const char *name,
			   size_t length)
{
	const char *word = substitutes_for(copy->substitutes, kind, name, length);

	put(copy, word, strlen(word));
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool begins_word(const struct copy *copy)
{
	return copy->at == copy->text || !substitutes_in_word(copy->at[-1]);
}

/* Addresses */

static void put_address(struct copy *copy, bool is_private, size_t length)
{
	if (is_private)
		put_substitute(copy, SUBSTITUTE_ADDRESS, copy->at, length);
	else
		put(copy, copy->at, length);
	copy->at += length;
}

/* An IPv4 address, or one of IPv6, which in snapshots stands in brackets, with "%INTERFACE".
 * Loopback and unspecified addresses say nothing about anybody. */
static bool take_address(struct copy *copy)
{
	static const uint8_t any[16], loopback[16] = {[15] = 1};
	size_t length = strspn(copy->at, "0123456789.");
	size_t hex = strspn(copy->at, "0123456789abcdefABCDEF:.");
	uint8_t four[4], sixteen[16];

	if (copy->at != copy->text && (substitutes_in_word(copy->at[-1]) || copy->at[-1] == '.'))
		return false;
	while (length && copy->at[length - 1] == '.')
		length--;
	/* Not the number in "libssl-1.0.0.2.so". */
	if (is_digit(*copy->at) && !substitutes_in_word(copy->at[length]) &&
	    !(copy->at[length] == '.' && substitutes_in_word(copy->at[length + 1])) &&
	    ipv4_parse(copy->at, length, four)) {
		put_address(copy, four[0] != 127 && memcmp(four, any, sizeof(four)) != 0, length);
		return true;
	}
	if (hex < 2 || !memchr(copy->at, ':', hex) || substitutes_in_word(copy->at[hex]) ||
	    !ipv6_parse(copy->at, hex, sixteen))
		return false;
	size_t zone = copy->at[hex] == '%' ? strcspn(copy->at + hex, "] ,") : 0;
	put_address(copy,
		    memcmp(sixteen, any, sizeof(any)) != 0 &&
			    memcmp(sixteen, loopback, sizeof(any)) != 0,
		    hex + zone);
	return true;
}

/* Paths */

/* Whether a path is quoted decides where it ends. */
static bool in_quotes(const struct copy *copy)
{
	bool quoted = false;

	for (const char *at = copy->text; at < copy->at; at++)
		if (*at == '\\' && at[1])
			at++;
		else if (*at == '"')
			quoted = !quoted;
	return quoted;
}

/* The length of a path's next component. */
static size_t component(const struct copy *copy, const char *at, bool quoted)
{
	size_t length = 0;

	for (; at[length] && at[length] != '/'; length++) {
		if (copy->form == REDACT_PATH)
			continue;
		if (quoted ? at[length] == '"' : strchr(" ,();\"", at[length]) != NULL)
			break;
		if (at[length] == '\\' && at[length + 1])
			length++;
		else if (!quoted && at[length] == ':' && is_digit(at[length + 1]))
			break; /* a source file, and its line */
	}
	return length;
}

/* Whether the path ends in the program's own name, which stays. */
static bool is_program(const struct copy *copy, size_t length)
{
	return copy->program && strlen(copy->program) == length &&
	       memcmp(copy->program, copy->at, length) == 0 && copy->at[length] != '/';
}

static void put_component(struct copy *copy, enum substitute kind, size_t length)
{
	const char *at = copy->at;

	/* A name that stays is left to the caller: it may contain a user's name. */
	if (!length || is_program(copy, length))
		return;
	copy->at += length;
	if (length <= 2 && strspn(at, ".") >= length) {
		put(copy, at, length);
		return;
	}
	put_substitute(copy, kind, at, length);
	/* /run/user/1000 has a number, which stands in other texts by chance. */
	if (kind == SUBSTITUTE_USER && length >= SHORTEST_NAME && strspn(at, "0123456789") < length)
		substitutes_everywhere(copy->substitutes, kind, at, length);
}

/* The length of the folder that homes lie in, or of root's home; *user: a user's name follows. */
static size_t homes(const struct copy *copy, bool *user)
{
	static const struct {
		const char *prefix;
		bool anywhere, user;
	} known[] = {
		{"/home/", true, true},
		{"/Users/", false, true},
		{"/run/user/", true, true},
		{"/root/", false, false},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t length = strlen(known[i].prefix);
		bool begins = copy->at == copy->text ||
			      (!substitutes_in_word(copy->at[-1]) && !strchr("./-", copy->at[-1]));

		*user = known[i].user;
		if (strncmp(copy->at, known[i].prefix, length) == 0 &&
		    (begins || known[i].anywhere))
			return length;
	}
	return 0;
}

static bool take_home(struct copy *copy)
{
	bool user, quoted;
	size_t length = homes(copy, &user);

	if (!length)
		return false;
	quoted = copy->form != REDACT_PATH && in_quotes(copy);
	put(copy, copy->at, length);
	copy->at += length;
	for (;;) {
		put_component(copy, user ? SUBSTITUTE_USER : SUBSTITUTE_NAME,
			      component(copy, copy->at, quoted));
		user = false;
		if (*copy->at != '/')
			return true;
		put(copy, copy->at++, 1);
	}
}

/* The name of an abstract socket. */
static bool take_abstract(struct copy *copy)
{
	bool quoted = copy->at[1] == '"';
	const char *name = copy->at + 1 + quoted;
	size_t length = 0;

	if (copy->form != REDACT_ABOUT_FD || *copy->at != '@' ||
	    (copy->at != copy->text && copy->at[-1] != ' '))
		return false;
	for (; name[length]; length++)
		if (quoted && name[length] == '\\' && name[length + 1])
			length++;
		else if (quoted ? name[length] == '"' : strchr(" ,", name[length]) != NULL)
			break;
	if (!length)
		return false;
	put(copy, "@", 1);
	put_substitute(copy, SUBSTITUTE_NAME, name, length);
	copy->at = name + length + (quoted && name[length] == '"');
	return true;
}

/* "user 1000": the number of a user, in a header's line. */
static bool take_user(struct copy *copy)
{
	static const char before[] = "user ";
	size_t length = sizeof(before) - 1, digits;

	if (copy->form != REDACT_LINE || !begins_word(copy) ||
	    strncmp(copy->at, before, length) != 0)
		return false;
	digits = strspn(copy->at + length, "0123456789");
	if (!digits || substitutes_in_word(copy->at[length + digits]))
		return false;
	put_substitute(copy, SUBSTITUTE_USER, copy->at + length, digits);
	copy->at += length + digits;
	return true;
}

static bool take_name(struct copy *copy)
{
	const char *word;
	size_t length;

	if (substitutes_in_word(*copy->at) && !begins_word(copy))
		return false;
	word = substitutes_at(copy->substitutes, copy->at, copy->form == REDACT_SENTENCE, &length);
	if (!word)
		return false;
	put(copy, word, strlen(word));
	copy->at += length;
	return true;
}

void redact_text(struct substitutes *substitutes, const char *text, enum redact_form form,
		 const char *program, struct redact_output *output)
{
	struct copy copy = {substitutes, text, text, form, program, output};

	while (*copy.at)
		if (!take_address(&copy) && !take_home(&copy) && !take_abstract(&copy) &&
		    !take_user(&copy) && !take_name(&copy))
			put(&copy, copy.at++, 1);
}

void redact_address(struct substitutes *substitutes, const char *text, const char *program,
		    struct redact_output *output)
{
	if (*text == '@' && text[1]) {
		struct copy copy = {.substitutes = substitutes, .output = output};

		put(&copy, "@", 1);
		put_substitute(&copy, SUBSTITUTE_NAME, text + 1, strlen(text + 1));
		return;
	}
	redact_text(substitutes, text, *text == '/' ? REDACT_PATH : REDACT_LINE, program, output);
}

void redact_learn_argument(struct substitutes *substitutes, const char *argument)
{
	const char *value = strchr(argument, '=');
	size_t length = strlen(argument);

	if (length >= REDACT_SHORTEST_ARGUMENT)
		substitutes_everywhere(substitutes, SUBSTITUTE_ARGUMENT, argument, length);
	if (value && strlen(value + 1) >= REDACT_SHORTEST_ARGUMENT)
		substitutes_everywhere(substitutes, SUBSTITUTE_ARGUMENT, value + 1,
				       strlen(value + 1));
}

void redact_learn_host(struct substitutes *substitutes, const char *host)
{
	size_t label = strcspn(host, ".");

	if (strlen(host) < REDACT_SHORTEST_HOST || strcmp(host, "localhost") == 0)
		return;
	substitutes_everywhere(substitutes, SUBSTITUTE_HOST, host, strlen(host));
	if (host[label] && label >= REDACT_SHORTEST_HOST)
		substitutes_everywhere(substitutes, SUBSTITUTE_HOST, host, label);
}
