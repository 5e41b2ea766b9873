// SPDX-License-Identifier: MIT
/* See elf_image.h. The formats are those of elf(5). */
#include "elf_image.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "preload/core/base/build_id.h"
#include "preload/core/base/raw_syscall.h"
#include "proc.h"

enum { NOTES_MAX = 4096, SEGMENTS_MAX = 256, PAGE = 4096 };

size_t image_read_some(const struct image *image, uint64_t offset, void *bytes, size_t size)
{
	size_t done = 0;
	long pid = image->pid ? image->pid : RAW(getpid);

	if (offset > INT64_MAX || size > INT64_MAX - offset)
		return 0;
	while (done < size) {
		struct iovec to = {.iov_base = (char *)bytes + done, .iov_len = size - done};
		struct iovec from = {.iov_base = (void *)(uintptr_t)(offset + done),
				     .iov_len = size - done};
		long got = image->fd >= 0
				   ? RAW(pread64, image->fd, to.iov_base, to.iov_len, offset + done)
				   : RAW(process_vm_readv, pid, &to, 1, &from, 1, 0);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

bool image_read(const struct image *image, uint64_t offset, void *bytes, size_t size)
{
	return image_read_some(image, offset, bytes, size) == size;
}

bool image_segment(const struct image *image, unsigned int i, Elf64_Phdr *segment)
{
	const Elf64_Ehdr *header = &image->header;
	uint64_t offset;

	if (header->e_phentsize != sizeof(*segment) || i >= header->e_phnum || i >= SEGMENTS_MAX)
		return false;
	if (__builtin_add_overflow(header->e_phoff, i * sizeof(*segment), &offset) ||
	    __builtin_add_overflow(offset, image->base, &offset))
		return false;
	return image_read(image, offset, segment, sizeof(*segment));
}

static enum image_state read_header(struct image *image)
{
	Elf64_Ehdr *header = &image->header;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const unsigned char order = ELFDATA2LSB;
#else
	const unsigned char order = ELFDATA2MSB;
#endif

	if (!image_read(image, image->base, header, sizeof(*header)) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != order)
		return IMAGE_BROKEN;
	return IMAGE_READY;
}

static bool has_build_id(const struct image *image, const struct module *module)
{
	uint8_t notes[NOTES_MAX + BUILD_ID_BEHIND];
	const uint8_t *id;
	Elf64_Phdr segment;

	for (unsigned int i = 0; image_segment(image, i, &segment); i++) {
		if (segment.p_type != PT_NOTE)
			continue;
		size_t size = segment.p_filesz < NOTES_MAX ? segment.p_filesz : (size_t)NOTES_MAX;
		size_t readable =
			image_read_some(image, segment.p_offset, notes, size + BUILD_ID_BEHIND);
		if (readable >= size &&
		    build_id_find(notes, size, readable, &id) == module->build_id_size &&
		    memcmp(id, module->build_id, module->build_id_size) == 0)
			return true;
	}
	return false;
}

/* Another build differs in the first page, because it holds the ELF header, with the offsets of all
 * sections, and in most files the program headers, the notes and the first symbols. */
static bool same_first_page(const struct image *image, const struct module *module)
{
	struct image memory = {.fd = -1, .pid = module->pid};
	uint8_t loaded[PAGE], stored[PAGE];
	size_t size = image_read_some(image, 0, stored, sizeof(stored));

	if (atomic_load(&module->unloaded) || size < sizeof(Elf64_Ehdr))
		return false;
	return image_read(&memory, atomic_load(&module->start), loaded, size) &&
	       memcmp(loaded, stored, size) == 0;
}

static int open_file(const char *path)
{
	/* O_NONBLOCK, because a pipe may have the file's name by now. */
	return (int)RAW(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
}

/* Opens the module's file under the root of the process that the module is mapped in. */
static int open_module(const struct module *module)
{
	char path[PROC_PATH_SIZE + PATH_MAX];
	size_t length = strlen(module->path);

	if (!module->pid)
		return open_file(module->path);
	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	proc_pid_path(path, module->pid, "root");
	memcpy(path + strlen(path), module->path, length + 1);
	return open_file(path);
}

static enum image_state check_file(struct image *image, const struct module *module,
				   bool is_what_runs)
{
	struct proc_stat stat;

	if (!proc_stat_fd(image->fd, &stat) || (stat.mode & S_IFMT) != S_IFREG)
		return IMAGE_CHANGED;
	image->size = stat.size;
	enum image_state state = read_header(image);
	if (state != IMAGE_READY)
		return state;
	if (module->build_id_size)
		return has_build_id(image, module) ? IMAGE_READY : IMAGE_CHANGED;
	return is_what_runs || same_first_page(image, module) ? IMAGE_READY : IMAGE_CHANGED;
}

enum image_state image_open_file(struct image *image, const struct module *module)
{
	bool is_what_runs = false;

	*image = (struct image){.fd = -1};
	if (!module->has_file)
		return IMAGE_ABSENT;
	if (module->is_main) {
		char path[PROC_PATH_SIZE];

		image->fd = open_file(module->pid ? proc_pid_path(path, module->pid, "exe")
						  : "/proc/self/exe");
		is_what_runs = image->fd >= 0;
	}
	if (image->fd < 0)
		image->fd = open_module(module);
	if (image->fd < 0)
		return IMAGE_ABSENT;
	enum image_state state = check_file(image, module, is_what_runs);
	if (state != IMAGE_READY)
		image_close(image);
	return state;
}

enum image_state image_open_memory(struct image *image, const struct module *module)
{
	*image = (struct image){.fd = -1, .pid = module->pid};
	image->base = atomic_load(&module->start);
	image->bias = atomic_load(&module->bias);
	if (atomic_load(&module->unloaded) || !image->base)
		return IMAGE_ABSENT;
	return read_header(image) == IMAGE_READY ? IMAGE_READY : IMAGE_ABSENT;
}

void image_close(struct image *image)
{
	if (image->fd >= 0)
		RAW(close, image->fd);
	image->fd = -1;
}
