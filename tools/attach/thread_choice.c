// SPDX-License-Identifier: MIT
/* See thread_choice.h. */
#include "thread_choice.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "preload/arch/machine.h"
#include "preload/arch/registers.h"
#include "preload/core/base/base_name.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/capture/unwinder.h"
#include "preload/core/snapshot/proc.h"
#include "tools/engine/walk/load_unwinder.h"
#include "tools/engine/walk/remote_memory.h"
#include "tools/process/mappings.h"
#include "tools/process/process.h"
#include "tools/process/process_memory.h"

enum {
	PATIENCE_MS = 2000,
	NAP_MS = 2,
	THREADS_MAX = 4096,
	TRIED_MAX = 32,                  /* threads to stop in one round */
	GET_RSEQ_CONFIGURATION = 0x420f, /* linux/ptrace.h */
	TRUSTED_DEPTH = 4, /* innermost frames that the function must be among that waits on a
			    * futex */
};

/* How much a thread is preferred. */
enum rank {
	RANK_WAITS,   /* in a call that the kernel repeats exactly */
	RANK_LIMITED, /* in a call whose time limit begins again when it is repeated, or in one that
			* was interrupted before */
	RANK_RUNS,    /* not in a call */
	RANK_NEVER,
};

/* Calls that wait, and in which no lock of libc's is held, apart from futex(2): its stack tells. */
static enum rank rank_of(long number, const unsigned long arguments[6])
{
	switch (number) {
	case SYS_poll:
	case SYS_ppoll:
	case SYS_select:
	case SYS_pselect6:
	case SYS_accept:
	case SYS_accept4:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_read:
	case SYS_wait4:
	case SYS_waitid:
	case SYS_nanosleep:
	case SYS_clock_nanosleep:
	case SYS_pause:
	case SYS_rt_sigsuspend:
	case SYS_futex:
		return RANK_WAITS;
	case SYS_restart_syscall:
		/* poll, nanosleep or a futex with a time limit, that an earlier attach or SIGSTOP
		 * has interrupted. No lock of libc's is waited for with a time limit. The kernel
		 * repeats it exactly, but a frame of rt_sigreturn(2) would end it with EINTR. */
		return RANK_LIMITED;
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
		return (int)arguments[3] < 0 ? RANK_WAITS : RANK_LIMITED;
	case SYS_rt_sigtimedwait:
		return arguments[2] ? RANK_LIMITED : RANK_WAITS;
	default:
		return RANK_NEVER;
	}
}

struct candidate {
	int tid;
	enum rank rank;
	uintptr_t sp, pc; /* where it waits; 0: it runs */
};

struct candidates {
	int pid;
	const struct libc_symbols *symbols;
	struct candidate list[THREADS_MAX];
	size_t count;
	bool refused; /* /proc did not show a thread's call */
};

