// SPDX-License-Identifier: MIT
/*
 * Erlang and Elixir: Erlang/OTP 25 and 27 with the just-in-time compiler. A thread's scheduler data
 * lead to the process that it runs, and that to the process' stack, which lies at the end of its
 * heap: terms, and the return addresses of its functions. Code that is compiled from Erlang has no
 * frames on the native stack, because it runs on the process' own.
 *
 * The emulator keeps its symbols, since native functions of modules (NIFs) use some. Two of its
 * functions are called, which only read: the scheduler data of a thread (a pthread_getspecific),
 * and the function and line of an address. Offsets were found in processes of Debian's 25.2 and
 * 27.3, and agree with erl_process.h and atom.h.
 */
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/line.h"
#include "preload/core/base/loaded_symbol.h"
#include "preload/core/capture/proven_memory.h"
#include "erlang_otp.h"
#include "languages.h"

enum {
	/* In the scheduler's data (ErtsSchedulerData). */
	SCHEDULER_PROCESS = 0xa8,
	/* In a process. */
	PROCESS_SIZE = 0xd0,
	PROCESS_HEAP_TOP = 0x50,
	PROCESS_STACK_TOP = 0x58,
	/* In the table of atoms (IndexTable): rows of 1024, with pointers to atoms. */
	ATOMS_COUNT = 0x74,
	ATOMS_ROWS = 0x78,
	ATOMS_ROW_SHIFT = 10,
	/* An atom, as a term and as an object. */
	TERM_ATOM_MASK = 0x3f,
	TERM_ATOM = 0xb,
	TERM_ATOM_SHIFT = 6,
	ATOM_LENGTH = 24,
	ATOM_TEXT = 32,
	/* Only return addresses have both low bits 0; terms on a stack have others. */
	TERM_TAG = 3,
	TERM_LIST = 1,
	TERM_POINTER_MASK = 7,
	TERM_SMALL_MASK = 0xf, /* small numbers have all four bits set */
	TERM_SMALL_SHIFT = 4,
	CODE_BEFORE = 8, /* bytes of code that tell whether other code lies at an address now */
};

/* A function in the emulator's tables (ErtsCodeMFA). */
struct function {
	uintptr_t module, name, arity;
};

/* FunctionInfo */
struct function_at {
	const struct function *function; /* NULL: no code of a module is there */
	uintptr_t unused;
	uint32_t place;  /* line, and the file's number above it; 0: not known */
	uintptr_t files; /* an array of texts */
};

/* The place of a process' heap address; the heap's end, which is the stack's bottom, follows. */
static const struct {
	char release[3];
	uint32_t heap;
} releases[] = {{"25", 0x80}, {"27", 0xc0}};

static uint32_t heap_at;
static uintptr_t atoms;
static uintptr_t halt_progress; /* the address of a number: how far erlang:halt() is, or -1 */
static struct loaded_symbol dirty_main;
static uintptr_t (*scheduler_data)(void);
static void (*look_up)(struct function_at *found, uintptr_t pc, int with_line);

static enum detected detect(struct detection *detection)
{
	struct loaded_symbol release, jit, schedulers, data, lookup, table, halt;
	uintptr_t made;
	uint32_t compiled;

	if (!loaded_symbol_find("etp_otp_release", &release) ||
	    !loaded_symbol_find("etp_beamasm", &jit) ||
	    !proven_copy(detection->version, release.address, 2) ||
	    !proven_copy(&compiled, jit.address, sizeof(compiled)))
		return DETECTED_NOT;
	detection->trouble = "fdtrail knows the frames of Erlang/OTP 25 and 27";
	heap_at = 0;
	for (size_t i = 0; i < sizeof(releases) / sizeof(*releases); i++)
		if (strcmp(detection->version, releases[i].release) == 0 && compiled == 1)
			heap_at = releases[i].heap;
	if (!heap_at)
		return DETECTED_UNKNOWN;
	detection->trouble = "its program doesn't export what fdtrail needs";
	if (!loaded_symbol_find("erts_aligned_scheduler_data", &schedulers) ||
	    !loaded_symbol_find("erts_get_scheduler_data", &data) ||
	    !loaded_symbol_find("erts_lookup_function_info", &lookup) ||
	    !loaded_symbol_find("erts_atom_table", &table))
		return DETECTED_UNKNOWN;
	/* Before there are schedulers, the key of their data may be another library's. */
	if (!proven_word(schedulers.address, &made) || !made)
		return DETECTED_LATER;
	loaded_symbol_find("erts_dirty_process_main",
			   &dirty_main); /* without it a frame more is shown */
	halt_progress = loaded_symbol_find("erts_halt_progress", &halt) ? halt.address : 0;
	memcpy(&scheduler_data, &data.address, sizeof(data.address));
	memcpy(&look_up, &lookup.address, sizeof(lookup.address));
	atoms = table.address;
	return DETECTED;
}

/* Finds begin and end of the stack of the calling thread's process. False: it runs none. */
static bool find_stack(uintptr_t *top, uintptr_t *end)
{
	uintptr_t data = scheduler_data(), process, heap, heap_top;

	if (!data || !proven_word(data + SCHEDULER_PROCESS, &process) || !process ||
	    !proven_readable(process, PROCESS_SIZE))
		return false;
	heap = word_at(process + heap_at);
	heap_top = word_at(process + PROCESS_HEAP_TOP);
	*top = word_at(process + PROCESS_STACK_TOP);
	*end = word_at(process + heap_at + sizeof(uintptr_t));
	return heap && heap <= heap_top && heap_top <= *top && *top <= *end &&
	       *top % sizeof(uintptr_t) == 0;
}

