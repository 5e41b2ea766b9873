// SPDX-License-Identifier: MIT
/*
 * Perl keeps no frames but contexts: one for each block, loop, eval and call, with the statement
 * (COP: "control op") that was running when it began. So a function's line is that of the statement
 * that the next context keeps, and the innermost one's is PL_curcop's. Each stack of contexts is
 * for one level of the interpreter: a sort block, a DESTROY, a tied variable begin another one.
 */
#include "perl_walk.h"

#include <string.h>

#include "preload/core/capture/proven_memory.h"

enum {
	/* In the interpreter, from PL_curcop on: PL_curstack, PL_curstackinfo, PL_mainstack. */
	CURRENT_STACK = 8,
	CURRENT_CONTEXTS = 16,
	MAIN_STACK = 24,
	/* A stack of contexts (PERL_SI). */
	CONTEXTS_SIZE = 40,
	CONTEXTS_STACK = 0,
	CONTEXTS_ARRAY = 8,
	CONTEXTS_PREVIOUS = 16,
	CONTEXTS_TOP = 32,
	CONTEXTS_MOST = 36,
	/* A context (PERL_CONTEXT). */
	CONTEXT_SIZE = 104,
	CONTEXT_STATEMENT = 16,
	CONTEXT_RETURNS_TO = 48,
	CONTEXT_REQUIRED = 64, /* of an eval: the file's name, if it is a require */
	CONTEXT_SUB = 72,
	/* Its type, and flags of a call and of an eval. */
	TYPE_MASK = 0xf,
	TYPE_SUB = 9,
	TYPE_FORMAT = 10,
	TYPE_EVAL = 11,
	SUB_TWICE = 0x80,   /* CXp_SUB_RE_FAKE: code in a regex has its function's context again */
	EVAL_BLOCKS = 0xc0, /* CXp_EVALBLOCK, CXp_TRY: the code is part of its function */
	/* A statement (COP). */
	STATEMENT_SIZE = 64,
	STATEMENT_LINE = 36,
	STATEMENT_FILE = 48,
	STATEMENT_NUMBER = 60,
	/* A value (SV), and the values that are functions, symbols and packages. */
	VALUE_BODY = 0,
	VALUE_FLAGS = 12,
	VALUE_ARRAY = 16,
	VALUE_TYPE_MASK = 0xff,
	VALUE_SYMBOL = 9,
	VALUE_PACKAGE = 12,
	VALUE_SUB = 13,
	VALUE_FORMAT = 14,
	HAS_NAME = 0x02000000, /* SVphv_HasAUX; SVf_OOK before 5.36 */
	SUB_PACKAGE = 32,
	SUB_CODE = 48,
	SUB_NAME = 56, /* its symbol, or its name */
	SUB_FLAGS = 92,
	SUB_NAMED = 0x8000,
	SYMBOL_NAME = 32,
	SYMBOL_PACKAGE = 40,
	PACKAGE_LAST = 24,  /* index of the last element of its array */
	PACKAGE_NAMES = 32, /* the name, or several */
	NAMES_COUNT = 28,
	/* A name (HEK). */
	NAME_LENGTH = 4,
	NAME_TEXT = 8,
};

/* language_frame.code of code that is no function. */
enum { CODE_PROGRAM = 1, CODE_FILE, CODE_EVAL };

/* A call in progress, and the statement in it that runs. */
struct call {
	uintptr_t code; /* the function's operations, which closures share; or CODE_* */
	uintptr_t sub;  /* the function; 0: it is none */
	uintptr_t statement;
	bool entry; /* native code has called it */
};

/* A place in the stacks of contexts. */
struct contexts {
	uintptr_t stack, array;
	int32_t index;
	uintptr_t statement; /* that of the next call; 0: there is none */
	uint32_t left;       /* contexts that may still be read */
};

static bool enter_stack(struct contexts *at, uintptr_t stack)
{
	if (stack % sizeof(stack) || !proven_readable(stack, CONTEXTS_SIZE))
		return false;
	at->stack = stack;
	at->array = word_at(stack + CONTEXTS_ARRAY);
	at->index = (int32_t)number_at(stack + CONTEXTS_TOP);
	return at->index >= -1 && at->index <= (int32_t)number_at(stack + CONTEXTS_MOST);
}

static bool begin(const struct perl_layout *layout, uintptr_t interpreter, struct contexts *at)
{
	enum { READ_MOST = 4096 };
	uintptr_t stack;

	*at = (struct contexts){.left = READ_MOST};
	return proven_word(interpreter + layout->statement, &at->statement) &&
	       proven_word(interpreter + layout->statement + CURRENT_CONTEXTS, &stack) &&
	       enter_stack(at, stack);
}

static bool is_value(uintptr_t value, uint8_t type)
{
	return value && value % sizeof(value) == 0 && proven_readable(value, VALUE_ARRAY) &&
	       (number_at(value + VALUE_FLAGS) & VALUE_TYPE_MASK) == type;
}

