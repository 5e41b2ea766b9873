// SPDX-License-Identifier: MIT
/*
 * The parent's side of worker_record.h: turns records into answers. The maker of the file may
 * control the child that reads it, so nothing is trusted: every size and number is checked, and
 * reading ends at the first invalid record.
 */
#include "worker_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct content {
	const char *at, *end;
};

static bool take_number(struct content *content, uint32_t *number)
{
	if ((size_t)(content->end - content->at) < sizeof(*number))
		return false;
	memcpy(number, content->at, sizeof(*number));
	content->at += sizeof(*number);
	return true;
}

/* Takes a string, which the caller frees; NULL if the sender sent NULL. */
static bool take_string(struct content *content, char **string)
{
	uint32_t size;

	*string = NULL;
	if (!take_number(content, &size) || size > STRING_MAX + 1 ||
	    (size && size - 1 > (size_t)(content->end - content->at)))
		return false;
	if (!size)
		return true;
	*string = strndup(content->at, size - 1);
	content->at += size - 1;
	return *string != NULL;
}

static bool take_answer(struct worker_reading *reading, struct content *content)
{
	const struct worker_request *request = reading->request;
	uint32_t index, count, line, column, inlined, module, taken = 0;
	struct model_location *locations;
	bool good = true;

	if (!take_number(content, &index) || index >= request->count || reading->answered[index] ||
	    !take_number(content, &count) || count > LOCATIONS_MAX)
		return false;
	locations = calloc(count, sizeof(*locations));
	if (!locations)
		return false;
	while (good && taken < count) {
		char *function = NULL, *file = NULL;

		good = take_string(content, &function) && take_string(content, &file) &&
		       take_number(content, &line) && take_number(content, &column) &&
		       take_number(content, &inlined) && take_number(content, &module) &&
		       line <= INT32_MAX && column <= INT32_MAX && module <= MODEL_GO_DEPENDENCY;
		locations[taken++] = (struct model_location){
			.function = function,
			.file = file,
			.line = good ? (int)line : 0,
			.column = good ? (int)column : 0,
			.inlined = good && inlined,
			.module = good ? (enum model_go_module)module : MODEL_GO_UNKNOWN,
		};
	}
	if (good) {
		reading->answered[index] = true;
		request->found(request->data, index, request->sources[reading->source], locations,
			       count);
	}
	for (uint32_t i = 0; i < taken; i++) {
		free((char *)locations[i].function);
		free((char *)locations[i].file);
	}
	free(locations);
	return good;
}

static bool take_record(struct worker_reading *reading, const char *bytes, size_t size)
{
	struct content content = {.at = bytes + 1, .end = bytes + size};
	char *string;
	uint32_t number;

	switch ((unsigned char)bytes[0]) {
	case RECORD_STEP:
		if (!take_string(&content, &string) || !string)
			return false;
		free(reading->step);
		reading->step = string;
		return true;
	case RECORD_SOURCE:
		if (!take_number(&content, &number))
			return false;
		for (size_t i = 0; i <= number; i++)
			if (!reading->request->sources[i])
				return false;
		reading->source = number;
		return true;
	case RECORD_ANSWER:
		return take_answer(reading, &content);
	case RECORD_TROUBLE:
		if (!take_string(&content, &string) || !string)
			return false;
		snprintf(reading->trouble, MODULE_TROUBLE_SIZE, "%s", string);
		free(string);
		return true;
	case RECORD_DONE:
		reading->done = true;
		return true;
	default:
		return false;
	}
}

ssize_t worker_take_records(struct worker_reading *reading, const char *bytes, size_t size)
{
	size_t at = 0;
	uint32_t record;

	while (size - at > sizeof(record)) {
		memcpy(&record, bytes + at, sizeof(record));
		if (record == 0 || record > RECORD_MAX)
			return -1;
		if (record > size - at - sizeof(record))
			break;
		if (!take_record(reading, bytes + at + sizeof(record), record))
			return -1;
		at += sizeof(record) + record;
	}
	return (ssize_t)at;
}
