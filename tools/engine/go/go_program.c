// SPDX-License-Identifier: MIT
/* See go_program.h. This file has the program itself, and finds the frame of the code at an
 * address. */
#include "go_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "preload/core/snapshot/frame.h"
#include "go_layout.h"

static void find_entries(struct go_program *program)
{
	/* Syscall6 from Go 1.26 on, 1.24 on, and 1.19 on. In 1.18 its arguments are on the stack. */
	static const char *const names[] = {
		"runtime.main", "runtime.goexit", "internal/runtime/syscall/linux.Syscall6",
		"internal/runtime/syscall.Syscall6", "runtime/internal/syscall.Syscall6"};
	uint64_t entries[sizeof(names) / sizeof(*names)];

	pclntab_entries(program->table, names, entries, sizeof(names) / sizeof(*names));
	program->main_entry = entries[0];
	program->exit_entry = entries[1];
	program->call_entry = entries[2] ? entries[2] : entries[3] ? entries[3] : entries[4];
}

struct go_program *go_program_create(int fd, uintptr_t bias)
{
	struct go_program *program;
	struct stat stat;
	int error;

	if (fstat(fd, &stat) < 0)
		return NULL;
	if (stat.st_size <= 0) {
		errno = ENOEXEC;
		return NULL;
	}
	program = calloc(1, sizeof(*program));
	if (!program)
		return NULL;
	program->users = 1;
	program->bias = bias;
	program->size = (size_t)stat.st_size;
	/* The mapping can't change, because the kernel forbids writing to a file that is being
	 * executed (ETXTBSY). */
	program->bytes = mmap(NULL, program->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (program->bytes == MAP_FAILED) {
		error = errno;
		free(program);
		errno = error;
		return NULL;
	}
	program->table = pclntab_create(program->bytes, program->size);
	if (!program->table) {
		error = errno                                             ? errno
			: pclntab_is_there(program->bytes, program->size) ? ENOTSUP
									  : ENOEXEC;
		go_program_release(program);
		errno = error;
		return NULL;
	}
	find_entries(program);
	return program;
}

struct go_program *go_program_share(struct go_program *program)
{
	program->users++;
	return program;
}

void go_program_release(struct go_program *program)
{
	if (!program || --program->users)
		return;
	pclntab_destroy(program->table);
	munmap((void *)program->bytes, program->size);
	free(program);
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

#define IS_ONE_OF(name, names) is_one_of(name, names, sizeof(names) / sizeof(*(names)))

static enum go_frame_kind kind_of(const struct go_program *program,
				  const struct pclntab_function *function)
{
	/* These run on the thread's own stack, for a goroutine whose stack waits. */
	static const char *const switches[] = {"runtime.systemstack", "runtime.asmcgocall",
					       "runtime.morestack"};
	/* In Go 1.16 functions have no flags, so tops are known by name. */
	static const char *const tops[] = {"runtime.goexit", "runtime.mstart", "runtime.rt0_go",
					   "runtime.mcall"};

	if (IS_ONE_OF(function->name, switches))
		return GO_FRAME_SWITCH;
	if (strcmp(function->name, "runtime.cgocallback") == 0)
		return GO_FRAME_CALLBACK;
	if (strcmp(function->name, "crosscall2") == 0 &&
	    pclntab_version(program->table) != PCLNTAB_GO_1_16)
		return GO_FRAME_FROM_C;
	if (function->flags & PCLNTAB_TOP_FRAME)
		return GO_FRAME_TOP;
	if (pclntab_version(program->table) == PCLNTAB_GO_1_16 && IS_ONE_OF(function->name, tops))
		return GO_FRAME_TOP;
	return function->flags & PCLNTAB_SP_WRITE ? GO_FRAME_UNKNOWN : GO_FRAME_ORDINARY;
}

const struct go_frame *go_program_frame(struct go_program *program, uintptr_t pc)
{
	/* The network poller; the limits of the control group, since Go 1.25; and all that the
	 * runtime opens before it starts the program's own code. */
	static const char *const runtimes[] = {
		"runtime.netpollinit", "internal/runtime/cgroup.OpenCPU", "runtime.schedinit"};
	struct go_frame *frame = &program->frames[(pc ^ pc >> 13) % GO_FRAMES_KEPT];
	struct pclntab_function function;

	if (frame->pc == pc && pc)
		return frame;
	if (!go_program_function(program, pc, &function))
		return NULL;
	int32_t size = pclntab_frame_size(program->table, &function, pc - program->bias);
	/* rawVforkSyscall (src/syscall/asm_linux_amd64.s) pops its return address before its system
	 * call, because the child uses the same stack. */
	bool popped = size == -(int32_t)sizeof(uintptr_t);

	/* The table also has C code that Go's linker linked, but without frame sizes. */
	if (size < 0 && !popped)
		return NULL;
	*frame = (struct go_frame){
		.pc = pc,
		.size = size,
		.kind = popped ? GO_FRAME_POPPED : kind_of(program, &function),
		.runtimes = IS_ONE_OF(function.name, runtimes),
		.leave_out = strcmp(function.name, "runtime.goexit") == 0,
	};
	return frame;
}

bool go_program_syscall(const struct go_program *program, uintptr_t *entry, uintptr_t *end)
{
	struct pclntab_function function;

	if (!program->call_entry || !pclntab_find(program->table, program->call_entry, &function))
		return false;
	*entry = function.entry + program->bias;
	*end = function.end + program->bias;
	return true;
}

uint32_t go_program_creator(const struct go_program *program)
{
	return program->creator;
}

bool go_program_name(const struct go_program *program, struct named_frame *named)
{
	struct pclntab_function function;

	if (!pclntab_find(program->table, FRAME_OFFSET(named->frame), &function))
		return false;
	named->name = function.name;
	named->name_length = strlen(function.name);
	named->standard = pclntab_is_standard(function.name);
	named->pools = strncmp(function.name, "net/http.(*Transport).", 22) == 0;
	return true;
}
