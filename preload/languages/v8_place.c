// SPDX-License-Identifier: MIT
/*
 * See v8_place.h. A table of source positions is a list of pairs, code offset and position, each as
 * the difference to the pair before, in groups of seven bits (V8's
 * src/codegen/source-position-table.cc). A position in compiled code has the number of the inlined
 * function that it lies in; the code's deoptimization data say which function that is, and where it
 * was inlined.
 */
#include "v8_place.h"

#include "v8_object.h"

enum { CODE_BACK = 1024 * 1024 }; /* code is searched for its beginning this far */

static bool take_number(struct v8_bytes *bytes, uint64_t *number)
{
	*number = 0;
	for (unsigned int shift = 0; bytes->at < bytes->end && shift < 64; shift += 7) {
		uint8_t byte = *bytes->at++;

		*number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

/* Small numbers of either sign: 0, -1, 1, -2, ... */
static bool take_signed(struct v8_bytes *bytes, int64_t *number)
{
	uint64_t bits;

	if (!take_number(bytes, &bits))
		return false;
	*number = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
	return true;
}

/* The last entry at or before offset; false: there is none. */
static bool find_entry(struct v8_bytes table, int64_t offset, uint64_t *position)
{
	int64_t at = -1, code; /* a function's entry has the offset -1 */
	uint64_t source = 0;
	int64_t difference;
	bool found = false;

	while (take_signed(&table, &code) && take_signed(&table, &difference)) {
		/* An expression's offset is stored as -1 - offset. */
		at += code < 0 ? -1 - code : code;
		source += (uint64_t)difference;
		if (at > offset)
			break;
		*position = source;
		found = true;
	}
	return found;
}

/* The parts of a position: V8's src/codegen/source-position.h. */
static int32_t script_offset(uint64_t position)
{
	return position & 1 ? V8_NO_POSITION : (int32_t)(position >> 1 & 0x3fffffff) - 1;
}

static int32_t inlined_at(uint64_t position)
{
	return (int32_t)(position >> 31 & 0xffff) - 1;
}

/* The table is missing if V8 has put it off: see v8.c. */
static int32_t bytecode_position(uintptr_t bytecodes, int64_t offset)
{
	struct v8_bytes table;
	uintptr_t array;
	uint64_t position;

	if (!v8_member(bytecodes, v8_layout.bytecodes_positions, &array) ||
	    !v8_byte_array(array, &table) || !find_entry(table, offset, &position))
		return V8_NO_POSITION;
	return script_offset(position);
}

int32_t v8_bytecode_position(uintptr_t bytecodes, uint32_t offset)
{
	return bytecode_position(bytecodes, (int64_t)offset - (v8_layout.bytecodes_data - 1));
}

/* A Code object, which describes a range of instructions. */
struct code {
	uintptr_t object, start, size;
	uint32_t kind;
};

static bool read_code(uintptr_t object, struct code *code)
{
	uintptr_t word;

	if (!v8_is(object, v8_layout.type_code))
		return false;
	code->object = object;
	if (v8_layout.stream_data == 0)
		code->start = (object & ~(uintptr_t)3) + v8_layout.code_start;
	else if (!v8_member(object, v8_layout.code_start, &code->start))
		return false;
	if (!v8_member(object, v8_layout.code_size & ~7u, &word))
		return false;
	code->size = (uint32_t)(word >> 8 * (v8_layout.code_size & 7));
	if (!v8_member(object, v8_layout.code_flags & ~7u, &word))
		return false;
	code->kind = (uint32_t)(word >> 8 * (v8_layout.code_flags & 7)) & v8_layout.kind_mask;
	return true;
}

static bool holds(const struct code *code, uintptr_t pc)
{
	return pc > code->start && pc - code->start <= code->size;
}

/* Finds the code that pc returns to. The function usually points to it. After a change of its code,
 * and for a loop that was compiled while it ran, it doesn't: then the beginning of the instructions
 * is searched backwards. Before them is an object that points to the Code, or the Code itself. */
static bool find_code(uintptr_t pc, uintptr_t fp, struct code *code)
{
	uintptr_t function, object;

	if (v8_layout.function_code && proven_word(fp + V8_FP_FUNCTION, &function) &&
	    v8_member(function, v8_layout.function_code, &object) && read_code(object, code) &&
	    holds(code, pc))
		return true;
	for (uintptr_t at = pc & ~(uintptr_t)7; pc - at < CODE_BACK; at -= 8) {
		if (v8_layout.stream_data) {
			if (!proven_word(at + 8, &object))
				return false;
		} else {
			object = at | 1;
			if (!proven_word(at, &function))
				return false;
			if ((function & 3) != 1 || function >> 47)
				continue;
		}
		if ((object & 3) == 1 && !(object >> 47) && read_code(object, code) &&
		    code->start == at + (v8_layout.stream_data ? v8_layout.stream_data
							       : v8_layout.code_start) &&
		    holds(code, pc))
			return true;
	}
	return false;
}

/* Code of the baseline compiler has the bytecodes' order. Its table has the length of the
 * instructions for each of them, after the length of the function's beginning. */
static int32_t baseline_position(const struct code *code, uintptr_t pc, uintptr_t fp)
{
	uintptr_t array, bytecodes, length;
	struct v8_bytes table;
	uint64_t size, at = 0, wanted = pc - code->start;
	const uint8_t *sizes = v8_layout.bytecode_sizes;
	uint32_t offset = 0;

	if (!sizes || !v8_member(code->object, v8_layout.code_positions, &array) ||
	    !v8_byte_array(array, &table) || !proven_word(fp + V8_FP_BYTECODES, &bytecodes) ||
	    !v8_is(bytecodes, v8_layout.type_bytecodes) ||
	    !v8_member(bytecodes, v8_layout.array_length, &length) || !take_number(&table, &size))
		return V8_NO_POSITION;
	at = size;
	if (at >= wanted)
		return bytecode_position(bytecodes, 0);
	while (take_number(&table, &size)) {
		uintptr_t from = (bytecodes & ~(uintptr_t)3) + v8_layout.bytecodes_data + offset;
		uint8_t opcode[2];
		uint32_t width = 0, prefix = 0;

		at += size;
		if (at >= wanted)
			return bytecode_position(bytecodes, offset);
		if ((int32_t)offset + 2 > v8_small(length) || !proven_copy(opcode, from, 2))
			break;
		/* Wide and ExtraWide, and the same for debuggers, are before another. */
		if (opcode[0] < 4) {
			width = opcode[0] & 1 ? 2 : 1;
			prefix = 1;
		}
		if (opcode[prefix] >= v8_layout.bytecode_count)
			break;
		offset += prefix + sizes[width * v8_layout.bytecode_count + opcode[prefix]];
	}
	return V8_NO_POSITION;
}

/* The place of an inlined function: its number, and the position of the call that it replaces. */
struct inlining {
	uint64_t position;
	int32_t function;
	int32_t unused;
};

/* The places of optimized code. */
static int optimized_places(const struct code *code, uintptr_t pc, uintptr_t shared,
			    struct v8_place *places, int room)
{
	uintptr_t array, data, literals, function;
	struct v8_bytes table, inlinings;
	uint64_t position;
	int count = 0;

	if (!v8_member(code->object, v8_layout.code_positions, &array) ||
	    !v8_byte_array(array, &table) ||
	    !find_entry(table, (int64_t)(pc - code->start) - 1, &position)) {
		places[0] = (struct v8_place){shared, V8_NO_POSITION};
		return 1;
	}
	if (inlined_at(position) >= 0 &&
	    v8_member(code->object, v8_layout.code_deoptimization, &data) &&
	    v8_element(data, v8_layout.deopt_literals, &literals) &&
	    v8_element(data, v8_layout.deopt_inlining, &array) &&
	    v8_byte_array(array, &inlinings)) {
		while (inlined_at(position) >= 0 && count < room - 1) {
			size_t at = (size_t)inlined_at(position) * sizeof(struct inlining);
			struct inlining inlining;

			if (at + sizeof(inlining) > (size_t)(inlinings.end - inlinings.at))
				break;
			memcpy(&inlining, inlinings.at + at, sizeof(inlining));
			if (inlining.function >= 0 &&
			    v8_element(literals, (uint32_t)inlining.function, &function) &&
			    v8_is(function, v8_layout.type_shared))
				places[count++] = (struct v8_place){(function & ~(uintptr_t)3) | 1,
								    script_offset(position)};
			else if (inlining.function >= 0)
				places[count++] = (struct v8_place){0, V8_NO_POSITION};
			position = inlining.position;
		}
	}
	places[count++] = (struct v8_place){
		shared, inlined_at(position) >= 0 ? V8_NO_POSITION : script_offset(position)};
	return count;
}

int v8_code_places(uintptr_t pc, uintptr_t fp, uintptr_t shared, struct v8_place *places, int room)
{
	struct code code;
	uintptr_t bytecodes, offset;

	places[0] = (struct v8_place){shared, V8_NO_POSITION};
	if (!find_code(pc, fp, &code))
		return 1;
	if (code.kind == v8_layout.kind_baseline) {
		places[0].position = baseline_position(&code, pc, fp);
		return 1;
	}
	/* A copy of the interpreter's entry, for profilers (--interpreted-frames-native-stack). */
	if (code.kind == v8_layout.kind_interpreted || code.kind < v8_layout.kind_interpreted) {
		if (proven_word(fp + V8_FP_BYTECODES, &bytecodes) &&
		    proven_word(fp + V8_FP_BYTECODE_OFFSET, &offset) && v8_is_small(offset) &&
		    v8_is(bytecodes, v8_layout.type_bytecodes))
			places[0].position =
				v8_bytecode_position(bytecodes, (uint32_t)v8_small(offset));
		return 1;
	}
	return optimized_places(&code, pc, shared, places, room);
}
