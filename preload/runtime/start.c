// SPDX-License-Identifier: MIT
/*
 * The start, in two parts. The first part is all that hooks need: memory, options, and the
 * descriptors that are open already. Our constructor runs it, or the first hook, if another
 * library's constructor opens something before. The second part calls the loader and registers
 * handlers; only our constructor runs it. In a process that `fdtrail attach` comes to, attach.c
 * leads the start, in an order of its own.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/errno_name.h"
#include "preload/core/base/raw_syscall.h"
#include "arm.h"
#include "preload/core/ledger/exec_stacks.h"
#include "preload/core/ledger/mark_file.h"
#include "preload/core/redact/substitutes.h"
#include "attach.h"
#include "deepbind.h"
#include "preload/languages/event_loops.h"
#include "preload/languages/languages.h"
#include "preload/libc/real.h"
#include "enroll.h"
#include "exec_env.h"
#include "exit.h"
#include "preload/core/policy/stderr_lines.h"
#include "preload/core/policy/signal_note.h"
#include "redirect.h"
#include "runtime.h"
#include "signals.h"
#include "thread_registry.h"
#include "trigger.h"
#include "untraced_exec.h"
#include "use.h"

/* The linker's symbol (ld(1)) for the beginning of this library. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static struct wiped shut = {.gate = GATE_SHUT};
/* The memory that has the gate, while the tracer sleeps. A forked child must not find it open. */
static struct wiped *asleep;

