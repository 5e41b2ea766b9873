// SPDX-License-Identifier: MIT
/*
 * Ruby: versions 3.1 and 3.3 (MRI). A thread's control frames are an array, which its execution
 * context leads to; that context is a thread-local variable of libruby's. Offsets come from
 * vm_core.h of these versions, and agree with the code of rb_profile_frames.
 *
 * Lines are in compressed tables, so that a frame is named by libruby's own accessors
 * (rb_iseq_line_no, rb_iseq_path, rb_profile_frame_label). They only read, and raise an exception
 * for anything but an instruction sequence, which is checked before.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/arch/branch.h"
#include "preload/core/base/loaded_symbol.h"
#include "preload/core/capture/proven_memory.h"
#include "function_table.h"
#include "languages.h"

enum {
	/* In an execution context. */
	CONTEXT_STACK = 0,
	CONTEXT_STACK_WORDS = 8,
	CONTEXT_FRAME = 16,
	/* In a control frame. */
	FRAME_PC = 0,
	FRAME_CODE = 16,
	FRAME_ENVIRONMENT = 32,
	/* Flags in the environment's first word (VM_FRAME_FLAG_*). */
	FLAG_NATIVE = 0x80,
	FLAG_FINISH = 0x20, /* native code has called it */
	MAGIC_MASK = 0x7fff0001,
	MAGIC_DUMMY = 0x79990001, /* the outermost frame, which is nothing of the program's */
	/* In an instruction sequence (rb_iseq_t), and its body. */
	CODE_FLAGS = 0,
	CODE_BODY = 16,
	BODY_INSTRUCTIONS = 8,
	TYPE_MASK = 0x1f,
	TYPE_INTERNAL = 0x1a, /* T_IMEMO */
	INTERNAL_SHIFT = 12,
	INTERNAL_MASK = 0xf,
	INTERNAL_CODE = 7, /* imemo_iseq */
	/* A string (struct RString). */
	TEXT_TYPE = 5,
	TEXT_APART = 1 << 13, /* RSTRING_NOEMBED */
	TEXT_SHIFT = 14,
	TEXT_MASK = 0x1f,
	TEXT_LENGTH = 16,
	TEXT_POINTER = 24,
};

/* The differences between the versions. */
struct layout {
	const char *version;
	size_t frame_size;
	size_t text_here;     /* where the text of a short string is */
	bool length_in_flags; /* of a short string */
};

static const struct layout layouts[] = {
	{"3.1.", 64, 16, true},
	{"3.3.", 56, 24, false},
};

static const struct layout *layout;
static void *context_index;                /* __tls_get_addr's argument for ruby_current_ec */
static void *(*tls_get_addr)(void *index); /* the loader's; not linked, so that it is plain that our
					    * own variables don't need it */
static const char *module;
static struct loaded_symbol run, loop; /* loop.size 0: not known yet */
static _Atomic uintptr_t instruction;  /* the code of one, inside the interpreter's loop */
static unsigned int (*line_of)(uintptr_t code, size_t position);
static uintptr_t (*path_of)(uintptr_t code);
static uintptr_t (*label_of)(uintptr_t code);

static bool find(const char *name, void *function)
{
	struct loaded_symbol symbol;

	if (!loaded_symbol_find(name, &symbol))
		return false;
	memcpy(function, &symbol.address, sizeof(symbol.address));
	return true;
}

static const struct layout *layout_of(const char *version)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++)
		if (strncmp(version, layouts[i].version, strlen(layouts[i].version)) == 0)
			return &layouts[i];
	return NULL;
}

/* The argument of __tls_get_addr for the current context. Ruby 3.3 doesn't export the variable, but
 * a function that begins by reading it; the linker needs these very instructions (System V ABI for
 * x86-64, general dynamic model). */
static void *find_context(void)
{
	enum { SEARCHED = 64, OFFSET = 4, CALL = 8, SIZE = 12 };
	void *index = loaded_symbol_find_tls("ruby_current_ec");
	struct loaded_symbol reader;

	if (!index && loaded_symbol_find("rb_profile_frames", &reader) && reader.size >= SEARCHED)
		for (const unsigned char *code = (const unsigned char *)reader.address;
		     !index && code + SIZE <= (const unsigned char *)reader.address + SEARCHED;
		     code++)
			if (memcmp(code, "\x66\x48\x8d\x3d", OFFSET) == 0 &&
			    memcmp(code + CALL, "\x66\x66\x48\xe8", SIZE - CALL) == 0)
				index = (void *)branch_at_distance(code + OFFSET);
	return index;
}

static enum detected detect(struct detection *detection)
{
	static bool asked;
	bool at_start = !asked;
	struct loaded_symbol version;

	asked = true;
	if (!loaded_symbol_find("ruby_version", &version) ||
	    !loaded_symbol_find("ruby_run_node", &run))
		return DETECTED_NOT;
	if (!proven_copy(detection->version, version.address, 6))
		return DETECTED_NOT;
	detection->version[6] = '\0';
	detection->trouble = "fdtrail knows the frames of Ruby 3.1 and 3.3";
	layout = layout_of(detection->version);
	if (!layout)
		return DETECTED_UNKNOWN;
	/* The first access of a thread to a variable of a library that was loaded later allocates
	 * memory. */
	detection->trouble = "libruby was loaded after the program's start";
	if (!at_start && !module)
		return DETECTED_UNKNOWN;
	detection->trouble = "its library doesn't export what fdtrail needs";
	context_index = find_context();
	if (!context_index || !find("__tls_get_addr", &tls_get_addr) ||
	    !find("rb_iseq_line_no", &line_of) || !find("rb_iseq_path", &path_of) ||
	    !find("rb_profile_frame_label", &label_of))
		return DETECTED_UNKNOWN;
	module = version.module;
	return DETECTED;
}