/* proc_pid_syscall(5): "running", or the call's number, its arguments, sp and pc. */
static void look_at_thread(int tid, void *data)
{
	struct candidates *candidates = data;
	char path[PROC_PATH_SIZE + 16], text[512];
	unsigned long arguments[6], sp = 0, pc = 0;
	enum rank rank = RANK_NEVER;
	long number;

	proc_task_path(path, candidates->pid, (uint32_t)tid, "syscall");
	if (!proc_read(path, text, sizeof(text))) {
		candidates->refused = true;
		return;
	}
	if (strncmp(text, "running", strlen("running")) == 0)
		rank = RANK_RUNS;
	else if (sscanf(text, "%ld %lx %lx %lx %lx %lx %lx %lx %lx", &number, &arguments[0],
			&arguments[1], &arguments[2], &arguments[3], &arguments[4], &arguments[5],
			&sp, &pc) == 9 &&
		 pc >= candidates->symbols->start && pc < candidates->symbols->end)
		rank = rank_of(number, arguments);
	if (rank != RANK_NEVER && candidates->count < THREADS_MAX)
		candidates->list[candidates->count++] = (struct candidate){tid, rank, sp, pc};
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* Functions in which a thread may hold a lock that the new thread needs. */
static const char *const locking[] = {"malloc",
				      "calloc",
				      "realloc",
				      "reallocarray",
				      "free",
				      "cfree",
				      "memalign",
				      "aligned_alloc",
				      "posix_memalign",
				      "valloc",
				      "pvalloc",
				      "malloc_trim",
				      "malloc_stats",
				      "malloc_info",
				      "mallinfo",
				      "mallinfo2",
				      "mallopt",
				      "malloc_usable_size",
				      "dlopen",
				      "dlmopen",
				      "dlclose",
				      "dlsym",
				      "dlvsym",
				      "dlerror",
				      "dladdr",
				      "dladdr1",
				      "dlinfo",
				      "dl_iterate_phdr",
				      "_dl_find_object",
				      "pthread_create",
				      "pthread_exit",
				      "pthread_getattr_np",
				      "pthread_atfork",
				      "__register_atfork",
				      "__cxa_thread_atexit_impl",
				      "fork",
				      "vfork",
				      "_Fork",
				      "__libc_fork",
				      "posix_spawn",
				      "posix_spawnp",
				      "system",
				      "popen",
				      NULL};

/* Functions that wait on a futex without such a lock. */
static const char *const waiting[] = {"pthread_cond_wait",
				      "pthread_cond_timedwait",
				      "pthread_cond_clockwait",
				      "sem_wait",
				      "sem_timedwait",
				      "sem_clockwait",
				      "pthread_join",
				      "pthread_timedjoin_np",
				      "pthread_clockjoin_np",
				      "pthread_barrier_wait",
				      "syscall",
				      NULL};

/* Whether the code at pc returns from a signal's handler: what it interrupted is not known. */
static bool is_handlers(int pid, uintptr_t pc)
{
	enum { SIZE = sizeof(machine_restorer) };
	uint8_t there[SIZE + 1];

	if (process_memory_read(pid, pc - 1, there, sizeof(there)) != sizeof(there))
		return false;
	return memcmp(there, machine_restorer, SIZE) == 0 ||
	       memcmp(there + 1, machine_restorer, SIZE) == 0;
}

static bool is_loaders(const struct mappings *mappings, uintptr_t pc)
{
	const struct mapping *mapping = mappings_find(mappings, pc);

	return mapping && strncmp(base_name(mapping->path), "ld-", strlen("ld-")) == 0;
}

/* Whether the code is that of a memory allocator that replaces malloc. Its locks aren't known. */
static bool is_allocators(const struct mappings *mappings, uintptr_t pc)
{
	static const char *const names[] = {"libtcmalloc", "libjemalloc", "libmimalloc"};
	const struct mapping *mapping = mappings_find(mappings, pc);

	for (size_t i = 0; mapping && i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(base_name(mapping->path), names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

struct judge {
	int pid;
	const struct libc_symbols *symbols;
	struct remote_memory *memory;
	struct mappings mappings;
};

static bool is_harmless(const struct judge *judge, const struct walk *walk, bool on_futex)
{
	bool waits = !on_futex;

	for (uint32_t i = 0; i < walk->count; i++) {
		uintptr_t pc = walk->pcs[i];
		const char *name = libc_symbols_name(judge->symbols, pc);

		if (is_loaders(&judge->mappings, pc) || is_allocators(&judge->mappings, pc) ||
		    is_handlers(judge->pid, pc) || (name && is_one_of(name, locking)))
			return false;
		if (i < TRUSTED_DEPTH && name && is_one_of(name, waiting))
			waits = true;
	}
	return waits && walk->count > 1;
}

/* Whether the thread is in a critical section of rseq(2), which the
 * kernel would not restart. Linux 5.13; with an older
 * kernel it isn't known. */
static bool is_in_section(const struct judge *judge, int tid)
{
	struct {
		uint64_t area;
		uint32_t size, signature, flags, pad;
	} rseq = {0};
	uint64_t section = 0;

	if (ptrace((enum __ptrace_request)GET_RSEQ_CONFIGURATION, tid, sizeof(rseq), &rseq) !=
	    (long)sizeof(rseq))
		return errno == EIO || errno == EINVAL;
	/* struct rseq: cpu_id_start, cpu_id, rseq_cs */
	return rseq.area && (process_memory_read(judge->pid, rseq.area + 8, &section,
						 sizeof(section)) != sizeof(section) ||
			     section);
}

static struct walk walk;

static void walk_stack(const struct judge *judge, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
	remote_memory_begin(judge->memory, pc, sp);
	walk = (struct walk){
		.memory = remote_memory_walk(judge->memory),
		.registers = {.pc = pc, .sp = sp, .fp = fp},
		.depth = STACK_DEPTH_MAX,
	};
	unwinder_walk(&walk);
}

/* Whether the stopped thread may be borrowed. */
static bool is_free(const struct judge *judge, const struct borrowed_thread *thread, enum rank rank)
{
	const struct user_regs_struct *registers = &thread->registers;
	uintptr_t pc = regs_pc(registers);
	bool in_libc = pc >= judge->symbols->start && pc < judge->symbols->end;
	enum rank now = RANK_RUNS;

	/* Since the look it may have gone on to another call. */
	if (regs_number(registers) >= 0) {
		unsigned long arguments[6];

		for (int i = 0; i < 6; i++)
			arguments[i] = regs_arg(registers, i);
		now = rank_of(regs_number(registers), arguments);
	}
	if (now != rank || in_libc != (rank != RANK_RUNS))
		return false;
	walk_stack(judge, pc, regs_sp(registers), regs_fp(registers));
	if (rank == RANK_RUNS && (walk.end != STACK_COMPLETE || is_in_section(judge, thread->tid)))
		return false;
	return is_harmless(judge, &walk, regs_number(registers) == SYS_futex);
}

/* Whether a thread can't be traced for a reason of its own: it has a tracer, or has just ended. */
static bool is_taken(int tid)
{
	struct process thread;

	return process_read(&thread, tid) != 0 || thread.tracer || process_has_ended(&thread);
}

/* Tries the threads of this rank. 0, -EAGAIN, or another negative errno that will not change. */
static int try_rank(struct borrowed_thread *thread, const struct judge *judge,
		    const struct candidates *candidates, enum rank rank)
{
	int tried = 0;

	for (size_t i = 0; i < candidates->count && tried < TRIED_MAX; i++) {
		const struct candidate *candidate = &candidates->list[i];

		if (candidate->rank != rank)
			continue;
		/* Unwind data that are read now need not be read while it is stopped. */
		if (candidate->pc)
			walk_stack(judge, candidate->pc, candidate->sp, 0);
		int error = borrowed_stop(thread, candidate->tid, judge->symbols);
		if (error == -EPERM && is_taken(candidate->tid))
			continue;
		if (error == -EPERM || error == -ETIMEDOUT)
			return error == -EPERM ? error : -EBUSY;
		tried++;
		if (error)
			continue;
		if (is_free(judge, thread, rank))
			return 0;
		borrowed_release(thread);
	}
	return -EAGAIN;
}

static int look_at_threads(struct candidates *candidates)
{
	char path[PROC_PATH_SIZE];
	int folder = open(proc_pid_path(path, candidates->pid, "task"),
			  O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	candidates->count = 0;
	candidates->refused = false;
	descriptors_in(folder, look_at_thread, candidates);
	close(folder);
	return candidates->refused && !candidates->count ? -EPERM : 0;
}

int thread_choice_borrow(struct borrowed_thread *thread, int pid,
			 const struct libc_symbols *symbols)
{
	struct candidates *candidates = calloc(1, sizeof(*candidates));
	struct judge judge = {.pid = pid, .symbols = symbols};
	int error = -ENOMEM;

	judge.memory = remote_memory_create(pid);
	if (!candidates || !judge.memory)
		goto out;
	candidates->pid = pid;
	candidates->symbols = symbols;
	if (!unwinder_usable())
		engine_load_unwinder();
	for (int waited = 0; waited < PATIENCE_MS; waited += NAP_MS) {
		error = look_at_threads(candidates);
		mappings_finish(&judge.mappings);
		if (!error)
			error = mappings_read(&judge.mappings, pid);
		if (!error && !libc_symbols_fit(symbols, &judge.mappings))
			error = -ESTALE;
		if (error)
			break;
		/* A thread that runs may be anywhere; so it is tried only if none waits. */
		error = -EAGAIN;
		for (enum rank rank = RANK_WAITS; error == -EAGAIN && rank < RANK_NEVER; rank++)
			error = try_rank(thread, &judge, candidates, rank);
		if (error != -EAGAIN)
			break;
		nanosleep(&(struct timespec){.tv_nsec = NAP_MS * 1000000}, NULL);
	}
out:
	/* Giving megabytes back takes milliseconds; the thread must not wait for that. The
	 * process ends soon. */
	if (!error)
		return 0;
	mappings_finish(&judge.mappings);
	remote_memory_destroy(judge.memory);
	free(candidates);
	return error;
}
