// SPDX-License-Identifier: MIT
/*
 * The reader on any bytes: text that it has parsed and written must parse the same way again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../read_back.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t once_length, again_length;
	char *once = read_back(data, size, &once_length);
	char *again = read_back(once, once_length, &again_length);

	if (once_length != again_length || memcmp(once, again, once_length) != 0) {
		fprintf(stderr, "read and written:\n%s\nand again:\n%s\n", once, again);
		abort();
	}
	free(once);
	free(again);
	return 0;
}
