// SPDX-License-Identifier: MIT
/*
 * Runs a fuzz target on each file of its folder and on the empty input, and prints a line of TAP
 * for each. libFuzzer's own main() needs clang, which not everybody who runs the tests has.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A copy of the file in memory of exactly its size, so that a sanitizer notices a read beyond
 * it. */
static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	uint8_t *bytes;

	if (!file || fseek(file, 0, SEEK_END) != 0)
		return NULL;
	*size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*size ? *size : 1);
	if (bytes && fread(bytes, 1, *size, file) != *size) {
		free(bytes);
		bytes = NULL;
	}
	fclose(file);
	return bytes;
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count = argc == 2 ? scandir(argv[1], &entries, is_input, alphasort) : -1;

	if (count <= 0) {
		printf("Bail out! there is nothing in %s\n", argc == 2 ? argv[1] : "no folder");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", count + 1);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	puts("ok 1 - nothing at all");
	for (int i = 0; i < count; i++) {
		char path[4096];
		size_t size;
		uint8_t *bytes;

		snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
		bytes = read_all(path, &size);
		if (!bytes) {
			printf("Bail out! can't read %s\n", path);
			return 1;
		}
		LLVMFuzzerTestOneInput(bytes, size);
		printf("ok %d - %s\n", i + 2, entries[i]->d_name);
		free(bytes);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
