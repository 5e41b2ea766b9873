// SPDX-License-Identifier: MIT
/* See planting.h: the functions in which requests of net/http begin. */
#include "planting.h"
#include "tools/process/process_memory.h"

enum { BEGIN_MOST = 18 }; /* bytes of the begin of a function that compares its stack */

/* A displacement of one byte, which has a sign. */
static int32_t displacement8(uint8_t byte)
{
	return byte < 0x80 ? byte : byte - 0x100;
}

/* Takes apart the begin of a function of Go, which compares the stack's limit with rsp, or for a
 * large frame with rsp minus a constant. Returns its length in bytes; 0: it has another form. */
static size_t parse_begin(const uint8_t *code, uintptr_t at, struct planted_request *request)
{
	static const uint8_t lea_long[] = {0x4c, 0x8d, 0xa4, 0x24}; /* lea N(%rsp), %r12 */
	static const uint8_t lea_short[] = {0x4c, 0x8d, 0x64, 0x24};
	static const uint8_t compare_r12[] = {0x4d, 0x3b, 0x66, 0x10}; /* cmp 16(%r14), %r12 */
	static const uint8_t compare_sp[] = {0x49, 0x3b, 0x66, 0x10};
	static const uint8_t jump_long[] = {0x0f, 0x86}; /* jbe */
	const uint8_t *compare = compare_r12;
	size_t size = 0;
	int32_t distance;

	request->frame = 0;
	if (memcmp(code, lea_long, sizeof(lea_long)) == 0) {
		memcpy(&distance, code + sizeof(lea_long), sizeof(distance));
		request->frame = distance;
		size = sizeof(lea_long) + sizeof(distance);
	} else if (memcmp(code, lea_short, sizeof(lea_short)) == 0) {
		request->frame = displacement8(code[sizeof(lea_short)]);
		size = sizeof(lea_short) + 1;
	} else {
		compare = compare_sp;
	}
	if (memcmp(code + size, compare, sizeof(compare_sp)) != 0)
		return 0;
	size += sizeof(compare_sp);
	if (memcmp(code + size, jump_long, sizeof(jump_long)) == 0) {
		memcpy(&distance, code + size + sizeof(jump_long), sizeof(distance));
		size += sizeof(jump_long) + sizeof(distance);
	} else if (code[size] == 0x76) {
		distance = displacement8(code[size + 1]);
		size += 2;
	} else {
		return 0;
	}
	request->back = at + size;
	request->grow = at + size + (uintptr_t)(intptr_t)distance;
	return size;
}

void planting_patch_requests(struct planting *planting)
{
	struct breakpoints *breakpoints = planting->request->breakpoints;

	for (size_t i = 0; i < breakpoints->count && i < PLANTED_REQUESTS; i++) {
		uintptr_t at = breakpoints->addresses[i];
		struct planted_request request;
		uint8_t code[BEGIN_MOST];

		if (process_memory_read(planting->pid, at, code, sizeof(code)) == sizeof(code) &&
		    parse_begin(code, at, &request) &&
		    plant_write(planting->plant, planting->pid,
				offsetof(struct planted_control, requests) + i * sizeof(request),
				&request, sizeof(request)) &&
		    planting_write_jump(planting, at, planting_header()->requests[i]))
			breakpoints->planted |= 1u << i;
	}
}
