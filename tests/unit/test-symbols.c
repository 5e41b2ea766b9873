// SPDX-License-Identifier: MIT
/*
 * The reader of function names: it finds names where they are, finds none where there are none, and
 * survives any file in the place of the one that was loaded.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/snapshot/elf_symbols.h"

#include "../skip.h"

__attribute__((noinline)) int a_global_function(int value);
int a_global_function(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value + 1;
}

__attribute__((noinline, used)) static int a_local_function(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value + 2;
}

__attribute__((weak)) int a_weak_function(int value);
int a_weak_function(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value + 3;
}
__typeof__(a_weak_function) a_name_for_the_weak __attribute__((alias("a_weak_function")));

/* Neither symbol has a size. The first one has no type, and neither has the label inside of the
 * second. */
__asm__(".pushsection assembly, \"ax\", @progbits\n"
	".globl untyped_assembly\n"
	"untyped_assembly: nop\n"
	".globl typed_assembly\n"
	".type typed_assembly, @function\n"
	"typed_assembly: nop\n"
	".globl label_in_assembly\n"
	".hidden label_in_assembly\n"
	"label_in_assembly: nop\n"
	".popsection\n");
extern const char untyped_assembly[], typed_assembly[];

static struct scratch scratch;
static uintptr_t bias;

static int take_bias(struct dl_phdr_info *info, size_t size, void *data)
{
	bias = info->dlpi_addr;
	return 1;
}

static int begin(void **state)
{
	dl_iterate_phdr(take_bias, NULL);
	return 0;
}

static int end(void **state)
{
	scratch_release(&scratch);
	return 0;
}

/* The program itself as a module. */
static struct module program(void)
{
	struct module module = {.is_main = true, .has_file = true, .path = "/proc/self/exe"};

	atomic_store(&module.bias, bias);
	atomic_store(&module.start, bias);
	return module;
}

static const char *name_of(const struct module *module, uintptr_t address)
{
	uintptr_t bias = atomic_load(&module->bias);
	struct symbol_query query = {.address = address - bias};

	symbols_find(module, &query, 1, &scratch);
	if (query.name)
		assert_int_equal(strlen(query.name), query.name_length);
	return query.name ? query.name : "(none)";
}

static void functions_are_named_from_their_first_to_their_last_byte(void **state)
{
	struct module module = program();

	assert_string_equal(name_of(&module, (uintptr_t)a_global_function), "a_global_function");
	assert_string_equal(name_of(&module, (uintptr_t)a_global_function + 1),
			    "a_global_function");
	assert_string_equal(name_of(&module, (uintptr_t)a_local_function + 1), "a_local_function");
}

static void a_global_name_is_preferred_to_a_weak_one(void **state)
{
	struct module module = program();

	assert_string_equal(name_of(&module, (uintptr_t)a_weak_function + 1),
			    "a_name_for_the_weak");
}

static void assembly_is_named_without_a_size_or_a_type(void **state)
{
	struct module module = program();
	uintptr_t typed = (uintptr_t)typed_assembly;

	assert_string_equal(name_of(&module, (uintptr_t)untyped_assembly), "untyped_assembly");
	assert_string_equal(name_of(&module, typed), "typed_assembly");
	assert_string_equal(name_of(&module, typed + 1), "typed_assembly");
}

static void a_place_outside_all_functions_has_no_name(void **state)
{
	struct module module = program();

	assert_string_equal(name_of(&module, bias), "(none)");
	assert_string_equal(name_of(&module, bias + 0x7fffffff), "(none)");
}

static int some_data;

static void data_has_no_name(void **state)
{
	struct module module = program();

	assert_string_equal(name_of(&module, (uintptr_t)&some_data), "(none)");
}

static void many_addresses_are_named_in_one_pass(void **state)
{
	struct module module = program();
	struct symbol_query queries[200];
	uintptr_t first = (uintptr_t)a_global_function - bias;

	memset(queries, 0, sizeof(queries));
	for (size_t i = 0; i < 200; i++)
		queries[i].address = first - 100 + i;
	assert_int_equal(symbols_find(&module, queries, 200, &scratch), IMAGE_READY);
	for (size_t i = 0; i < 200; i++) {
		struct symbol_query alone = {.address = queries[i].address};
		symbols_find(&module, &alone, 1, &scratch);
		assert_int_equal(alone.name_length, queries[i].name_length);
		if (alone.name)
			assert_string_equal(alone.name, queries[i].name);
	}
}

