// SPDX-License-Identifier: MIT
/*
 * See plant.h. The order matters: everything is mapped and filled in before the site is patched,
 * and if a step fails, the process is left as it was.
 */
#include "plant.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "planting.h"
#include "preload/arch/machine.h"
#include "preload/arch/registers.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/snapshot/proc.h"
#include "tools/process/proc_facts.h"
#include "tools/process/process_memory.h"

enum {
	FUNCTION_MOST = 128,       /* bytes of Syscall6, which is much shorter */
	PATCH = PLANTING_JUMP + 2, /* of a near jump and the system call instruction after it */
	NAME_BELOW = 512,          /* bytes below rsp, where nothing lies at an exec */
	PLACES = 4,                /* near addresses that are tried for the image */
};

/* The end of Syscall6, from its system call instruction on, as assemblers of Go have made it: since
 * Go 1.19, and since 1.27 (src/internal/runtime/syscall/linux/asm_linux_amd64.s). */
static const uint8_t tail_1_19[] = {
	0x0f, 0x05,                               /* syscall */
	0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff,       /* cmp $-4095, %rax */
	0x76, 0x15,                               /* jbe 1f */
	0x48, 0xf7, 0xd8,                         /* neg %rax */
	0x48, 0x89, 0xc1,                         /* mov %rax, %rcx */
	0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff, /* mov $-1, %rax */
	0x48, 0xc7, 0xc3, 0x00, 0x00, 0x00, 0x00, /* mov $0, %rbx */
	0xc3,                                     /* ret */
	0x48, 0x89, 0xd3,                         /* 1: mov %rdx, %rbx */
	0x48, 0xc7, 0xc1, 0x00, 0x00, 0x00, 0x00, /* mov $0, %rcx */
	0xc3,                                     /* ret */
};
static const uint8_t tail_1_27[] = {
	0x0f, 0x05, 0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff, 0x76, 0x13, 0x48, 0xf7, 0xd8,
	0x48, 0x89, 0xc1, 0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xbb, 0x00, 0x00,
	0x00, 0x00, 0xc3, 0x48, 0x89, 0xd3, 0xb9, 0x00, 0x00, 0x00, 0x00, 0xc3,
};

/* The same in fewer bytes, after a jump to the planted code. The function has no frame, so Go's
 * tables hold for each of its instructions, wherever it stands. */
static const uint8_t new_tail[] = {
	0xe9, 0x00, 0x00, 0x00, 0x00,       /* jmp planted_entry */
	0x0f, 0x05,                         /* syscall: for calls of no interest */
	0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff, /* cmp $-4095, %rax: the planted code comes back here */
	0x76, 0x0d,                         /* jbe 1f */
	0x48, 0xf7, 0xd8,                   /* neg %rax */
	0x48, 0x89, 0xc1,                   /* mov %rax, %rcx */
	0x48, 0x83, 0xc8, 0xff,             /* or $-1, %rax */
	0x31, 0xdb,                         /* xor %ebx, %ebx */
	0xc3,                               /* ret */
	0x48, 0x89, 0xd3,                   /* 1: mov %rdx, %rbx */
	0x31, 0xc9,                         /* xor %ecx, %ecx */
	0xc3,                               /* ret */
};

_Static_assert(sizeof(new_tail) <= sizeof(tail_1_27), "the new tail fits in each old one");

/* Finds the tail of Syscall6. */
static bool find_site(struct planting *planting)
{
	uint8_t code[FUNCTION_MOST];
	uintptr_t entry, end;

	planting->why = "its Go version is too old, or unknown";
	if (!go_program_syscall(planting->request->go, &entry, &end))
		return false;
	planting->why = "its system call function has another form";
	size_t size = end - entry;
	if (end < entry || size > sizeof(code) ||
	    process_memory_read(planting->pid, entry, code, size) != size)
		return false;
	const uint8_t *site = memmem(code, size, tail_1_19, sizeof(tail_1_19));
	if (!site)
		site = memmem(code, size, tail_1_27, sizeof(tail_1_27));
	if (!site)
		return false;
	planting->site = entry + (size_t)(site - code);
	planting->plant->instruction_end = planting->site + 2;
	planting->plant->moved_end = planting->site + PATCH;
	return true;
}

