// SPDX-License-Identifier: MIT
/*
 * Following any bytes as code, to find how a function is left: this ends, reads nothing except the
 * code, and its result can be a frame.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/engine/walk/prologue/code_flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct leave_rule rule = {0};
	uint16_t start, place;

	if (size < 5)
		return 0;
	memcpy(&start, data, sizeof(start));
	memcpy(&place, data + 2, sizeof(place));
	size -= 4;
	uint8_t *exact = malloc(size); /* so that a read past the end is noticed */
	if (!exact)
		return 0;
	memcpy(exact, data + 4, size);
	if (code_flow(exact, size, start % size, place % size, &rule) == FLOW_RULE &&
	    (rule.frame_end < 8 || rule.frame_end % 8 || rule.saved_fp < 0))
		abort();
	code_flow_jumps_away(exact, size, start % size);
	free(exact);
	return 0;
}