/* The loaded module that contains address. Its build-id is read from memory. */
static struct module loaded(const void *address)
{
	struct module module = {.has_file = true};
	struct link_map *map = NULL;
	Dl_info info;

	assert_int_not_equal(dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP), 0);
	const ElfW(Ehdr) *header = info.dli_fbase;
	const ElfW(Phdr) *segments = (const void *)((const char *)header + header->e_phoff);
	module.path = info.dli_fname;
	atomic_store(&module.bias, map->l_addr);
	atomic_store(&module.start, (uintptr_t)info.dli_fbase);
	for (int i = 0; i < header->e_phnum; i++) {
		const char *at = (const char *)map->l_addr + segments[i].p_vaddr;
		const char *notes_end = at + segments[i].p_filesz;
		if (segments[i].p_type != PT_NOTE)
			continue;
		for (const ElfW(Nhdr) * note; at < notes_end;
		     at +=
		     sizeof(*note) + ((note->n_namesz + 3) & ~3u) + ((note->n_descsz + 3) & ~3u)) {
			note = (const void *)at;
			if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != 4)
				continue;
			module.build_id_size = (uint8_t)note->n_descsz;
			memcpy(module.build_id, at + sizeof(*note) + 4, note->n_descsz);
		}
	}
	return module;
}

static void a_stripped_library_is_named_from_its_dynamic_symbols(void **state)
{
	void *library = dlopen("libm.so.6", RTLD_NOW);
	struct module module = loaded(dlsym(library, "fegetround"));

	assert_string_equal(name_of(&module, (uintptr_t)dlsym(library, "fegetround") + 1),
			    "fegetround");
	dlclose(library);
}

static void a_file_that_is_gone_leaves_the_names_in_memory(void **state)
{
	void *library = dlopen("libm.so.6", RTLD_NOW);
	struct module module = loaded(dlsym(library, "fegetround"));
	uintptr_t bias = atomic_load(&module.bias);
	struct symbol_query query = {.address = (uintptr_t)dlsym(library, "fegetround") + 1 - bias};

	module.path = "/no/such/file";
	assert_int_equal(symbols_find(&module, &query, 1, &scratch), IMAGE_ABSENT);
	assert_non_null(query.name);
	assert_string_equal(query.name, "fegetround");
	dlclose(library);
}

static void the_vdso_is_named_from_memory(void **state)
{
	struct module module = {.path = "[vdso]"};
	uintptr_t base = getauxval(AT_SYSINFO_EHDR);

	if (!base)
		SKIP("the kernel gives no vDSO");
	atomic_store(&module.bias, base);
	atomic_store(&module.start, base);
	/* somewhere in it there are functions with names */
	size_t named = 0;
	for (uintptr_t at = base; at < base + 8192; at += 16)
		named += name_of(&module, at)[0] != '(';
	assert_true(named > 0);
}

static void an_unloaded_module_is_not_looked_for_in_memory(void **state)
{
	struct module module = {.path = "/no/such/file", .has_file = true};

	atomic_store(&module.start, 0x10000);
	atomic_store(&module.unloaded, true);
	assert_string_equal(name_of(&module, 0x10010), "(none)");
	/* gone without a note in the module */
	atomic_store(&module.unloaded, false);
	assert_string_equal(name_of(&module, 0x10010), "(none)");
}

static void another_build_of_the_file_gives_no_names(void **state)
{
	struct module module = program();
	struct symbol_query query = {.address = (uintptr_t)a_global_function - bias};

	module.build_id_size = 20;
	memset(module.build_id, 7, 20);
	atomic_store(&module.unloaded, true); /* so that it is not read from memory */
	assert_int_equal(symbols_find(&module, &query, 1, &scratch), IMAGE_CHANGED);
	assert_null(query.name);
}

