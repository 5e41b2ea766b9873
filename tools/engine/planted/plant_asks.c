// SPDX-License-Identifier: MIT
/*
 * See planting.h: calls that planted code doesn't record, but that the engine must see. If all of
 * the program's system call instructions are known, planted code stops for these calls itself, and
 * no seccomp filter has to: then the program runs on if fdtrail is killed.
 *
 * In Go's runtime an instruction that puts the call's number into rax precedes the one for the
 * call. It becomes a jump, which is as long or shorter. The one for the call stays, and makes the
 * call if it is not to stop.
 */
#include "planting.h"
#include "tools/process/process_memory.h"

enum { SYSCALL = 2 }; /* bytes */

/* Functions that make calls of different numbers, but none of calls.list: clone(2) and clone3(2)
 * without CLONE_UNTRACED, and calls that can't fail (getuid, umask). */
static const char *const known[] = {
	"syscall.rawVforkSyscall",
	"syscall.rawSyscallNoError",
	"golang.org/x/sys/unix.SyscallNoError",
	"golang.org/x/sys/unix.RawSyscallNoError",
};

static bool is_asked(const struct planting *planting, long number)
{
	for (size_t i = 0; i < planting->request->asked_count; i++)
		if (planting->request->asked[i] == number)
			return true;
	return false;
}

static bool is_recorded(uint16_t number)
{
	return ((const uint8_t *)planted_image)[planting_header()->numbers + number];
}

static bool visit(const struct go_call *call, void *data)
{

	struct planting *planting = data;

	if (call->instruction == planting->site ||
	    (call->number >= 0 && !is_asked(planting, call->number)))
		return true;
	if (call->number < 0) {
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (strcmp(call->function, known[i]) == 0)
				return true;
		return false;
	}
	if (planting->others_count == sizeof(planting->others) / sizeof(*planting->others))
		return false;
	planting->others[planting->others_count++] = *call;
	return true;
}

bool planting_find_asks(struct planting *planting)
{
	size_t needed = planting->request->asked_count;

	if (needed && go_program_calls(planting->request->go, visit, planting) &&
	    needed + planting->others_count <= PLANTED_ASKS_END - PLANTED_ASKS &&
	    planting->request->conditions_count <= PLANTED_CONDITIONS)
		return true;
	planting->others_count = 0;
	return false;
}

bool planting_fill_asks(struct planting *planting, struct planted_control *control)
{
	const struct plant_request *request = planting->request;
	struct plant *plant = planting->plant;
	uint8_t numbers[PLANTED_NUMBERS_OF_CALLS];
	uint8_t site = 0;

	memcpy(numbers, planted_image + planting_header()->numbers, sizeof(numbers));
	for (size_t i = 0; i < planting->others_count; i++, site++) {
		const struct go_call *call = &planting->others[i];

		control->asks[site] = (struct planted_ask){
			.plain = call->instruction,
			.back = call->instruction + SYSCALL,
			.number = (uint32_t)call->number,
		};
		plant->asks[site] = call->instruction + SYSCALL;
	}
	for (size_t i = 0; i < request->asked_count; i++) {
		uint16_t number = request->asked[i];

		if (is_recorded(number))
			continue;
		control->asks[site] = (struct planted_ask){
			.plain = control->plain, .back = control->back, .number = number};
		plant->asks[site] = plant->instruction_end;
		numbers[number] = PLANTED_ASKS + site++;
	}
	memcpy(control->conditions, request->conditions,
	       request->conditions_count * sizeof(*request->conditions));
	control->conditions_count = (uint32_t)request->conditions_count;
	return process_memory_write(planting->pid, planting->image + planting_header()->numbers,
				    numbers, sizeof(numbers));
}

void planting_patch_asks(struct planting *planting)
{
	for (size_t i = 0; i < planting->others_count; i++)
		if (!planting_write_jump(planting, planting->others[i].move,
					 planting_header()->asks +
						 ((uint32_t)i << PLANTED_SITE_SHIFT)))
			planting->plant->complete = false;
}
