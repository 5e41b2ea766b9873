// SPDX-License-Identifier: MIT
/*
 * See attach_process.h, and README.md. A thread of the process is borrowed for less than a
 * millisecond. It gets two mappings for us, and starts a new thread; all that takes longer happens
 * in that one, while the program runs on.
 */
#include "attach_process.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/base/monotonic.h"
#include "preload/core/snapshot/proc.h"
#include "tools/process/loaded_tracer.h"
#include "tools/process/process_memory.h"
#include "attach_target.h"
#include "borrowed_thread.h"
#include "libc_symbols.h"
#include "library_image.h"
#include "seccomp_check.h"
#include "thread_choice.h"
#include "thread_code.h"

enum {
	PAGE = 4096,
	PATIENCE_MS = 2000, /* for the library to begin */
	END_MS = 500,       /* for the new thread's end */
	AT_WORK_MS = 10000, /* .. and to end what it has begun */
	NAP_NS = 200 * 1000,
};

/* An order, and the memory in the process that it needs. Shared with the child that borrows the
 * thread. */
struct errand {
	const struct process *process;
	struct libc_symbols symbols;
	struct borrowed_thread thread;
	struct attach_order order;
	struct library_image image; /* bytes NULL: the library is loaded */
	uintptr_t code, area;       /* in the process; 0: not mapped */
	size_t area_size;
	uint64_t paused_ns;
	int error;             /* of the child that borrows the thread */
	const char *forbidden; /* a system call that a seccomp filter would end the process for */
};

