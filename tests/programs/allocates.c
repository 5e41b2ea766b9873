// SPDX-License-Identifier: MIT
/*
 * An allocator that opens a file inside its first malloc, as jemalloc does, before any library's
 * constructor has run. A second call during that would deadlock on a real allocator's lock; here it
 * ends the program with 3. Leaks a descriptor in leaks_in_allocates.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

enum { HEAP = 8 * 1024 * 1024, HEADER = 16 };

static char heap[HEAP] __attribute__((aligned(HEADER)));
static size_t used;
static bool inside, opened;

void *malloc(size_t size)
{
	static const char again[] = "malloc was called inside of malloc\n";
	char *piece = heap + used;

	if (inside) {
		if (write(STDERR_FILENO, again, sizeof(again) - 1) < 0)
			_exit(4);
		_exit(3);
	}
	inside = true;
	if (!opened) {
		opened = true;
		close(open("/dev/null", O_RDONLY));
	}
	inside = false;
	if (size > HEAP - used - 2 * HEADER)
		return NULL;
	memcpy(piece, &size, sizeof(size));
	used += (size + 2 * HEADER - 1) / HEADER * HEADER;
	return piece + HEADER;
}

void free(void *pointer)
{
	(void)pointer;
}

/* Memory of the heap is zero, because each part is handed out only once. */
void *calloc(size_t count, size_t size)
{
	return size && count > SIZE_MAX / size ? NULL : malloc(count * size);
}

void *realloc(void *pointer, size_t size)
{
	void *piece = malloc(size);
	size_t old = 0;

	if (pointer)
		memcpy(&old, (char *)pointer - HEADER, sizeof(old));
	if (piece && old)
		memcpy(piece, pointer, old < size ? old : size);
	return piece;
}

static void allocate_first(void)
{
	free(malloc(1));
}

/* ELF's gABI, "Initialization and Termination Functions": these run before all constructors. */
__attribute__((section(".preinit_array"), used)) static void (*first)(void) = allocate_first;

static volatile int after; /* keeps the compiler from making the call a jump */

static FRAME int leaks_in_allocates(void)
{
	int fd = open("/dev/null", O_RDONLY);

	after++;
	return fd;
}

int main(void)
{
	return leaks_in_allocates() < 0;
}