static bool is_sub(uintptr_t value)
{
	return is_value(value, VALUE_SUB) || is_value(value, VALUE_FORMAT);
}

/* The operations of a function; 0: it isn't one. */
static uintptr_t code_of(uintptr_t sub)
{
	uintptr_t code;

	return is_sub(sub) && proven_word(word_at(sub + VALUE_BODY) + SUB_CODE, &code) ? code : 0;
}

/* The call whose context this is. False: a block's or a loop's. */
static bool read_context(uintptr_t context, struct call *call)
{
	uint8_t type = byte_at(context);

	switch (type & TYPE_MASK) {
	case TYPE_SUB:
		if (type & SUB_TWICE)
			return false;
		__attribute__((fallthrough));
	case TYPE_FORMAT:
		call->sub = word_at(context + CONTEXT_SUB);
		call->code = code_of(call->sub);
		/* Perl's own calls go on with an operation. */
		call->entry = !word_at(context + CONTEXT_RETURNS_TO);
		return true;
	case TYPE_EVAL:
		call->code = word_at(context + CONTEXT_REQUIRED) ? CODE_FILE : CODE_EVAL;
		return !(type & EVAL_BLOCKS);
	default:
		return false;
	}
}

/* The next call, from the innermost one on. The last one is that of the program. */
static bool next_call(struct contexts *at, struct call *call)
{
	uintptr_t context;

	while (at->statement && at->left--) {
		*call = (struct call){.statement = at->statement};
		if (at->index < 0) {
			uintptr_t previous = word_at(at->stack + CONTEXTS_PREVIOUS);

			if (previous && !enter_stack(at, previous))
				return false;
			if (previous)
				continue;
			at->statement = 0;
			call->code = CODE_PROGRAM;
			call->entry = true;
			return true;
		}
		context = at->array + (uintptr_t)at->index-- * CONTEXT_SIZE;
		if (!proven_readable(context, CONTEXT_SIZE))
			return false;
		if (read_context(context, call)) {
			at->statement = word_at(context + CONTEXT_STATEMENT);
			return true;
		}
	}
	return false;
}

/* False: the statement can't be read, or it is none of the program's. */
static bool take_frame(const struct call *call, struct language_frame *frame)
{
	uintptr_t statement = call->statement;

	if (!proven_readable(statement, STATEMENT_SIZE))
		return false;
	uint32_t line = number_at(statement + STATEMENT_LINE);
	uintptr_t file = word_at(statement + STATEMENT_FILE);
	/* While Perl reads the program's first line, there is none. */
	if (!line || !file)
		return false;
	uint64_t mark = (file ^ (uint64_t)line << 40 ^
			 (uint64_t)number_at(statement + STATEMENT_NUMBER) << 16) *
			0x9e3779b97f4a7c15ULL;
	*frame = (struct language_frame){
		.code = call->code,
		.at = statement,
		.check = (uint32_t)(mark >> 32) | 1,
		.flags = call->entry ? LANGUAGE_ENTRY : 0,
	};
	return true;
}

bool perl_layout_find(uintptr_t interpreter, unsigned int minor, struct perl_layout *layout)
{
	enum { SEARCHED = 512 }; /* bytes; the members lie at 208 to 224 */
	struct perl_layout tried = {.names_apart = minor < 36};
	struct contexts at;
	uintptr_t stack, main_stack;

	for (; tried.statement < SEARCHED; tried.statement += sizeof(uintptr_t)) {
		uintptr_t members = interpreter + tried.statement;

		if (proven_word(members + CURRENT_STACK, &stack) && stack &&
		    proven_word(members + MAIN_STACK, &main_stack) && main_stack &&
		    begin(&tried, interpreter, &at) && at.statement &&
		    word_at(at.stack + CONTEXTS_STACK) == stack) {
			*layout = tried;
			return true;
		}
	}
	return false;
}

int perl_walk(const struct perl_layout *layout, uintptr_t interpreter,
	      struct language_frame *frames, int room)
{
	struct contexts at;
	struct call call;
	int count = 0;

	if (!begin(layout, interpreter, &at))
		return 0;
	while (next_call(&at, &call)) {
		if (count == room) {
			frames[count - 1].flags |= LANGUAGE_MORE;
			break;
		}
		count += take_frame(&call, &frames[count]);
	}
	return count;
}

/* Copies a text that ends in NUL, cut to fit. */
static bool copy_text(char *text, size_t size, uintptr_t from)
{
	size_t length = 0;

	for (; length < size - 1; length++)
		if (!proven_copy(&text[length], from + length, 1) || !text[length])
			break;
	text[length] = '\0';
	return length != 0;
}

/* Adds a name to a text. */
static bool add_name(char *text, size_t size, uintptr_t name)
{
	size_t used = strlen(text), room = size - 1 - used;

	if (!name || !proven_readable(name, NAME_TEXT))
		return false;
	size_t length = number_at(name + NAME_LENGTH);
	if (length > room)
		length = room;
	if (!length || !proven_copy(text + used, name + NAME_TEXT, length))
		return false;
	text[used + length] = '\0';
	return text[used] != '\0';
}