static void a_file_without_build_id_is_compared_with_memory(void **state)
{
	void *library = dlopen("libm.so.6", RTLD_NOW);
	struct module module = loaded(dlsym(library, "fegetround"));
	uintptr_t bias = atomic_load(&module.bias);
	struct symbol_query query = {.address = (uintptr_t)dlsym(library, "fegetround") + 1 - bias};

	module.build_id_size = 0;
	assert_int_equal(symbols_find(&module, &query, 1, &scratch), IMAGE_READY);
	module.path = loaded((void *)printf).path;
	assert_int_equal(symbols_find(&module, &query, 1, &scratch), IMAGE_CHANGED);
	dlclose(library);
}

static void a_file_that_isnt_elf_gives_no_names_and_does_not_block(void **state)
{
	static const char *const paths[] = {"/etc/passwd", "/dev/null",      "/dev/zero",
					    "/tmp",        "/no/such",       "",
					    "/dev/full",   "/proc/self/maps"};
	char fifo[] = "/tmp/fdtrail-fifo-XXXXXX";
	struct module module = {.has_file = true};

	atomic_store(&module.unloaded, true);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		module.path = paths[i];
		assert_string_equal(name_of(&module, 0x1000), "(none)");
	}
	close(mkstemp(fifo));
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	module.path = fifo;
	assert_string_equal(name_of(&module, 0x1000), "(none)");
	unlink(fifo);
}

/* Hostile files: their build-id is that of the loaded file, and everything else may be wrong. */

enum { ADDRESSES = 64 };

struct hostile {
	char path[64];
	int fd;
	uint8_t *bytes;
	size_t size;
	uint8_t build_id[20];
	struct symbol_query queries[ADDRESSES];
};

/* A small ELF file with every table that the reader knows: two segments, sections, symbols. */
static void make_small(struct hostile *file)
{
	enum { SYMBOLS = 40, NAMES = 1024, TEXT = 0x1000 };
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segments[2];
		struct {
			Elf64_Nhdr note;
			char name[4];
			uint8_t id[20];
		} note;
		Elf64_Sym symbols[SYMBOLS];
		char names[NAMES];
		Elf64_Shdr sections[4];
	} *elf = calloc(1, sizeof(*elf));
	size_t at = 1;

	memcpy(elf->header.e_ident, ELFMAG, SELFMAG);
	elf->header.e_ident[EI_CLASS] = ELFCLASS64;
	elf->header.e_ident[EI_DATA] = ELFDATA2LSB;
	elf->header.e_phoff = offsetof(__typeof__(*elf), segments);
	elf->header.e_phentsize = sizeof(Elf64_Phdr);
	elf->header.e_phnum = 2;
	elf->header.e_shoff = offsetof(__typeof__(*elf), sections);
	elf->header.e_shentsize = sizeof(Elf64_Shdr);
	elf->header.e_shnum = 4;
	elf->segments[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_filesz = sizeof(*elf)};
	elf->segments[1] = (Elf64_Phdr){.p_type = PT_NOTE,
					.p_offset = offsetof(__typeof__(*elf), note),
					.p_filesz = sizeof(elf->note)};
	elf->note.note = (Elf64_Nhdr){.n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID};
	memcpy(elf->note.name, "GNU", 4);
	memset(elf->note.id, 0xab, sizeof(elf->note.id));
	memcpy(file->build_id, elf->note.id, sizeof(file->build_id));
	for (unsigned int i = 1; i < SYMBOLS; i++) {
		elf->symbols[i] = (Elf64_Sym){
			.st_name = (uint32_t)at,
			.st_info = ELF64_ST_INFO(i % 3, STT_FUNC),
			.st_shndx = 1,
			.st_value = TEXT + i * 64,
			.st_size = i % 4 ? 64 : 0,
		};
		at += (size_t)snprintf(elf->names + at, NAMES - at, "function_%u", i) + 1;
	}
	elf->sections[1] = (Elf64_Shdr){.sh_type = SHT_PROGBITS,
					.sh_flags = SHF_ALLOC | SHF_EXECINSTR,
					.sh_addr = TEXT,
					.sh_size = 64 * SYMBOLS};
	elf->sections[2] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
					.sh_link = 3,
					.sh_offset = offsetof(__typeof__(*elf), symbols),
					.sh_size = sizeof(elf->symbols),
					.sh_entsize = sizeof(Elf64_Sym)};
	elf->sections[3] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
					.sh_offset = offsetof(__typeof__(*elf), names),
					.sh_size = NAMES};
	file->bytes = (uint8_t *)elf;
	file->size = sizeof(*elf);
	snprintf(file->path, sizeof(file->path), "/tmp/fdtrail-elf-XXXXXX");
	file->fd = mkstemp(file->path);
	assert_true(file->fd >= 0);
}

