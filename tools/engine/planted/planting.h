// SPDX-License-Identifier: MIT
/* The state and helpers of plant.c, plant_asks.c and plant_requests.c while code is planted. */
#pragma once

#include <string.h>
#include <sys/syscall.h>

#include "injected_call.h"
#include "plant.h"
#include "planted_image.h"
#include "tools/engine/go/go_calls.h"

enum { PLANTING_JUMP = 5 }; /* bytes of a near jump */

struct planting {
	const struct plant_request *request;
	struct plant *plant;
	int pid;
	uintptr_t site; /* the instruction of Syscall6 */
	uintptr_t image, pool;
	int file; /* our descriptor of the shared memory */
	int file_there;
	uint64_t clock;
	const char *why;
	/* Other instructions, whose calls are to stop for the engine, too. */
	struct go_call others[PLANTED_ASKS_END - PLANTED_ASKS];
	size_t others_count;
};

static inline const struct planted_header *planting_header(void)
{
	return (const void *)(planted_image + PLANTED_SITES_SIZE);
}

static inline size_t planting_image_size(void)
{
	return (uintptr_t)planted_image_end - (uintptr_t)planted_image;
}

static inline long planting_call(const struct planting *planting, long number, unsigned long a,
				 unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	const unsigned long arguments[6] = {a, b, c, d, e, 0};

	return injected_call(planting->request->injected, number, arguments);
}

static inline bool planting_failed(long result)
{
	return result < 0 && result >= -4095;
}

/* Writes a near jump to the image. False: it is too far, or can't be written. */
bool planting_write_jump(const struct planting *planting, uintptr_t at, uint32_t to);

/* Makes the functions in which requests begin jump to planted code first. */
void planting_patch_requests(struct planting *planting);

/* Finds the instructions for calls that planted code doesn't record. False: not all, so the filter
 * has to stop the calls. */
bool planting_find_asks(struct planting *planting);

/* Fills in the sites of these calls; with the image in place. False: it can't be written. */
bool planting_fill_asks(struct planting *planting, struct planted_control *control);

/* Makes the instructions jump to planted code. */
void planting_patch_asks(struct planting *planting);
