// SPDX-License-Identifier: MIT
/* See library_image.h. The file is ours, but it may be another version's. */
#include "library_image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/core/policy/attach_door.h"
#include "tools/process/loaded_tracer.h"
#include "tools/run/tracer_library.h"

enum { SIZE_MAX_ = 64 << 20 };

static int read_file(struct library_image *image, const char *path)
{
	struct stat status;
	int error = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0)
		error = -errno;
	else if (status.st_size <= 0 || status.st_size > SIZE_MAX_)
		error = -EFBIG;
	else if (!(image->bytes = malloc((size_t)status.st_size)))
		error = -ENOMEM;
	else if (pread(fd, image->bytes, (size_t)status.st_size, 0) != status.st_size)
		error = -EIO;
	else
		image->size = (size_t)status.st_size;
	close(fd);
	return error;
}

/* The offset in the file of an address, or 0. */
static size_t offset_of(const struct library_image *image, const Elf64_Phdr *headers, size_t count,
			uint64_t address, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_LOAD && address >= headers[i].p_vaddr &&
		    address + size <= headers[i].p_vaddr + headers[i].p_filesz &&
		    headers[i].p_offset + headers[i].p_filesz <= image->size)
			return headers[i].p_offset + (address - headers[i].p_vaddr);
	return 0;
}

/* Finds the door by its note among those of this header. */
static bool find_door(struct library_image *image, const Elf64_Phdr *headers, size_t count,
		      const Elf64_Phdr *notes)
{
	int64_t target;

	if (notes->p_offset > image->size || notes->p_filesz > image->size - notes->p_offset)
		return false;
	if (!tracer_note_find(image->bytes + notes->p_offset, notes->p_filesz, ATTACH_NOTE_TYPE,
			      &target))
		return false;
	image->door = offset_of(image, headers, count, notes->p_vaddr + (uint64_t)target,
				sizeof(struct attach_door));
	return image->door;
}

/* Finds the door, and leaves out what the loader doesn't read. */
static bool examine(struct library_image *image)
{
	Elf64_Ehdr elf;
	struct attach_door door;
	size_t end = 0;
	bool found = false;

	if (image->size < sizeof(elf))
		return false;
	memcpy(&elf, image->bytes, sizeof(elf));
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phentsize != sizeof(Elf64_Phdr) ||
	    elf.e_phoff % _Alignof(Elf64_Phdr) || elf.e_phoff > image->size ||
	    elf.e_phnum * sizeof(Elf64_Phdr) > image->size - elf.e_phoff)
		return false;
	const Elf64_Phdr *headers = (const void *)(image->bytes + elf.e_phoff);
	for (size_t i = 0; i < elf.e_phnum; i++) {
		if (headers[i].p_type == PT_LOAD && headers[i].p_offset + headers[i].p_filesz > end)
			end = headers[i].p_offset + headers[i].p_filesz;
		if (headers[i].p_type == PT_NOTE && !found)
			found = find_door(image, headers, elf.e_phnum, &headers[i]);
	}
	if (!found || end > image->size)
		return false;
	image->size = end;
	memcpy(&door, image->bytes + image->door, sizeof(door));
	return door.version == ATTACH_VERSION;
}

int library_image_read(struct library_image *image, char *text, size_t size)
{
	char path[PATH_MAX];
	int error = tracer_library_find(path, sizeof(path));

	*image = (struct library_image){0};
	if (error) {
		snprintf(text, size, "can't find libfdtrail.so (%s): reinstall fdtrail",
			 strerror(-error));
		return error;
	}
	error = read_file(image, path);
	if (!error && !examine(image))
		error = -ELIBBAD;
	if (error) {
		snprintf(text, size, "can't use %s (%s): reinstall fdtrail", path,
			 error == -ELIBBAD ? "it is not of this version" : strerror(-error));
		library_image_finish(image);
	}
	return error;
}

void library_image_finish(struct library_image *image)
{
	free(image->bytes);
	*image = (struct library_image){0};
}

void library_image_set_order(struct library_image *image, uint64_t order)
{
	memcpy(image->bytes + image->door + offsetof(struct attach_door, order), &order,
	       sizeof(order));
}