static void finish(struct hostile *file)
{
	close(file->fd);
	unlink(file->path);
	free(file->bytes);
	free(file);
}

/* Writes the first size bytes and looks names up in them. Returns how many it found. */
static size_t read_names(struct hostile *file, size_t size)
{
	struct module module = {.has_file = true, .path = file->path, .build_id_size = 20};
	size_t named = 0;

	scratch_release(&scratch);
	memcpy(module.build_id, file->build_id, sizeof(file->build_id));
	atomic_store(&module.unloaded, true);
	assert_int_equal(ftruncate(file->fd, 0), 0);
	assert_int_equal(pwrite(file->fd, file->bytes, size, 0), size);
	memset(file->queries, 0, sizeof(file->queries));
	for (size_t i = 0; i < ADDRESSES; i++)
		file->queries[i].address = 0x1000 + i * 50;
	symbols_find(&module, file->queries, ADDRESSES, &scratch);
	for (size_t i = 0; i < ADDRESSES; i++)
		if (file->queries[i].name) {
			assert_int_equal(strlen(file->queries[i].name),
					 file->queries[i].name_length);
			named++;
		}
	return named;
}

static void a_whole_small_file_is_read(void **state)
{
	struct hostile *file = calloc(1, sizeof(*file));

	make_small(file);
	assert_true(read_names(file, file->size) > 30);
	assert_string_equal(file->queries[8].name, "function_6");
	finish(file);
}

static void a_file_cut_anywhere_does_no_harm(void **state)
{
	struct hostile *file = calloc(1, sizeof(*file));

	make_small(file);
	for (size_t size = 0; size < file->size; size += 16)
		read_names(file, size);
	finish(file);
}

static void a_file_with_any_byte_changed_does_no_harm(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct hostile *file = calloc(1, sizeof(*file));

	make_small(file);
	for (size_t at = 0; at < file->size; at += at < 256 || at > file->size - 256 ? 1 : 7) {
		uint8_t was = file->bytes[at];
		for (size_t i = 0; i < sizeof(values); i++) {
			file->bytes[at] = values[i];
			read_names(file, file->size);
		}
		file->bytes[at] = was;
	}
	finish(file);
}

static void a_file_with_random_words_changed_does_no_harm(void **state)
{
	static const uint64_t words[] = {0,
					 1,
					 0x18,
					 0x7fffffff,
					 0xffffffff,
					 0x7fffffffffffffff,
					 0xffffffffffffffff,
					 0xfffffffffffffff8,
					 0x1000,
					 0x40000000};
	struct hostile *file = calloc(1, sizeof(*file));
	unsigned int random = 3;

	make_small(file);
	uint8_t *whole = malloc(file->size);
	memcpy(whole, file->bytes, file->size);
	for (int round = 0; round < 4000; round++) {
		for (int change = 0; change < 3; change++) {
			random = random * 1103515245 + 12345;
			/* headers most often */
			size_t at = random & 0x10000000   ? (random >> 8) % 232
				    : random & 0x20000000 ? file->size - 8 - (random >> 8) % 256
							  : (random >> 8) % (file->size - 8);
			size_t size = random & 0x40000000 ? 8 : random & 0x80000000 ? 4 : 2;
			memcpy(file->bytes + at, &words[random % 10], size);
		}
		read_names(file, file->size);
		memcpy(file->bytes, whole, file->size);
	}
	free(whole);
	finish(file);
}

