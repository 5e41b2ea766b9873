// SPDX-License-Identifier: MIT
/*
 * The file libfdtrail.so as a process gets it: what the loader reads of it, without debug
 * information, with the address of an order in its door (preload/core/policy/attach_door.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct library_image {
	uint8_t *bytes;
	size_t size;
	size_t door; /* its offset in bytes */
};

/* Reads our library. 0; or a negative errno, and text says in one line why not. Finish accepts an
 * empty one. */
int library_image_read(struct library_image *image, char *text, size_t size);
void library_image_finish(struct library_image *image);

void library_image_set_order(struct library_image *image, uint64_t order);
