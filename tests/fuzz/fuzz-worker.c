// SPDX-License-Identifier: MIT
/*
 * The messages of the child process that reads a module's file, in any bytes: whoever made that
 * file may have taken over the child.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/worker_record.h"

enum { ADDRESSES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_source(const struct name_source *source)
{
	for (size_t i = 0; name_sources[i]; i++)
		if (source == name_sources[i])
			return true;
	return false;
}

static void found(void *data, size_t index, const struct name_source *source,
		  const struct model_location *locations, size_t count)
{
	bool *answers = data;

	/* Each address is answered once, by a source that exists. */
	if (index >= ADDRESSES || answers[index] || count > LOCATIONS_MAX || !is_source(source))
		abort();
	answers[index] = true;
	for (size_t i = 0; i < count; i++)
		if (locations[i].line < 0 || locations[i].column < 0 ||
		    (locations[i].function && strlen(locations[i].function) > STRING_MAX) ||
		    (locations[i].file && strlen(locations[i].file) > STRING_MAX))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t addresses[ADDRESSES] = {0x1000, 0x1001, 0x2000, 0x3000};
	bool answered[ADDRESSES] = {false}, answers[ADDRESSES] = {false};
	const struct worker_request request = {
		.addresses = addresses,
		.count = ADDRESSES,
		.sources = name_sources,
		.found = found,
		.data = answers,
	};
	char trouble[MODULE_TROUBLE_SIZE] = "";
	struct worker_reading reading = {
		.request = &request, .answered = answered, .trouble = trouble};
	char *exact = malloc(size ? size : 1); /* so that a read past the end is noticed */

	if (!exact)
		abort();
	if (size)
		memcpy(exact, data, size);
	ssize_t taken = worker_take_records(&reading, exact, size);
	if (taken > (ssize_t)size ||
	    (taken >= 0 && memcmp(answered, answers, sizeof(answers)) != 0) ||
	    memchr(trouble, '\0', sizeof(trouble)) == NULL)
		abort();
	free(reading.step);
	free(exact);
	return 0;
}
