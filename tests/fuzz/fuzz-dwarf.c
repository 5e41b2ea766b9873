// SPDX-License-Identifier: MIT
/*
 * DWARF and symbol tables, in any bytes that claim to be the ELF file of a module. The parent of
 * the process that reads them must understand the answers.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/symbolize/worker_record.h"

enum { FIRST = 0x240, LAST = 0x2a0, MOST = 1 << 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void found(void *data, size_t index, const struct name_source *source,
		  const struct model_location *locations, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (locations[i].line < 0 || locations[i].column < 0 ||
		    (locations[i].function && strlen(locations[i].function) > STRING_MAX) ||
		    (locations[i].file && strlen(locations[i].file) > STRING_MAX))
			abort();
	++*(size_t *)data;
}

/* The answer, as it would be sent to the parent. */
static void take(const struct name_source *const *sources, uint64_t address,
		 const struct answer *answer)
{
	bool answered = false;
	size_t answers = 0;
	const struct worker_request request = {.addresses = &address,
					       .count = 1,
					       .sources = sources,
					       .found = found,
					       .data = &answers};
	char trouble[MODULE_TROUBLE_SIZE];
	struct worker_reading reading = {
		.request = &request, .answered = &answered, .trouble = trouble};
	const uint32_t head[2] = {0, answer->count};
	uint32_t length = (uint32_t)(1 + sizeof(head) + answer->size);
	char *record = malloc(sizeof(length) + length);

	if (!record)
		abort();
	memcpy(record, &length, sizeof(length));
	record[sizeof(length)] = RECORD_ANSWER;
	memcpy(record + sizeof(length) + 1, head, sizeof(head));
	memcpy(record + sizeof(length) + 1 + sizeof(head), answer->bytes, answer->size);
	if (worker_take_records(&reading, record, sizeof(length) + length) !=
		    (ssize_t)(sizeof(length) + length) ||
	    answers != 1)
		abort();
	free(record);
}

static void ask(const struct module_file *file, const struct name_source *source)
{
	const struct name_source *const sources[] = {source, NULL};
	void *state;

	if (source->open(file, &state) != 0)
		return;
	for (uint64_t address = FIRST; address < LAST; address += 2) {
		struct answer answer = {0};

		if (source->find(state, address, &answer) && answer.count)
			take(sources, address, &answer);
		free(answer.bytes);
	}
	source->close(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], trouble[MODULE_TROUBLE_SIZE];
	const struct module_wanted wanted = {.path = path, .same_host = true, .taken = 1e18};
	struct module_file file;

	if (size > MOST)
		return 0;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (module_file_open(&file, &wanted, trouble) == 0) {
		/* The functions of the inputs in dwarf/ lie at 0x250 to 0x2a0. */
		ask(&file, &source_dwarf);
		ask(&file, &source_symbols);
		module_file_close(&file);
	}
	close(fd);
	return 0;
}