/* The vDSO's clock_gettime in our own process, or 0. */
static uint64_t own_clock(void)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *function = vdso ? dlsym(vdso, MACHINE_CLOCK) : NULL;

	if (vdso)
		dlclose(vdso);
	return (uint64_t)(uintptr_t)function;
}

/* The address of the vDSO's clock in the program: the kernel gives all processes the same vDSO. */
static bool find_clock(struct planting *planting)
{
	uint64_t there = proc_auxiliary(planting->pid, AT_SYSINFO_EHDR);
	uint64_t here = getauxval(AT_SYSINFO_EHDR);

	planting->why = "there is no vDSO";
	planting->clock = own_clock();
	if (!there || !here || !planting->clock)
		return false;
	planting->clock = planting->clock - here + there;
	return true;
}

/* Makes the shared memory as a file of the program's, which we then open, too. */
static bool make_shared(struct planting *planting)
{
	static const char name[] = "fdtrail";
	uintptr_t at = regs_sp(&planting->request->injected->registers) - NAME_BELOW;
	char path[PROC_PATH_SIZE];

	planting->why = "no shared memory";
	if (!process_memory_write(planting->pid, at, name, sizeof(name)))
		return false;
	long made = planting_call(planting, SYS_memfd_create, at, MFD_CLOEXEC | MFD_ALLOW_SEALING,
				  0, 0, 0);
	if (planting_failed(made))
		return false;
	planting->file_there = (int)made;
	planting->file = open(proc_fd_path(path, planting->pid, (int)made), O_RDWR | O_CLOEXEC);
	/* Nobody can cut it while we have it mapped. */
	if (planting->file < 0 || ftruncate(planting->file, sizeof(struct planted_shared)) != 0 ||
	    fcntl(planting->file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return false;
	planting->plant->shared = mmap(NULL, sizeof(struct planted_shared), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_NORESERVE, planting->file, 0);
	if (planting->plant->shared == MAP_FAILED) {
		planting->plant->shared = NULL;
		return false;
	}
	long there = planting_call(planting, SYS_mmap, 0, sizeof(struct planted_shared),
				   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
				   (unsigned long)made);
	if (planting_failed(there))
		return false;
	planting->plant->shared_there = (uintptr_t)there;
	return true;
}

/* Maps memory for the image near the site. Its address modulo 2 GiB is the one that the filter
 * knows. */
static bool map_image(struct planting *planting)
{
	int64_t step = (int64_t)PLANTED_LOW_BITS + 1;
	int64_t site = (int64_t)planting->site;
	int64_t nearest = (site - PLANTED_LOW + step / 2) / step * step + PLANTED_LOW;

	planting->why = "no memory near its code";
	for (int i = 0; i < PLACES; i++) {
		/* 0, 1, -1, 2 steps away */
		int64_t at = nearest + step * (i % 2 ? (i + 1) / 2 : -(i / 2));
		int64_t distance = at - site;

		if (at <= 0 || distance > INT32_MAX - (1 << 20) || distance < INT32_MIN + (1 << 20))
			continue;
		long got = planting_call(planting, SYS_mmap, (unsigned long)at,
					 planting_image_size(), PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1UL);
		if (got == at) {
			planting->image = (uintptr_t)got;
			return true;
		}
		/* Before Linux 4.17 the flag is only a wish. */
		if (!planting_failed(got))
			planting_call(planting, SYS_munmap, (unsigned long)got,
				      planting_image_size(), 0, 0, 0);
	}
	return false;
}

static bool map_pool(struct planting *planting)
{
	long got = planting_call(
		planting, SYS_mmap, 0, (unsigned long)PLANTED_POOL << PLANTED_POOL_SHIFT,
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1UL);

	planting->why = "no memory";
	if (planting_failed(got))
		return false;
	planting->pool = (uintptr_t)got;
	return true;
}

/* The address in the program of something in the shared memory. */
static uint64_t there(const struct plant *plant, const void *here)
{
	return plant->shared_there + (uintptr_t)((const char *)here - (const char *)plant->shared);
}

/* Moves the ledger's page of slots into the shared memory. */
static void share_page(struct plant *plant, struct ledger *ledger, uint32_t page)
{
	struct planted_shared *shared = plant->shared;

	ledger_move_page(ledger, page, &shared->slots[page]);
	shared->slot_pages[page] = there(plant, &shared->slots[page]);
	plant->fds = (page + 1) * PAGE_SLOTS;
	atomic_store(&shared->ledger.page_end, page + 1);
}

static void fill_shared(struct planting *planting)
{
	struct plant *plant = planting->plant;
	struct planted_shared *shared = plant->shared;
	struct ledger *program = &shared->ledger, *ledger = planting->request->ledger;

	share_page(plant, ledger, 0);
	program->first = (void *)(uintptr_t)there(plant, &shared->slots[0]);
	program->pages = (void *)(uintptr_t)there(plant, shared->slot_pages);
	atomic_store(&program->generation, atomic_load(&ledger->generation));
	memcpy(&program->numbers, &ledger->numbers, sizeof(program->numbers));
	program->stacks.pages = (void *)(uintptr_t)there(plant, shared->stack_pages);
	atomic_store(&program->stacks.count, STACK_FIRST);
	for (uint32_t page = 0; page < PLANTED_STACKS / STACK_PAGE; page++)
		shared->stack_pages[page] = there(plant, &shared->stack_places[page * STACK_PAGE]);
	plant->keys_used = 1;
	plant->stacks_end = STACK_FIRST;
}

static bool fill_image(struct planting *planting)
{
	const struct plant_request *request = planting->request;
	struct plant *plant = planting->plant;
	struct planted_control control = {
		.plain = planting->site + PLANTING_JUMP,
		.back = planting->site + PATCH,
		.pool = planting->pool,
		.shared = plant->shared_there,
		.clock = planting->clock,
		.started_ms = request->started_ms,
		.ancestors = request->ancestors,
		.depth = request->depth,
		.fds = PAGE_SLOTS,
		.watching = request->watching,
	};

	plant->image = planting->image;
	plant->control = planting->image + planting_header()->control;
	planting->why = "its memory can't be written";
	return process_memory_write(planting->pid, planting->image, planted_image,
				    planting_image_size()) &&
	       (!plant->complete || planting_fill_asks(planting, &control)) &&
	       process_memory_write(planting->pid, plant->control, &control, sizeof(control));
}

/* Makes the image's first part code. */
static bool protect_image(struct planting *planting)
{
	planting->why = "memory can't be made executable here";
	return !planting_failed(planting_call(planting, SYS_mprotect, planting->image,
					      planting_header()->control, PROT_READ | PROT_EXEC, 0,
					      0));
}

/* Writes the new tail: from here on the program runs planted code. Its only thread is not here. */
static bool patch_site(struct planting *planting)
{
	int32_t distance = (int32_t)(planting->image + planting_header()->entry -
				     (planting->site + PLANTING_JUMP));
	uint8_t code[sizeof(new_tail)];

	memcpy(code, new_tail, sizeof(code));
	memcpy(code + 1, &distance, sizeof(distance));
	planting->why = "its code can't be written";
	return process_memory_write_code(planting->pid, planting->site, code, sizeof(code));
}

bool planting_write_jump(const struct planting *planting, uintptr_t at, uint32_t to)
{
	int64_t distance = (int64_t)(planting->image + to) - (int64_t)(at + PLANTING_JUMP);
	int32_t near = (int32_t)distance;
	uint8_t jump[PLANTING_JUMP] = {0xe9};

	memcpy(jump + 1, &near, sizeof(near));
	return near == distance && process_memory_write_code(planting->pid, at, jump, sizeof(jump));
}

/* Takes back what has been mapped and opened in the program. */
static void undo(struct planting *planting)
{
	if (planting->plant->shared_there)
		planting_call(planting, SYS_munmap, planting->plant->shared_there,
			      sizeof(struct planted_shared), 0, 0, 0);
	if (planting->image)
		planting_call(planting, SYS_munmap, planting->image, planting_image_size(), 0, 0,
			      0);
	if (planting->pool)
		planting_call(planting, SYS_munmap, planting->pool,
			      (unsigned long)PLANTED_POOL << PLANTED_POOL_SHIFT, 0, 0, 0);
}

static bool plant_all(struct planting *planting)
{
	if (!make_shared(planting) || !map_image(planting) || !map_pool(planting) ||
	    !fill_image(planting) || !protect_image(planting) || !patch_site(planting))
		return false;
	fill_shared(planting);
	planting_patch_requests(planting);
	planting_patch_asks(planting);
	return true;
}

struct plant *plant_create(int pid, const struct plant_request *request, const char **why)
{
	struct planting planting = {
		.request = request, .pid = pid, .file = -1, .file_there = -1, .why = "no memory"};
	struct plant *plant = planting.plant = calloc(1, sizeof(*plant));
	bool done = false;

	if (plant && find_site(&planting) && find_clock(&planting)) {
		plant->complete = planting_find_asks(&planting);
		done = plant_all(&planting);
		if (!done)
			undo(&planting);
		if (planting.file_there >= 0)
			planting_call(&planting, SYS_close, (unsigned long)planting.file_there, 0,
				      0, 0, 0);
	}
	if (planting.file >= 0)
		close(planting.file);
	*why = planting.why;
	if (!plant)
		return NULL;
	plant->users = 1;
	if (done)
		return plant;
	plant_release(plant);
	return NULL;
}

struct plant *plant_share(struct plant *plant)
{
	plant->users++;
	return plant;
}

void plant_release(struct plant *plant)
{
	if (!plant || --plant->users)
		return;
	if (plant->shared)
		munmap(plant->shared, sizeof(*plant->shared));
	free(plant);
}

bool plant_site_to_program(const struct plant *plant, uintptr_t *pc)
{
	uintptr_t offset = *pc - PLANTED_SITE_CALL - plant->image;
	size_t ask = (offset >> PLANTED_SITE_SHIFT) - PLANTED_ASKS;

	if (offset >= PLANTED_SITES_SIZE || offset % (1u << PLANTED_SITE_SHIFT) ||
	    ask >= sizeof(plant->asks) / sizeof(*plant->asks) || !plant->asks[ask])
		return false;
	*pc = plant->asks[ask];
	return true;
}

uintptr_t plant_filter_room(const struct plant *plant)
{
	return there(plant, plant->shared->filter);
}

bool plant_read(const struct plant *plant, int pid, struct planted_control *control)
{
	return process_memory_read(pid, plant->control, control, sizeof(*control)) ==
	       sizeof(*control);
}

bool plant_write(const struct plant *plant, int pid, size_t offset, const void *bytes, size_t size)
{
	return process_memory_write(pid, plant->control + offset, bytes, size);
}

/* Combines the two counts of a stack. Both only add to them, so that what each has added since the
 * last time is added to the other. */
static void combine_stack(struct plant *plant, const struct ledger *ledger, uint32_t stack)
{
	struct open_count *theirs = &plant->shared->figures[stack].count;
	struct stack_figures *figures = stack_table_figures(&ledger->stacks, stack);

	if (!figures)
		return;
	uint64_t last = plant->stacks[stack].word;
	uint64_t ours = atomic_load(&figures->count.word);
	uint64_t before = atomic_fetch_add(&theirs->word, ours - last);
	plant->stacks[stack].word = ours + (before - last);
	atomic_store(&figures->count.word, plant->stacks[stack].word);
	open_count_raise(&figures->count, (int32_t)(atomic_load(&theirs->peak) & INT32_MAX),
			 atomic_load(&theirs->peak_at));
}

void plant_learn(struct plant *plant, const struct ledger *ledger, uint32_t stack,
		 const uint64_t *words, uint32_t count)
{
	struct planted_shared *shared = plant->shared;
	uint32_t size = (uint32_t)(sizeof(struct planted_key) / sizeof(*words)) + count;

	if (stack < STACK_FIRST || stack >= PLANTED_STACKS ||
	    size > PLANTED_KEY_WORDS - plant->keys_used)
		return;
	struct planted_key *key = (void *)&shared->keys[plant->keys_used];
	uint32_t hash = planted_hash(words, count);
	_Atomic uint32_t *bucket = &shared->buckets[hash % PLANTED_BUCKETS];

	*key = (struct planted_key){
		.next = atomic_load(bucket), .count = count, .stack = stack, .hash = hash};
	memcpy(key->words, words, count * sizeof(*words));
	if (!plant->stacks[stack].known) {
		plant->stacks[stack].known = true;
		combine_stack(plant, ledger, stack);
		shared->stack_places[stack] = there(plant, &shared->figures[stack]);
	}
	if (stack >= plant->stacks_end) {
		plant->stacks_end = stack + 1;
		atomic_store(&shared->ledger.stacks.count, plant->stacks_end);
	}
	atomic_store_explicit(bucket, plant->keys_used, memory_order_release);
	plant->keys_used += size;
}

void plant_grow(struct plant *plant, struct ledger *ledger, int pid)
{
	uint32_t end = (uint32_t)ledger_end(ledger);

	if (plant->fds >= end || plant->fds == PLANTED_FDS)
		return;
	while (plant->fds < end && plant->fds < PLANTED_FDS)
		share_page(plant, ledger, plant->fds / PAGE_SLOTS);
	plant_write(plant, pid, offsetof(struct planted_control, fds), &plant->fds,
		    sizeof(plant->fds));
}

void plant_combine(struct plant *plant, struct ledger *ledger)
{
	struct ledger_numbers *numbers = &plant->shared->ledger.numbers;
	uint32_t peak = atomic_load(&numbers->peak), all = atomic_load(&numbers->peak_all);

	for (uint32_t stack = STACK_FIRST; stack < plant->stacks_end; stack++)
		if (plant->stacks[stack].known)
			combine_stack(plant, ledger, stack);
	if (peak > atomic_load(&ledger->numbers.peak)) {
		atomic_store(&ledger->numbers.peak, peak);
		atomic_store(&ledger->numbers.peak_at, atomic_load(&numbers->peak_at));
		atomic_store(&ledger->numbers.at_most, atomic_load(&numbers->at_most));
	}
	if (all > atomic_load(&ledger->numbers.peak_all))
		atomic_store(&ledger->numbers.peak_all, all);
}

void plant_learn_http(struct plant *plant, int pid, const struct go_http_layout *layout)
{
	const uint64_t tables[3] = {layout->sockets[0], layout->sockets[1], layout->wrapper};
	const uint32_t offsets[2] = {layout->connection, layout->transport};

	plant->http = *layout;
	plant_write(plant, pid, offsetof(struct planted_control, http_sockets), tables,
		    sizeof(tables));
	plant_write(plant, pid, offsetof(struct planted_control, http_connection), offsets,
		    sizeof(offsets));
}

bool plant_next_use(struct plant *plant, const struct ledger *ledger, int *fd,
		    struct plant_use *use)
{
	while ((uint32_t)++ * fd < plant->fds) {
		struct planted_use *found = &plant->shared->uses[*fd];

		use->count = atomic_exchange(&found->count, 0);
		use->stack = found->stack;
		use->transport = found->missed ? 0 : found->transport;
		if (use->count && found->sequence == ledger_times_recorded(ledger, *fd) &&
		    use->stack >= STACK_FIRST && use->stack < plant->stacks_end)
			return true;
	}
	return false;
}