static size_t whole_pages(size_t size)
{
	return (size + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static size_t stack_offset(void)
{
	return whole_pages(sizeof(struct attach_order));
}

static size_t image_offset(void)
{
	return stack_offset() + BORROWED_STACK;
}

static long call_kernel(struct errand *errand, long number, long a, long b, long c)
{
	const long arguments[6] = {a, b, c, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0};

	return borrowed_syscall(&errand->thread, number, arguments);
}

static void unmap(struct errand *errand)
{
	if (errand->code)
		call_kernel(errand, SYS_munmap, (long)errand->code, PAGE, 0);
	if (errand->area)
		call_kernel(errand, SYS_munmap, (long)errand->area, (long)errand->area_size, 0);
	errand->code = errand->area = 0;
}

/* Two mappings, because some systems forbid memory that is writable and executable. */
static int map(struct errand *errand)
{
	errand->area_size = whole_pages(image_offset() + errand->image.size);
	long code = call_kernel(errand, SYS_mmap, 0, PAGE, PROT_READ | PROT_EXEC);
	if (code < 0)
		return (int)code;
	errand->code = (uintptr_t)code;
	long area =
		call_kernel(errand, SYS_mmap, 0, (long)errand->area_size, PROT_READ | PROT_WRITE);
	if (area < 0)
		return (int)area;
	errand->area = (uintptr_t)area;
	return 0;
}

static bool fill(struct errand *errand)
{
	struct attach_order *order = &errand->order;
	struct libc_symbols *symbols = &errand->symbols;
	int pid = errand->process->pid;

	order->image = errand->area + image_offset();
	order->image_size = errand->image.size;
	order->area = errand->area;
	order->area_size = errand->area_size;
	order->code = errand->code;
	order->code_size = PAGE;
	order->dlopen = libc_symbols_address(symbols, "dlopen");
	order->dlerror = libc_symbols_address(symbols, "dlerror");
	order->detach = libc_symbols_address(symbols, "pthread_detach");
	order->munmap = libc_symbols_address(symbols, "munmap");
	order->process_started_ms = errand->process->started_ms;
	strcpy(order->path, "/proc/thread-self/fd/0");
	/* Under this name /proc/PID/maps shows it, after "/memfd:". */
	strcpy(order->name, "fdtrail/libfdtrail.so");
	if (errand->image.bytes)
		library_image_set_order(&errand->image, errand->area);
	return process_memory_write_code(pid, errand->code, attach_code_begin,
					 (uintptr_t)attach_code_end -
						 (uintptr_t)attach_code_begin) &&
	       process_memory_write(pid, errand->area, order, sizeof(*order)) &&
	       (!errand->image.bytes ||
		process_memory_write(pid, order->image, errand->image.bytes, errand->image.size));
}

static uintptr_t code_at(const struct errand *errand, const char *place)
{
	return errand->code + ((uintptr_t)place - (uintptr_t)attach_code_begin);
}

/* Starts the new thread. 0 or a negative errno; then nothing is left in the process. */
static int start_thread(struct errand *errand)
{
	int result = 0, error = map(errand);

	if (!error && !fill(errand))
		error = -EFAULT;
	if (!error) {
		const struct borrowed_call call = {
			.function = libc_symbols_address(&errand->symbols, "pthread_create"),
			/* The id is stored where the image begins: it isn't needed. */
			.arguments = {errand->area + stack_offset(), 0,
				      code_at(errand, attach_code_thread), errand->area},
			.returns = code_at(errand, attach_code_return),
			.stack = errand->area + image_offset(),
		};
		error = borrowed_call(&errand->thread, &call, &result);
		if (!error)
			error = -result;
	}
	if (error)
		unmap(errand);
	return error;
}

static bool read_order(struct errand *errand)
{
	return process_memory_read(errand->process->pid, errand->area, &errand->order,
				   sizeof(errand->order)) == sizeof(errand->order);
}

static bool write_word(const struct errand *errand, size_t offset, uint32_t value)
{
	return process_memory_write(errand->process->pid, errand->area + offset, &value,
				    sizeof(value));
}

/* Waits for the answer. 0; -ETIMEDOUT: the order is withdrawn; -ESRCH: the process has ended, or
 * executes another program. */
static int wait_for_answer(struct errand *errand)
{
	const struct attach_order *order = &errand->order;
	int64_t begun = monotonic_ms();
	bool withdrawn = false;

	while (read_order(errand)) {
		int64_t waited = monotonic_ms() - begun;

		if (atomic_load(&order->finished))
			return withdrawn && order->error == ECANCELED ? -ETIMEDOUT : 0;
		if (waited > PATIENCE_MS && !withdrawn) {
			withdrawn = write_word(errand, offsetof(struct attach_order, withdrawn), 1);
			continue;
		}
		if ((withdrawn && atomic_load(&order->step) == ATTACH_WAITING) ||
		    waited > AT_WORK_MS) {
			write_word(errand, offsetof(struct attach_order, acknowledged), 1);
			return -ETIMEDOUT;
		}
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
	}
	return -ESRCH;
}

/* Lets the new thread end, and waits a moment for that. */
static void dismiss(const struct errand *errand)
{
	char path[PROC_PATH_SIZE + 16];
	int64_t begun = monotonic_ms();

	write_word(errand, offsetof(struct attach_order, acknowledged), 1);
	proc_task_path(path, errand->process->pid, atomic_load(&errand->order.thread), "stat");
	while (access(path, F_OK) == 0 && monotonic_ms() - begun < END_MS)
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

/* The loader's text, as far as it can be read. */
static void read_text(const struct errand *errand, char *text, size_t size)
{
	size_t got = errand->order.text ? process_memory_read(errand->process->pid,
							      errand->order.text, text, size - 1)
					: 0;

	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int explain_answer(const struct errand *errand, char *text)
{
	const struct attach_order *order = &errand->order;
	int pid = errand->process->pid;
	char loaders[256];

	if (atomic_load(&order->step) == ATTACH_DONE && !order->error)
		return 0;
	if (atomic_load(&order->step) == ATTACH_DONE) {
		snprintf(text, ATTACH_TEXT,
			 "the library could not start in process %d (%s); the process goes on "
			 "untraced",
			 pid, strerror(order->error));
		return -order->error;
	}
	read_text(errand, loaders, sizeof(loaders));
	if (*loaders)
		snprintf(text, ATTACH_TEXT,
			 "process %d can't load the library (%s); it goes on untraced: use "
			 "`fdtrail snapshot %d`, or start it by `fdtrail run`",
			 pid, loaders, pid);
	else
		snprintf(
			text, ATTACH_TEXT,
			"the new thread in process %d was refused a system call (%s), perhaps by a "
			"seccomp filter; the process goes on untraced",
			pid, strerror(-order->failed));
	return order->failed ? order->failed : -ENOEXEC;
}

static void explain_failure(const struct errand *errand, int error, const char *verb, char *text)
{
	int pid = errand->process->pid;

	if (error == -EPERM || error == -EACCES)
		attach_target_no_rights(errand->process, text);
	else if (error == -ESRCH)
		snprintf(text, ATTACH_TEXT, "process %d has ended, or has executed another program",
			 pid);
	else if (error == -ESTALE)
		snprintf(text, ATTACH_TEXT,
			 "process %d executes one program after another: attach to it when it has "
			 "settled",
			 pid);
	else if (error == -EAGAIN)
		snprintf(text, ATTACH_TEXT,
			 "no thread of process %d was at a place where it may be stopped, for 2 s; "
			 "it goes on as it was: try again",
			 pid);
	else if (error == -EOPNOTSUPP)
		snprintf(text, ATTACH_TEXT,
			 "process %d has a seccomp filter that would end it for %s(2), which "
			 "fdtrail needs in it: use `fdtrail snapshot %d`",
			 pid, errand->forbidden, pid);
	else if (error == -EPROTO)
		snprintf(text, ATTACH_TEXT,
			 "process %d has a seccomp filter, which may end it for a system call of "
			 "fdtrail's, and %s: use `fdtrail snapshot %d`",
			 pid,
			 geteuid() == 0 ? "this kernel doesn't show it" : "only root can read it",
			 pid);
	else if (error == -EBUSY)
		snprintf(text, ATTACH_TEXT,
			 "a thread of process %d did not stop within 2 s: it gets no processor, or "
			 "hangs in the kernel; it goes on as it was: try again",
			 pid);
	else if (error == -ETIMEDOUT)
		snprintf(text, ATTACH_TEXT,
			 "process %d did not %s within 2 s, because one of its threads holds the "
			 "loader's lock (it is in dlopen or in a constructor), or it gets no "
			 "processor; it goes on as it was: try again",
			 pid, verb);
	else
		snprintf(text, ATTACH_TEXT,
			 "process %d can't be made to start a thread (%s); it goes on as it was",
			 pid, strerror(-error));
}

/* Borrows a thread, and starts the new one. 0 or a negative errno. */
static int trace(struct errand *errand)
{
	int error = thread_choice_borrow(&errand->thread, errand->process->pid, &errand->symbols);

	if (error)
		return error;
	int forbids = seccomp_check(errand->thread.tid, &errand->forbidden);
	if (forbids)
		error = forbids > 0 ? -EOPNOTSUPP : -EPROTO;
	else
		error = process_has_ended_since(errand->process) ? -ESRCH : start_thread(errand);
	errand->paused_ns = borrowed_release(&errand->thread);
	return error;
}

/* The same in a child of ours, because the kernel releases all threads when their tracer ends. */
static int trace_in_child(struct errand *errand)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (child == 0) {
		borrowed_begin();
		errand->error = trace(errand);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? errand->error : -EINTR;
}

/* Has the order carried out. */
static int run_errand(struct errand *errand, const char *verb, char *text)
{
	int error = trace_in_child(errand);

	if (!error)
		error = wait_for_answer(errand);
	if (error) {
		explain_failure(errand, error, verb, text);
		return error;
	}
	error = explain_answer(errand, text);
	dismiss(errand);
	return error;
}

static void take_answer(const struct errand *errand, struct attached *attached)
{
	const struct attach_order *order = &errand->order;

	*attached = (struct attached){
		.paused_ns = errand->paused_ns,
		.open_before = order->open_before,
		.modules = order->modules,
		.refused = order->refused,
		.signal = order->signal,
	};
	memcpy(attached->unwinder, order->unwinder, sizeof(attached->unwinder) - 1);
}

/* Two commands at once would load the library twice. The name of an abstract socket (unix(7)) is
 * taken until we end, however we end. Returns the socket, or -EADDRINUSE; -1: there is no lock,
 * as in another network namespace. */
static int take_lock(const struct process *process)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "fdtrail attach %d %llu",
		 process->pid, (unsigned long long)process->started_ticks);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0) {
		int error = errno;

		close(fd);
		return error == EADDRINUSE ? -EADDRINUSE : -1;
	}
	return fd;
}

/* Examines the process, and has the order carried out. 0 or a negative errno: -ESTALE another
 * program was being started in the process, and nothing has changed. */
static int attempt(struct errand *errand, char *text)
{
	uint32_t wish = errand->order.wish;
	uint64_t enter = 0;
	int error = attach_target_check(errand->process, wish, &errand->symbols, &enter, text);

	if (!error && !enter)
		error = library_image_read(&errand->image, text, ATTACH_TEXT);
	errand->order.enter = enter;
	if (!error)
		error = run_errand(errand, wish == ATTACH_START ? "load the library" : "answer",
				   text);
	library_image_finish(&errand->image);
	libc_symbols_finish(&errand->symbols);
	return error;
}

static int carry_out(const struct process *process, uint32_t wish, const char *options, size_t size,
		     struct attached *attached, char *text)
{
	struct errand *errand = mmap(NULL, sizeof(*errand), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t begun = monotonic_ms();
	int error = -ENOMEM;

	if (errand == MAP_FAILED) {
		snprintf(text, ATTACH_TEXT, "%s", strerror(ENOMEM));
		return error;
	}
	int lock = take_lock(process);
	if (lock == -EADDRINUSE) {
		snprintf(text, ATTACH_TEXT,
			 "another fdtrail is attaching to process %d, or detaching from it",
			 process->pid);
		munmap(errand, sizeof(*errand));
		return -EBUSY;
	}
	do {
		*errand = (struct errand){.process = process, .order = {.wish = wish}};
		if (size <= sizeof(errand->order.options))
			memcpy(errand->order.options, options, size);
		error = attempt(errand, text);
	} while (error == -ESTALE && monotonic_ms() - begun < PATIENCE_MS &&
		 nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL) == 0);
	if (!error)
		take_answer(errand, attached);
	munmap(errand, sizeof(*errand));
	if (lock >= 0)
		close(lock);
	return error;
}

int attach_process(const struct process *process, const char *options, size_t size,
		   struct attached *attached, char *text)
{
	return carry_out(process, ATTACH_START, options, size, attached, text);
}

int detach_process(const struct process *process, struct attached *attached, char *text)
{
	return carry_out(process, ATTACH_STOP, "", 1, attached, text);
}
