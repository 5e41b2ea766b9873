// SPDX-License-Identifier: MIT
/*
 * OCaml's frame tables in any bytes: nothing outside of the file is read, and all names in the
 * answers are terminated.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/ocaml_frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The tables of the inputs in ocaml-frames/ are there, and so is their code. */
	struct ocaml_frames *frames = ocaml_frames_create(data, size, 0x2000);
	struct ocaml_location found[OCAML_LOCATIONS_MAX];

	for (uint64_t address = 0x1000; frames && address <= 0x1100; address++) {
		size_t count = ocaml_frames_locations(frames, address, found);

		for (size_t i = 0; i < count; i++)
			if (strlen(found[i].function) > size || strlen(found[i].file) > size ||
			    found[i].line < 0 || found[i].column < 0)
				abort();
	}
	ocaml_frames_destroy(frames);
	return 0;
}