static bool is_code(uintptr_t code)
{
	uintptr_t flags;

	return code && code % sizeof(code) == 0 && proven_word(code + CODE_FLAGS, &flags) &&
	       (flags & TYPE_MASK) == TYPE_INTERNAL &&
	       (flags >> INTERNAL_SHIFT & INTERNAL_MASK) == INTERNAL_CODE;
}

static int frames(const struct registers *from, struct language_frame *into, int room)
{
	uintptr_t context = *(const uintptr_t *)tls_get_addr(context_index);
	uintptr_t stack, words, frame, pc, code, environment, flags, body, instructions,
		code_of_first;
	int count = 0;

	(void)from;
	if (!context || !proven_word(context + CONTEXT_STACK, &stack) ||
	    !proven_word(context + CONTEXT_STACK_WORDS, &words) ||
	    !proven_word(context + CONTEXT_FRAME, &frame) || words > UINT32_MAX)
		return 0;
	uintptr_t end = stack + words * sizeof(uintptr_t);
	/* The array lies at the end of the stack, and grows down. */
	for (; frame >= stack && frame + layout->frame_size <= end; frame += layout->frame_size) {
		if (!proven_readable(frame, layout->frame_size))
			break;
		pc = word_at(frame + FRAME_PC);
		code = word_at(frame + FRAME_CODE);
		environment = word_at(frame + FRAME_ENVIRONMENT);
		if (!pc || !code || !proven_word(environment, &flags))
			continue;
		if (flags & FLAG_NATIVE || (flags & MAGIC_MASK) == MAGIC_DUMMY ||
		    !proven_word(code + CODE_BODY, &body) ||
		    !proven_word(body + BODY_INSTRUCTIONS, &instructions))
			continue;
		if (count == room) {
			into[count - 1].flags |= LANGUAGE_MORE;
			break;
		}
		if (!instruction && proven_word(instructions, &code_of_first))
			instruction = code_of_first;
		into[count++] = (struct language_frame){
			.code = code,
			.at = pc - instructions,
			.check = (uint32_t)((body ^ instructions << 20) * 0x9e3779b97f4a7c15ULL >>
					    32) |
				 1,
			.flags = flags & FLAG_FINISH ? LANGUAGE_ENTRY : 0,
		};
	}
	return count;
}

static bool take_text(uintptr_t string, char *text, size_t size)
{
	uintptr_t flags, length, data = string + layout->text_here;

	if (!string || string % sizeof(string) || !proven_word(string, &flags) ||
	    (flags & TYPE_MASK) != TEXT_TYPE)
		return false;
	length = flags >> TEXT_SHIFT & TEXT_MASK;
	if ((flags & TEXT_APART || !layout->length_in_flags) &&
	    !proven_word(string + TEXT_LENGTH, &length))
		return false;
	if (flags & TEXT_APART && !proven_word(string + TEXT_POINTER, &data))
		return false;
	if (length > size - 1)
		length = size - 1;
	if (!proven_copy(text, data, length))
		return false;
	text[length] = '\0';
	return *text != '\0';
}

static bool describe(const struct language_frame *frame, struct language_name *name)
{
	size_t position = frame->at / sizeof(uintptr_t);

	/* The counter is already at the next instruction. */
	if (!is_code(frame->code) ||
	    !take_text(label_of(frame->code), name->function, sizeof(name->function)) ||
	    !take_text(path_of(frame->code), name->file, sizeof(name->file)))
		return false;
	name->line = line_of(frame->code, position ? position - 1 : 0);
	name->library = strstr(name->file, "/lib/ruby/") || strstr(name->file, "/gems/") ||
			strncmp(name->file, "<internal:", 10) == 0;
	return true;
}

/* An instruction sequence has the addresses of its instructions' code, all in one function. */
static void find_loop(void)
{
	struct loaded_symbol found;

	if (function_around(instruction, &found) && strcmp(found.module, module) == 0)
		loop = found;
	else
		instruction = 0; /* it was something else: the next frame has one, too */
}

static bool is_loop(uintptr_t pc)
{
	if (!loop.size && instruction)
		find_loop();
	return loaded_symbol_covers(&loop, pc);
}

/* The command is little more than a call of libruby's. */
static bool is_library(const char *path)
{
	return strcmp(path, module) == 0 || strstr(path, "/ruby/") ||
	       (!*path && strncmp(program_invocation_short_name, "ruby", 4) == 0);
}

/*
 * ruby_run_node makes two calls on the main thread: one runs the program, the other one its at_exit
 * blocks and the finalizers, which close files. The return address tells which of them it is.
 */
static uintptr_t main_return, running;

static void walked(const uintptr_t *pcs, const uintptr_t *sps, uint32_t count)
{
	for (uint32_t i = 1; i < count && !main_return; i++)
		if (loaded_symbol_covers(&run, pcs[i])) {
			running = pcs[i] + 1; /* pcs are those of the calls */
			main_return = sps[i] - sizeof(uintptr_t);
		}
}

static bool is_finishing(void)
{
	uintptr_t to;

	if (!main_return)
		return false;
	to = word_at(main_return);
	return to != running && loaded_symbol_covers(&run, to);
}

const struct interpreter ruby = {
	.name = "ruby",
	.detect = detect,
	.frames = frames,
	.describe = describe,
	.is_loop = is_loop,
	.is_library = is_library,
	.walked = walked,
	.is_finishing = is_finishing,
};
