// SPDX-License-Identifier: MIT
/*
 * Writes protocol buffers, as much of the encoding as pprof's profile.proto needs: varints,
 * strings, nested messages and packed lists (protobuf.dev/programming-guides/encoding). A message
 * is built in memory, because its length comes before it. After a failure (no memory, or more than
 * 2 GiB, which no reader accepts) failed is set, and further calls do nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct protobuf {
	uint8_t *data;
	size_t size, capacity;
	bool failed;
};

/* Adds a field. A number that is 0, the default, is left out; a negative one is given as int64. */
void protobuf_number(struct protobuf *message, unsigned int field, uint64_t value);
void protobuf_string(struct protobuf *message, unsigned int field, const char *value);
void protobuf_message(struct protobuf *message, unsigned int field, const struct protobuf *nested);
void protobuf_packed(struct protobuf *message, unsigned int field, const uint64_t *values,
		     size_t count);

/* Empties it, keeping its memory and whether it failed. */
void protobuf_clear(struct protobuf *message);
/* Frees its memory. */
void protobuf_finish(struct protobuf *message);
