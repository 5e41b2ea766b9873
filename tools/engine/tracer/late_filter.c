// SPDX-License-Identifier: MIT
/* See late_filter.h. */
#include "late_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec_image.h"
#include "preload/core/base/elf_interp.h"
#include "tools/process/process_memory.h"
#include "tools/process/program_rights.h"

enum { PAGE = 4096 };

/* Does in this process what is done in a program when code is planted. */
static bool do_as_planting(int signal)
{
	int file = (int)syscall(SYS_memfd_create, "fdtrail", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return file >= 0 && memory != MAP_FAILED &&
	       mprotect(memory, PAGE, PROT_READ | PROT_EXEC) == 0 && munmap(memory, PAGE) == 0 &&
	       close(file) == 0 && syscall(PLANTED_STOP_CALL) > 0 &&
	       seccomp_filter_install(signal, true) == 0;
}

bool late_filter_may_plant(int signal)
{
	int status;
	/* Without an exit signal, so that it is no child for the program's parent. */
	long child = syscall(SYS_clone, 0, 0, 0, 0, 0);

	if (child == 0) {
		/* A filter may kill it: without a core file. */
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		/* Not _exit(2): the filter that it has now stops exit_group, which fails without
		 * a tracer. */
		syscall(SYS_exit, do_as_planting(signal) ? 0 : 1);
	}
	while (child > 0 && waitpid((pid_t)child, &status, __WALL) < 0)
		if (errno != EINTR)
			return false;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool late_filter_is_possible(const struct engine_request *request)
{
	Elf64_Phdr interp;
	int fd = request->planted ? open(request->path, O_RDONLY | O_CLOEXEC) : -1;
	bool is_static = fd >= 0 && elf_interp_find(fd, &interp) == 0;

	if (fd >= 0)
		close(fd);
	/* The kernel has filters if it looks for the code, which isn't there. */
	return is_static && !program_rights(request->path, (uid_t)-1, (gid_t)-1) &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) != 0 && errno == EFAULT;
}

static long call(struct injected *injected, long number, unsigned long a, unsigned long b,
		 unsigned long c, unsigned long d)
{
	const unsigned long arguments[6] = {a, b, c, d, (unsigned long)-1, 0};

	return injected_call(injected, number, arguments);
}

/* Installs the filter, as seccomp_filter_install. at: where there is room for it in the program. */
static int install(struct injected *injected, const struct sock_fprog *filter, uintptr_t at,
		   unsigned long flags)
{
	size_t size = filter->len * sizeof(*filter->filter);
	struct sock_fprog there = {.len = filter->len, .filter = (void *)(at + sizeof(there))};

	if (sizeof(there) + size > PLANTED_FILTER ||
	    !process_memory_write(injected->tid, at, &there, sizeof(there)) ||
	    !process_memory_write(injected->tid, at + sizeof(there), filter->filter, size))
		return -EFAULT;
	long done = call(injected, SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, at, 0);
	if (done == -EACCES) {
		call(injected, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0);
		done = call(injected, SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, at, 0);
	}
	/* A thread's id: this thread has other filters. */
	return done > 0 ? -EBUSY : (int)done;
}

int late_filter_exec(const struct tracer *tracer, struct process *process,
		     struct injected *injected, enum seccomp_filter_kind kind)
{
	struct sock_fprog filter =
		seccomp_filter(kind, tracer->options.signal, tracer->request->planted);
	long room = call(injected, SYS_mmap, 0, PLANTED_FILTER, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS);
	int error = room < 0 && room >= -4095 ? (int)room
					      : install(injected, &filter, (uintptr_t)room, 0);

	if (room > 0)
		call(injected, SYS_munmap, (unsigned long)room, PLANTED_FILTER, 0, 0);
	if (!error) {
		process->filters++;
		process->stops = kind == FILTER_ALL ? STOPS_ALL : STOPS_PLANTED;
	}
	return error;
}

/* Installs the filter for all calls at a place in the memory that planted code shares with us. */
static void install_all(const struct tracer *tracer, struct task *task, enum injected_at at,
			uintptr_t where, unsigned long flags)
{
	struct process *process = task->process;
	struct sock_fprog filter =
		seccomp_filter(FILTER_ALL, tracer->options.signal, tracer->request->planted);
	struct injected injected;
	int error = injected_begin(&injected, task->tid, at);

	if (!error) {
		error = install(&injected, &filter, where, flags);
		injected_end(&injected);
	}
	if (error && task->table)
		task->table->missed = true;
	process->filters += !error;
	process->stops = STOPS_ALL;
}

void late_filter_fork(const struct tracer *tracer, struct task *task)
{
	if (!task->process->filter_due)
		return;
	task->process->filter_due = false;
	install_all(tracer, task, INJECTED_RETURNED, task->process->filter_room, 0);
}

void late_filter_all(const struct tracer *tracer, struct task *task, enum injected_at at)
{
	const struct task *other;

	if (task->process->stops != STOPS_PLANTED)
		return;
	install_all(tracer, task, at, task->process->filter_room, SECCOMP_FILTER_FLAG_TSYNC);
	/* From now on the kernel must kill them with us: tracer.c, resume(). */
	for (other = tracer->tracees.tasks; other; other = other->hh.next)
		if (other->process == task->process && other != task)
			ptrace(PTRACE_INTERRUPT, other->tid, NULL, NULL);
}
