// SPDX-License-Identifier: MIT
/* See protobuf.h. */
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

enum { VARINT_MAX = 10 }; /* bytes of the longest number */

static void put(struct protobuf *message, const void *data, size_t size)
{
	if (message->failed)
		return;
	if (size > INT32_MAX - message->size) {
		message->failed = true;
		return;
	}
	if (message->size + size > message->capacity) {
		size_t capacity = message->capacity ? message->capacity : 256;
		uint8_t *grown;

		while (capacity < message->size + size)
			capacity *= 2;
		grown = realloc(message->data, capacity);
		if (!grown) {
			message->failed = true;
			return;
		}
		message->data = grown;
		message->capacity = capacity;
	}
	if (size)
		memcpy(message->data + message->size, data, size);
	message->size += size;
}

static size_t encode(uint8_t bytes[VARINT_MAX], uint64_t value)
{
	size_t length = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[length++] = (uint8_t)(value | 0x80);
	bytes[length++] = (uint8_t)value;
	return length;
}

static void put_varint(struct protobuf *message, uint64_t value)
{
	uint8_t bytes[VARINT_MAX];

	put(message, bytes, encode(bytes, value));
}

static void put_tag(struct protobuf *message, unsigned int field, enum wire_type type)
{
	put_varint(message, (uint64_t)field << 3 | type);
}

static void put_bytes(struct protobuf *message, unsigned int field, const void *data, size_t size)
{
	put_tag(message, field, WIRE_LENGTH);
	put_varint(message, size);
	put(message, data, size);
}

void protobuf_number(struct protobuf *message, unsigned int field, uint64_t value)
{
	if (value == 0)
		return;
	put_tag(message, field, WIRE_VARINT);
	put_varint(message, value);
}

void protobuf_string(struct protobuf *message, unsigned int field, const char *value)
{
	put_bytes(message, field, value, strlen(value));
}

void protobuf_message(struct protobuf *message, unsigned int field, const struct protobuf *nested)
{
	if (nested->failed)
		message->failed = true;
	put_bytes(message, field, nested->data, nested->size);
}

void protobuf_packed(struct protobuf *message, unsigned int field, const uint64_t *values,
		     size_t count)
{
	uint8_t bytes[VARINT_MAX];
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += encode(bytes, values[i]);
	put_tag(message, field, WIRE_LENGTH);
	put_varint(message, size);
	for (size_t i = 0; i < count; i++)
		put_varint(message, values[i]);
}

void protobuf_clear(struct protobuf *message)
{
	message->size = 0;
}

void protobuf_finish(struct protobuf *message)
{
	free(message->data);
	*message = (struct protobuf){.failed = message->failed};
}