static int frames(const struct registers *from, struct language_frame *into, int room)
{
	enum { READ_MOST = 4096 }; /* words */
	uintptr_t at, end, pc;
	uint64_t code;
	int count = 0;

	(void)from;
	if (!find_stack(&at, &end))
		return 0;
	for (int left = READ_MOST; at < end && left--; at += sizeof(pc)) {
		if (!proven_word(at, &pc))
			break;
		if (pc & TERM_TAG || !pc || !proven_readable(pc - CODE_BEFORE, CODE_BEFORE))
			continue;
		if (count == room) {
			into[count - 1].flags |= LANGUAGE_MORE;
			break;
		}
		code = word_at(pc - CODE_BEFORE);
		into[count++] = (struct language_frame){
			.code = pc,
			.check = (uint32_t)(code * 0x9e3779b97f4a7c15ULL >> 32) | 1,
		};
	}
	if (count)
		into[count - 1].flags |= LANGUAGE_ENTRY;
	return count;
}

static bool add_atom(struct line *line, uintptr_t term)
{
	uintptr_t rows, row, atom, text;
	uint32_t count;
	uint16_t length;
	char part[LANGUAGE_FUNCTION_MAX];
	uintptr_t number = term >> TERM_ATOM_SHIFT;

	if ((term & TERM_ATOM_MASK) != TERM_ATOM ||
	    !proven_copy(&count, atoms + ATOMS_COUNT, sizeof(count)) || number >= count ||
	    !proven_word(atoms + ATOMS_ROWS, &rows) ||
	    !proven_word(rows + (number >> ATOMS_ROW_SHIFT) * sizeof(row), &row) ||
	    !proven_word(row + number % (1 << ATOMS_ROW_SHIFT) * sizeof(atom), &atom) ||
	    !proven_copy(&length, atom + ATOM_LENGTH, sizeof(length)) ||
	    !proven_word(atom + ATOM_TEXT, &text))
		return false;
	if (length > sizeof(part))
		length = sizeof(part);
	if (!length || !proven_copy(part, text, length))
		return false;
	line_bytes(line, part, length);
	return true;
}

/* Adds a text, which is a list of characters. */
static void add_text(struct line *line, uintptr_t term)
{
	uintptr_t cell[2];

	while ((term & TERM_TAG) == TERM_LIST && line->length < line->size - 1) {
		if (!proven_copy(cell, term & ~(uintptr_t)TERM_POINTER_MASK, sizeof(cell)) ||
		    (cell[0] & TERM_SMALL_MASK) != TERM_SMALL_MASK)
			break;
		uintptr_t character = cell[0] >> TERM_SMALL_SHIFT;
		char byte = '?';

		if (character < 0x80)
			byte = (char)character;
		line_bytes(line, &byte, 1);
		term = cell[1];
	}
}

static int compare(const void *name, const void *row)
{
	return strcmp(name, *(const char *const *)row);
}

#define IS_IN(name, table)                                                                         \
	(bsearch(name, table, sizeof(table) / sizeof(*(table)), sizeof(*(table)), compare) != NULL)

static bool describe(const struct language_frame *frame, struct language_name *name)
{
	enum { FILE_SHIFT = 24 };
	static const char elixir[] = "Elixir.";
	struct function_at found = {0};
	struct function function;
	struct line text = {.size = sizeof(name->function), .text = name->function};
	struct line file = {.size = sizeof(name->file), .text = name->file};

	if (frame->inlined)
		return false;
	look_up(&found, frame->code - 1, 1);
	if (!proven_copy(&function, (uintptr_t)found.function, sizeof(function)) ||
	    !add_atom(&text, function.module))
		return false;
	name->line = found.place & ((1 << FILE_SHIFT) - 1);
	uintptr_t term;

	if (found.place &&
	    proven_word(found.files + (found.place >> FILE_SHIFT) * sizeof(term), &term))
		add_text(&file, term);
	bool is_elixir = strncmp(name->function, elixir, sizeof(elixir) - 1) == 0;
	if (is_elixir) {
		text.length -= sizeof(elixir) - 1;
		memmove(name->function, name->function + sizeof(elixir) - 1, text.length + 1);
		name->library = IS_IN(name->function, erlang_elixir_modules);
	} else {
		name->library = IS_IN(name->function, erlang_otp_modules);
	}
	/* Modules without lines have no file either, and Erlang's are named as their files. */
	if (!file.length && !is_elixir) {
		line_add(&file, name->function);
		line_add(&file, ".erl");
	}
	line_add(&text, is_elixir ? "." : ":");
	if (!add_atom(&text, function.name))
		return false;
	line_add(&text, "/");
	line_number(&text, (int64_t)function.arity);
	return true;
}

/* Functions of modules have no native frames, but the one that they were called by has. */
static bool is_loop(uintptr_t pc)
{
	struct function_at found = {0};

	if (loaded_symbol_covers(&dirty_main, pc))
		return true;
	look_up(&found, pc, 0);
	return found.function;
}

/* The program is the emulator; the native code of OTP's modules lies in its folder. */
static bool is_library(const char *module)
{
	return !*module || strstr(module, "/erlang/lib/");
}

/* erlang:halt() closes all ports, and so their sockets and pipes. */
static bool is_finishing(void)
{
	return halt_progress && *(const volatile int32_t *)halt_progress >= 0;
}

const struct interpreter erlang = {
	.name = "erlang",
	.detect = detect,
	.frames = frames,
	.describe = describe,
	.inlines = true, /* the outermost return address leads to code of the emulator's own */
	.is_loop = is_loop,
	.is_library = is_library,
	.is_finishing = is_finishing,
};
