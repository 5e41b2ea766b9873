// SPDX-License-Identifier: MIT
/* See redact_text.h. */
#include "redact_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/model_memory.h"

/* A text while it is copied. */
struct copy {
	struct substitutes *substitutes;
	const char *text, *at; /* its begin, and the next byte to copy */
	enum redact_form form;
	const char *program;
	FILE *out;
};

enum { SHORTEST_NAME = 3 }; /* a shorter user's name stands in too many words */

static bool in_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_';
}

static bool begins_word(const struct copy *copy)
{
	return copy->at == copy->text || !in_word(copy->at[-1]);
}

/* Addresses */

/* Loopback and unspecified addresses say nothing about anybody. */
static bool is_private(int family, const void *binary)
{
	const unsigned char *bytes = binary;

	if (family == AF_INET)
		return bytes[0] != 127 && (bytes[0] || bytes[1] || bytes[2] || bytes[3]);
	return memcmp(binary, &in6addr_any, 16) != 0 && memcmp(binary, &in6addr_loopback, 16) != 0;
}

static bool put_if_address(struct copy *copy, int family, size_t length, size_t meant)
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned char binary[16];

	if (!meant || meant >= sizeof(text))
		return false;
	memcpy(text, copy->at, meant);
	if (inet_pton(family, text, binary) != 1)
		return false;
	if (is_private(family, binary))
		fputs(substitutes_for(copy->substitutes, SUBSTITUTE_ADDRESS, copy->at, length),
		      copy->out);
	else
		fwrite(copy->at, 1, length, copy->out);
	copy->at += length;
	return true;
}

/* An IPv4 address, or one of IPv6, which in snapshots stands in brackets, with "%INTERFACE". */
static bool take_address(struct copy *copy)
{
	size_t length = strspn(copy->at, "0123456789.");
	size_t hex = strspn(copy->at, "0123456789abcdefABCDEF:.");

	if (copy->at != copy->text && (in_word(copy->at[-1]) || copy->at[-1] == '.'))
		return false;
	while (length && copy->at[length - 1] == '.')
		length--;
	/* Not the number in "libssl-1.0.0.2.so". */
	if (isdigit((unsigned char)*copy->at) && !in_word(copy->at[length]) &&
	    !(copy->at[length] == '.' && in_word(copy->at[length + 1])) &&
	    put_if_address(copy, AF_INET, length, length))
		return true;
	if (hex < 2 || !memchr(copy->at, ':', hex) || in_word(copy->at[hex]))
		return false;
	size_t zone = copy->at[hex] == '%' ? strcspn(copy->at + hex, "] ,") : 0;
	return put_if_address(copy, AF_INET6, hex + zone, hex);
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
		else if (!quoted && at[length] == ':' && isdigit((unsigned char)at[length + 1]))
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
		fwrite(at, 1, length, copy->out);
		return;
	}
	fputs(substitutes_for(copy->substitutes, kind, at, length), copy->out);
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
			      (!in_word(copy->at[-1]) && !strchr("./-", copy->at[-1]));

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
	fwrite(copy->at, 1, length, copy->out);
	copy->at += length;
	for (;;) {
		put_component(copy, user ? SUBSTITUTE_USER : SUBSTITUTE_NAME,
			      component(copy, copy->at, quoted));
		user = false;
		if (*copy->at != '/')
			return true;
		putc(*copy->at++, copy->out);
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
	fprintf(copy->out, "@%s",
		substitutes_for(copy->substitutes, SUBSTITUTE_NAME, name, length));
	copy->at = name + length + (quoted && name[length] == '"');
	return true;
}

static bool take_name(struct copy *copy)
{
	const char *word;
	size_t length;

	if (in_word(*copy->at) && !begins_word(copy))
		return false;
	word = substitutes_at(copy->substitutes, copy->at, copy->form == REDACT_SENTENCE, &length);
	if (!word)
		return false;
	fputs(word, copy->out);
	copy->at += length;
	return true;
}

char *redact_text(struct substitutes *substitutes, const char *text, enum redact_form form,
		  const char *program)
{
	struct copy copy = {substitutes, text, text, form, program, NULL};
	char *result = NULL;
	size_t size;

	copy.out = open_memstream(&result, &size);
	if (!copy.out)
		memory_is_out();
	while (*copy.at)
		if (!take_address(&copy) && !take_home(&copy) && !take_abstract(&copy) &&
		    !take_name(&copy))
			putc(*copy.at++, copy.out);
	if (fclose(copy.out) != 0)
		memory_is_out();
	return result;
}

char *redact_address(struct substitutes *substitutes, const char *text, const char *program)
{
	if (*text == '@' && text[1]) {
		char *name = NULL;

		if (asprintf(&name, "@%s",
			     substitutes_for(substitutes, SUBSTITUTE_NAME, text + 1,
					     strlen(text + 1))) < 0)
			memory_is_out();
		return name;
	}
	return redact_text(substitutes, text, *text == '/' ? REDACT_PATH : REDACT_LINE, program);
}
