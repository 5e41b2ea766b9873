// SPDX-License-Identifier: MIT
/*
 * See go_calls.h. The bytes of the instruction also occur within others, so the functions that
 * have them are decoded. Go's compiler never makes the instruction: only functions in assembly have
 * it, and those have a flag since Go 1.18.
 */
#include "go_calls.h"

#include <elf.h>
#include <string.h>

#include "go_layout.h"
#include "tools/engine/walk/prologue/x86_instruction.h"

/* mov to eax, and to rax. A number of four bytes follows. */
static const uint8_t move_short[] = {0xb8}, move_long[] = {0x48, 0xc7, 0xc0};

struct search {
	const struct go_program *program;
	bool (*visit)(const struct go_call *call, void *data);
	void *data;
};

/* Whether the instruction is this one, with a number. */
static bool is_move(const uint8_t *code, size_t size, const uint8_t *move, size_t bytes,
		    long *number)
{
	if (size != bytes + sizeof(int32_t) || memcmp(code, move, bytes) != 0)
		return false;
	*number = x86_displacement(code + bytes);
	return *number >= 0;
}

/* Decodes the function up to the bytes at `at`, and visits if they are an instruction. code: the
 * bytes of the function's entry, of which size are in its segment. */
static bool visit_function(const struct search *search, const struct pclntab_function *function,
			   const uint8_t *code, size_t size, size_t at)
{
	struct go_call call = {.number = -1, .function = function->name};
	struct instruction instruction;
	size_t last = 0, offset = 0;

	for (; offset < at; offset += instruction.length) {
		if (!x86_decode(code + offset, size - offset, &instruction))
			return false;
		last = offset;
	}
	if (offset > at || !x86_decode(code + at, size - at, &instruction) || !instruction.syscall)
		return true;
	uintptr_t entry = function->entry + search->program->bias;
	call.instruction = entry + at;
	if (is_move(code + last, at - last, move_short, sizeof(move_short), &call.number) ||
	    is_move(code + last, at - last, move_long, sizeof(move_long), &call.number))
		call.move = entry + last;
	return search->visit(&call, search->data);
}

/* Finds 0f 05. Faster than memmem(3), because the second byte is rare. */
static const uint8_t *find_bytes(const uint8_t *from, size_t size)
{
	const uint8_t *end = from + size, *at = from;

	while (at < end && (at = memchr(at, 0x05, (size_t)(end - at)))) {
		if (at > from && at[-1] == 0x0f)
			return at - 1;
		at++;
	}
	return NULL;
}

static bool search_segment(const struct search *search, const Elf64_Phdr *segment)
{
	const struct go_program *program = search->program;
	const uint8_t *begin, *end, *found;

	if (segment->p_offset > program->size ||
	    segment->p_filesz > program->size - segment->p_offset)
		return false;
	begin = (const uint8_t *)program->bytes + segment->p_offset;
	end = begin + segment->p_filesz;
	for (const uint8_t *from = begin; (found = find_bytes(from, (size_t)(end - from)));
	     from = found + 1) {
		uint64_t address = segment->p_vaddr + (uint64_t)(found - begin);
		struct pclntab_function function;

		if (!pclntab_find(program->table, address, &function))
			return false;
		if (!(function.flags & PCLNTAB_ASSEMBLY))
			continue;
		if (function.entry < segment->p_vaddr)
			return false;
		const uint8_t *code = begin + (function.entry - segment->p_vaddr);
		if (!visit_function(search, &function, code, (size_t)(end - code),
				    (size_t)(found - code)))
			return false;
	}
	return true;
}

bool go_program_calls(const struct go_program *program,
		      bool (*visit)(const struct go_call *call, void *data), void *data)
{
	const struct search search = {program, visit, data};
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (program->size < sizeof(header))
		return false;
	memcpy(&header, program->bytes, sizeof(header));
	if (header.e_phentsize != sizeof(segment) || header.e_phoff > program->size ||
	    header.e_phnum > (program->size - header.e_phoff) / sizeof(segment))
		return false;
	for (size_t i = 0; i < header.e_phnum; i++) {
		memcpy(&segment,
		       (const char *)program->bytes + header.e_phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.p_type == PT_INTERP || segment.p_type == PT_DYNAMIC)
			return false;
		if (segment.p_type == PT_LOAD && segment.p_flags & PF_X &&
		    !search_segment(&search, &segment))
			return false;
	}
	return true;
}