static void a_real_library_with_words_changed_does_no_harm(void **state)
{
	struct hostile *file = calloc(1, sizeof(*file));
	unsigned int random = 9;
	void *library = dlopen("libm.so.6", RTLD_NOW);
	struct module module = loaded(dlsym(library, "fegetround"));
	int real = open(module.path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	make_small(file);
	free(file->bytes);
	assert_int_equal(fstat(real, &status), 0);
	file->size = (size_t)status.st_size;
	file->bytes = malloc(file->size);
	assert_int_equal(pread(real, file->bytes, file->size, 0), status.st_size);
	close(real);
	memcpy(file->build_id, module.build_id, sizeof(file->build_id));
	for (int round = 0; round < 200; round++) {
		uint64_t keep;
		random = random * 1103515245 + 12345;
		/* the headers at the beginning, and those of the sections at the end */
		size_t at =
			round % 2 ? (random >> 4) % 1024 : file->size - 8 - (random >> 4) % 2048;
		memcpy(&keep, file->bytes + at, sizeof(keep));
		memcpy(file->bytes + at, &random, sizeof(random));
		read_names(file, file->size);
		memcpy(file->bytes + at, &keep, sizeof(keep));
	}
	for (size_t size = file->size; size > 4096; size -= file->size / 50)
		read_names(file, size);
	finish(file);
	dlclose(library);
}

static void a_name_without_an_end_is_not_followed_out_of_its_table(void **state)
{
	struct hostile *file = calloc(1, sizeof(*file));
	static const char last[] = "function_39";
	size_t at = 0, sections = 4 * sizeof(Elf64_Shdr);

	make_small(file);
	while (memcmp(file->bytes + at, last, sizeof(last)) != 0)
		at++;
	memset(file->bytes + at, 'x', file->size - sections - at);
	assert_true(read_names(file, file->size) > 40);
	finish(file);
}

#define PROMISE(words, function)                                                                   \
	{                                                                                          \
		.name = words, .test_func = function, .setup_func = begin, .teardown_func = end    \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROMISE("functions are named from their first to their last byte",
			functions_are_named_from_their_first_to_their_last_byte),
		PROMISE("a global name is preferred to a weak one",
			a_global_name_is_preferred_to_a_weak_one),
		PROMISE("assembly is named without a size or a type",
			assembly_is_named_without_a_size_or_a_type),
		PROMISE("a place outside all functions has no name",
			a_place_outside_all_functions_has_no_name),
		PROMISE("data has no name", data_has_no_name),
		PROMISE("many addresses are named in one pass",
			many_addresses_are_named_in_one_pass),
		PROMISE("a stripped library is named from its dynamic symbols",
			a_stripped_library_is_named_from_its_dynamic_symbols),
		PROMISE("a file that is gone leaves the names in memory",
			a_file_that_is_gone_leaves_the_names_in_memory),
		PROMISE("the vDSO is named from memory", the_vdso_is_named_from_memory),
		PROMISE("an unloaded module is not looked for in memory",
			an_unloaded_module_is_not_looked_for_in_memory),
		PROMISE("another build of the file gives no names",
			another_build_of_the_file_gives_no_names),
		PROMISE("a file without build-id is compared with memory",
			a_file_without_build_id_is_compared_with_memory),
		PROMISE("a file that isn't ELF gives no names and does not block",
			a_file_that_isnt_elf_gives_no_names_and_does_not_block),
		PROMISE("a whole small file is read", a_whole_small_file_is_read),
		PROMISE("a file cut anywhere does no harm", a_file_cut_anywhere_does_no_harm),
		PROMISE("a file with any byte changed does no harm",
			a_file_with_any_byte_changed_does_no_harm),
		PROMISE("a file with random words changed does no harm",
			a_file_with_random_words_changed_does_no_harm),
		PROMISE("a real library with words changed does no harm",
			a_real_library_with_words_changed_does_no_harm),
		PROMISE("a name without an end is not followed out of its table",
			a_name_without_an_end_is_not_followed_out_of_its_table),
	};

	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