/* The name of a package; 0: it has none. */
static uintptr_t package_name(const struct perl_layout *layout, uintptr_t package)
{
	uintptr_t names, name, count;

	if (!is_value(package, VALUE_PACKAGE) || !(number_at(package + VALUE_FLAGS) & HAS_NAME))
		return 0;
	uintptr_t body = word_at(package + VALUE_BODY);
	names = body + PACKAGE_NAMES;
	if (layout->names_apart && (!proven_word(package + VALUE_ARRAY, &names) ||
				    !proven_word(body + PACKAGE_LAST, &count)))
		return 0;
	if (layout->names_apart)
		names += (count + 1) * sizeof(uintptr_t);
	if (!proven_word(names, &name) || !proven_readable(names + NAMES_COUNT, sizeof(uint32_t)))
		return 0;
	/* With several names, they are an array. */
	if (number_at(names + NAMES_COUNT) && !proven_word(name, &name))
		return 0;
	return name;
}

/* The package and the name of a function. */
static bool find_names(uintptr_t sub, uintptr_t *package, uintptr_t *name)
{
	enum { SUB_SIZE = SUB_FLAGS + sizeof(uint32_t) };

	if (!is_sub(sub))
		return false;
	uintptr_t body = word_at(sub + VALUE_BODY);
	if (!proven_readable(body, SUB_SIZE))
		return false;
	*package = word_at(body + SUB_PACKAGE);
	*name = word_at(body + SUB_NAME);
	if (number_at(body + SUB_FLAGS) & SUB_NAMED)
		return true;
	uintptr_t symbol = *name;
	if (!is_value(symbol, VALUE_SYMBOL))
		return false;
	body = word_at(symbol + VALUE_BODY);
	return proven_word(body + SYMBOL_NAME, name) && proven_word(body + SYMBOL_PACKAGE, package);
}

/* As Perl itself writes it, "Worker::job"; functions of the package main only by their names. */
static bool name_sub(const struct perl_layout *layout, uintptr_t sub, char *text, size_t size)
{
	uintptr_t package, name;

	*text = '\0';
	if (!find_names(sub, &package, &name))
		return false;
	if (add_name(text, size - 2, package_name(layout, package)) && strcmp(text, "main") != 0)
		strcat(text, "::");
	else
		*text = '\0';
	return add_name(text, size, name);
}

/* The function of a call with this code and statement; 0: there is no such call. */
static uintptr_t find_sub(const struct perl_layout *layout, uintptr_t interpreter,
			  const struct language_frame *frame)
{
	struct contexts at;
	struct call call;

	if (!begin(layout, interpreter, &at))
		return 0;
	while (next_call(&at, &call))
		if (call.code == frame->code && call.statement == frame->at)
			return call.sub;
	return 0;
}

static bool is_installed(const char *file)
{
	static const char *const folders[] = {
		"/share/perl/", "/share/perl5/",    "/lib/perl/",
		"/lib/perl5/",  "-linux-gnu/perl/", "-linux-gnu/perl5/",
		"/site_perl/",  "/vendor_perl/",    "-linux-gnu/perl-base/",
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (strstr(file, folders[i]))
			return true;
	return false;
}

bool perl_name(const struct perl_layout *layout, uintptr_t interpreter,
	       const struct language_frame *frame, struct language_name *name)
{
	static const char *const others[] = {
		[CODE_PROGRAM] = "(main)", [CODE_FILE] = "(require)", [CODE_EVAL] = "(eval)"};
	uintptr_t file;

	if (frame->code >= CODE_PROGRAM && frame->code <= CODE_EVAL)
		strcpy(name->function, others[frame->code]);
	else if (!name_sub(layout, find_sub(layout, interpreter, frame), name->function,
			   sizeof(name->function)))
		strcpy(name->function, "?");
	if (!proven_readable(frame->at, STATEMENT_SIZE) ||
	    !proven_word(frame->at + STATEMENT_FILE, &file) ||
	    !copy_text(name->file, sizeof(name->file), file))
		return false;
	name->line = number_at(frame->at + STATEMENT_LINE);
	/* Each eval of a text has another number: one line of the program would be many leaks. The
	 * line to mend is that of the eval, so that the text counts as a library's. */
	bool text = strncmp(name->file, "(eval ", 6) == 0;
	if (text)
		strcpy(name->file, "(eval)");
	name->library = text || is_installed(name->file);
	return true;
}

bool perl_in_end_block(const struct perl_layout *layout, uintptr_t interpreter)
{
	struct contexts at;
	struct call call;
	uintptr_t outermost = 0, package, name;
	char text[5] = "";

	if (!begin(layout, interpreter, &at))
		return false;
	while (next_call(&at, &call))
		if (call.sub)
			outermost = call.sub;
	return outermost && find_names(outermost, &package, &name) &&
	       add_name(text, sizeof(text), name) && strcmp(text, "END") == 0;
}