static void copy(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

static void find_names(void)
{
	long length = RAW(readlinkat, AT_FDCWD, "/proc/self/exe", runtime.main_path,
			  sizeof(runtime.main_path) - 1);
	const char *name = program_invocation_name ? base_name(program_invocation_name) : "";

	if (length <= 0) {
		const char *executed = (const char *)getauxval(AT_EXECFN);
		copy(runtime.main_path, sizeof(runtime.main_path), executed ? executed : "unknown");
	}
	if (!*name)
		name = base_name(runtime.main_path);
	copy(runtime.program, sizeof(runtime.program), name);
}

static void note_own_code(void)
{
	const ElfW(Ehdr) *elf = (const void *)__ehdr_start;
	const ElfW(Phdr) *headers = (const void *)(__ehdr_start + elf->e_phoff);

	for (size_t i = 0; i < elf->e_phnum; i++)
		if (headers[i].p_type == PT_LOAD && headers[i].p_flags & PF_X) {
			runtime.capture.own_start = (uintptr_t)__ehdr_start + headers[i].p_vaddr;
			runtime.capture.own_end = runtime.capture.own_start + headers[i].p_memsz;
		}
}

/* Maps the file of marks, unless that was done before. */
static void start_marks(void)
{
	static struct mark_file *file;
	const char *reason = NULL, *path = runtime.options.mark_file;
	int error = 0;

	if (path && !file && !(file = mark_file_open(path, &error, &reason))) {
		LINE(line, LINE_LONG);

		line_add(&line, "FDTRAIL_MARK_FILE=");
		line_quote(&line, path);
		line_add(&line, " can't be followed: ");
		line_add(&line, reason ? reason : errno_name(error));
		message(&line);
	}
	mark_file_start(&runtime.ledger, path ? file : NULL);
}

/* Prepares the parts that options ask for. False: there is no memory. */
static bool start_optional(void)
{
	start_marks();
	if (runtime.options.redact && !runtime.substitutes)
		runtime.substitutes = substitutes_create();
	return !runtime.options.redact || runtime.substitutes;
}

/* Makes the ledger. inherited: what is open was open when the program started. The caller opens the
 * gate of the memory that this returns. NULL: there is no memory. */
static struct wiped *prepare(bool inherited)
{
	struct wiped *wiped = memory_map(sizeof(*wiped));

	if (!wiped)
		return NULL;
	/* Linux 4.14. If it fails, only forks by the C library's fork() are noticed (fork.c). */
	RAW(madvise, wiped, 4096, MADV_WIPEONFORK);
	runtime.started_ms = runtime_now_ms() / LEDGER_TICK_MS * LEDGER_TICK_MS;
	runtime.started = (uint32_t)(runtime.started_ms / LEDGER_TICK_MS);
	if (!ledger_init(&runtime.ledger, &runtime.arena) ||
	    !capture_init(&runtime.capture, &runtime.ledger, runtime.options.depth,
			  runtime.main_path))
		return NULL;
	if (runtime.options.closers && !closer_table_start(&runtime.ledger.closers))
		return NULL;
	if (!start_optional())
		return NULL;
	note_own_code();
	atomic_store(&runtime.pid, (int)RAW(getpid));
	if (inherited)
		runtime_note_inherited();
	trigger_start();
	return wiped;
}

static void open_gate(struct wiped *wiped)
{
	bool sleeps = runtime.options.arm;

	atomic_store(&runtime.arm, sleeps ? runtime.options.arm - 1 : ARM_NEVER);
	atomic_store(&wiped->gate, sleeps ? GATE_ASLEEP : GATE_OPEN);
	runtime.wiped = wiped;
}

static void look_up(void)
{
	real_resolve();
	const char *alone = real_alone();
	if (alone) {
		runtime.alone = alone;
		runtime.direct = true;
	}
	find_names();
}

static _Atomic bool begun;

void runtime_start(void)
{
	const char *only = options_only(environ), *passed;
	struct wiped *wiped;

	if (atomic_exchange(&begun, true))
		return;
	look_up();
	/* A program with more rights than its user (AT_SECURE) is never traced. The loader itself
	 * leaves most preloaded libraries out of such a program. */
	if (!getauxval(AT_SECURE))
		enroll_arrive(environ);
	passed = exec_env_take(environ);
	if (getauxval(AT_SECURE) || (!options_match(only, runtime.program) &&
				     !options_match(only, base_name(runtime.main_path)))) {
		enroll_leave();
		runtime.wiped = &shut;
		return;
	}
	message_note_stderr();
	options_read(&runtime.options, environ);
	signal_note_set(runtime.options.signal);
	enroll_process(runtime.program);
	/* A tracer that sleeps notes what is open when it wakes. */
	wiped = prepare(!runtime.options.arm);
	if (wiped) {
		if (passed && runtime.options.exec_stacks && !runtime.options.arm)
			exec_stacks_read(&runtime.ledger, passed, atomic_load(&runtime.pid),
					 (int)RAW(getppid));
		open_gate(wiped);
	} else {
		LINE(line, LINE_LONG);

		runtime.wiped = &shut;
		enroll_end(ENOMEM);
		line_add(&line, "not enough memory for the ledger: the program is not traced");
		message(&line);
	}
}

/* Go's linker leaves a note named "Go" in every executable (cmd/link, .note.go.buildid). */
static bool is_go_program(void)
{
	const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
	size_t count = getauxval(AT_PHNUM);
	uintptr_t bias = 0;

	for (size_t i = 0; headers && i < count; i++)
		if (headers[i].p_type == PT_PHDR)
			bias = (uintptr_t)headers - headers[i].p_vaddr;
	for (size_t i = 0; headers && i < count; i++) {
		const ElfW(Nhdr) *note = (const void *)(bias + headers[i].p_vaddr);

		if (headers[i].p_type == PT_NOTE && headers[i].p_memsz > sizeof(*note) + 4 &&
		    note->n_namesz == 4 && memcmp(note + 1, "Go\0", 4) == 0)
			return true;
	}
	return false;
}

/* Prints what the user must know at the start: that the tracer won't see the program's calls, or
 * that stacks may lack frames; with FDTRAIL_VERBOSE the options in force. */
static void warn(void)
{
	LINE(line, LINE_LONG);

	if (is_go_program()) {
		untraced_exec_program(runtime.program);
	} else if (!unwinder_usable()) {
		line_add(&line, unwinder_name());
		line_add(&line, "; stacks follow frame pointers only and may lack frames");
		message(&line);
	}
	if (runtime.options.verbose)
		options_print(&runtime.options, environ);
}

static void load(void)
{
	thread_state.vforks |= THREAD_INSIDE;
	capture_load_unwinder(&runtime.capture);
	capture_languages(&runtime.capture, languages);
	runtime_find_clock();
	thread_state.vforks &= ~(uint32_t)THREAD_INSIDE;
}

/* Records all uses of descriptors, if that is wanted. */
static void start_uses(void)
{
	struct redirected counts = {0};

	if (runtime.options.used_by != USES_ALL)
		return;
	if (use_start(USES_ALL)) {
		redirect_look_up();
		redirect_uses(&counts);
	} else {
		LINE(line, LINE_LONG);

		line_add(&line, "FDTRAIL_USED_BY=all has no effect: there is not enough memory");
		message(&line);
	}
}

bool runtime_start_late(char **variables)
{
	struct wiped *wiped;

	if (atomic_exchange(&begun, true))
		return false;
	look_up();
	real_resolve_later();
	message_note_stderr();
	options_read(&runtime.options, variables);
	wiped = prepare(false);
	if (!wiped) {
		runtime.wiped = &shut;
		return false;
	}
	load();
	fork_register();
	exit_register_late();
	open_gate(wiped);
	return true;
}

void runtime_sleep(void)
{
	if (runtime.wiped != &shut)
		asleep = runtime.wiped;
	runtime.wiped = &shut;
	atomic_store(&runtime.arm, ARM_NEVER);
}

void runtime_wake(char **variables)
{
	struct wiped *wiped = asleep;

	message_note_stderr();
	options_read(&runtime.options, variables);
	memset(wiped, 0, sizeof(*wiped));
	atomic_store(&runtime.pid, (int)RAW(getpid));
	atomic_store(&runtime.forked_from, 0);
	atomic_fetch_add(&runtime.forks, 1);
	thread_registry_forked();
	atomic_store(&runtime.number, 0);
	atomic_store(&runtime.ended, false);
	runtime.armed_ms = 0;
	ledger_clear(&runtime.ledger);
	if (!runtime.options.closers || !closer_table_start(&runtime.ledger.closers))
		closer_table_stop(&runtime.ledger.closers);
	/* A snapshot without the substitutes would name what shall be replaced. */
	if (!start_optional())
		return;
	trigger_start();
	open_gate(wiped);
}

__attribute__((constructor)) static void start(void)
{
	int saved = errno;

	if (attach_ordered()) {
		errno = saved;
		return;
	}
	runtime_start();
	real_resolve_later();
	if (arm_listens()) {
		load();
		capture_prepare_languages(&runtime.capture);
		event_loops_start(&runtime.capture);
		enroll_start(environ);
		deepbind_start();
		start_uses();
		fork_register();
		exit_register();
		signals_register();
		untraced_exec_start();
		warn();
	}
	errno = saved;
}
