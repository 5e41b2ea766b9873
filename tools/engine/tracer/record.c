// SPDX-License-Identifier: MIT
/* See record.h. */
#include "record.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/arch/registers.h"
#include "preload/core/snapshot/proc.h"
#include "preload/core/snapshot/stat_line.h"
#include "preload/libc/ioctl_fds.h"
#include "preload/libc/new_descriptor.h"
#include "triggers.h"
#include "disposition.h"
#include "tools/engine/go/go_http.h"
#include "exec_image.h"
#include "planted_calls.h"
#include "received_message.h"
#include "task_stack.h"

enum { ARGUMENTS = 6, SETTLE_TRIES = 1000 };

static void take_arguments(const struct user_regs_struct *registers, enum call_abi abi,
			   unsigned long *arguments)
{
	for (int i = 0; i < ARGUMENTS; i++)
		arguments[i] =
			abi == ABI_I386 ? regs_compat_arg(registers, i) : regs_arg(registers, i);
}

/* How to handle a call. The memory layout of messages is only known for the machine's own ABI. */
static enum call_way way_of(const struct call *call, enum call_abi abi)
{
	if (abi != ABI_X86_64 && (call->way == CALL_RECVMSG || call->way == CALL_RECVMMSG))
		return CALL_RESYNC;
	return call->way;
}

static bool recorded(const struct task *task)
{
	return task->table && task->process->recording;
}

static struct ledger_entry entry_of(const struct task *task, enum fd_kind kind,
				    enum fd_origin origin, uint32_t dup_of, uint32_t stack)
{
	return (struct ledger_entry){
		.stack = stack,
		.opened_at = (uint32_t)((triggers_now_ms() - task->process->started_ms) /
					LEDGER_TICK_MS),
		.thread = (uint32_t)task->tid,
		.dup_of = dup_of,
		.kind = kind,
		.origin = origin,
	};
}

/* Records one of several descriptors. The caller calls triggers_opened when all are recorded,
 * because a snapshot in between would find the others without a record. */
static void opened_one(struct task *task, int fd, enum fd_kind kind, enum fd_origin origin,
		       uint32_t dup_of, uint32_t stack)
{
	struct ledger_entry entry = entry_of(task, kind, origin, dup_of, stack);

	/* Go's runtime opened this for itself (epoll, for example). No Go program can close it, so
	 * it counts as inherited. */
	if (stack >= STACK_FIRST && stack == task->process->runtimes)
		entry.origin = FD_INHERITED;
	mark_file_follow(&task->table->ledger, triggers_now_ms());
	ledger_opened(&task->table->ledger, fd, &entry);
}

static void opened(const struct tracer *tracer, struct task *task, int fd, enum fd_kind kind,
		   enum fd_origin origin, uint32_t dup_of, uint32_t stack)
{
	opened_one(task, fd, kind, origin, dup_of, stack);
	triggers_opened(tracer, task);
}

/* Records the descriptors (count is 1 or 2) that a call has written to memory. */
static void opened_at(const struct tracer *tracer, struct task *task, uintptr_t where, size_t count,
		      enum fd_kind kind, uint32_t stack)
{
	struct remote_memory *memory = process_memory(task->process);
	int fds[2];
	size_t size = count * sizeof(*fds);

	if (!memory || remote_memory_copy(memory, where, fds, size) != size) {
		task->table->missed = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		opened_one(task, fds[i], kind, FD_OPENED, LEDGER_NO_FD, stack);
	for (size_t i = 0; i < count; i++)
		triggers_opened(tracer, task);
}

void record_inherited(struct task *task)
{
	struct ledger_entry entry = {.origin = FD_INHERITED, .dup_of = LEDGER_NO_FD};

	/* The result doesn't matter: the program has opened none of these. */
	fd_table_note_open(task->table, task->tid, &entry);
}

bool record_was_used(const struct ledger *ledger, int fd)
{
	struct ledger_entry entry;
	const struct connection *connection =
		ledger_read(ledger, fd, &entry, NULL)
			? connection_table_get(&ledger->connections, entry.connection)
			: NULL;

	return connection && connection->user != STACK_NONE;
}

uint32_t record_request_at(const struct tracer *tracer, struct task *task, int index,
			   const struct user_regs_struct *registers, struct go_http_use *use)
{
	struct process *process = task->process;
	struct remote_memory *memory = process_memory(process);

	use->fd = -1;
	if (!recorded(task) || !memory)
		return STACK_NONE;
	remote_memory_begin(memory, regs_pc(registers), regs_sp(registers));
	if (!go_http_use(process->go, index, registers, remote_memory_walk(memory), use))
		return STACK_NONE;
	bool again = record_was_used(&task->table->ledger, use->fd);
	uint32_t stack = stack_capture_begun(tracer, task, registers);
	ledger_used(&task->table->ledger, use->fd, stack, use->shared);
	/* Without a stack the ledger won't know next time that there was an earlier request. */
	table_note_requests(task->table, use->fd, stack == STACK_NONE ? 0 : use->transport, again,
			    1);
	return stack;
}

void record_request(const struct tracer *tracer, struct task *task, int index)
{
	struct user_regs_struct registers;
	struct go_http_use use;

	/* The registers have the expected values only at the breakpoint itself. */
	if (tracer_registers(task, &registers) &&
	    regs_pc(&registers) == task->process->breakpoints.addresses[index])
		record_request_at(tracer, task, index, &registers, &use);
}

static void connected(const struct tracer *tracer, struct task *task,
		      const struct user_regs_struct *registers, const unsigned long *arguments)
{
	struct remote_memory *memory = process_memory(task->process);
	struct ledger *ledger = &task->table->ledger;
	struct sockaddr_storage address = {0};
	size_t length = arguments[2] < sizeof(address) ? arguments[2] : sizeof(address);

	tracer_connects(tracer, task);
	if (!ledger_read(ledger, (int)arguments[0], NULL, NULL) || !memory)
		return;
	length = remote_memory_copy(memory, arguments[1], &address, length);
	/* In Go the stack of connect(2) adds nothing to the stack that opened the socket:
	 * go_program.h. */
	uint32_t stack = task->process->go ? STACK_NONE : stack_capture(tracer, task, registers);
	ledger_set_connection(ledger, (int)arguments[0],
			      connection_table_intern(&ledger->connections, stack,
						      (const void *)&address, (socklen_t)length));
}

/* Whether the program's memory can be read at address. Unless fdtrail runs as root, the kernel
 * refuses it for a process that isn't dumpable (PR_SET_DUMPABLE in prctl(2)). */
static bool readable(const struct task *task, uintptr_t address)
{
	struct remote_memory *memory = process_memory(task->process);
	char byte;

	return memory && remote_memory_copy(memory, address, &byte, sizeof(byte)) == sizeof(byte);
}

/* Replaces the first argument of the call that the task is stopped before. */
static void set_first_argument(const struct task *task, struct user_regs_struct *registers,
			       enum call_abi abi, unsigned long value)
{
	if (abi == ABI_I386)
		regs_set_compat_arg0(registers, value);
	else
		regs_set_arg(registers, 0, value);
	tracer_set_registers(task, registers);
}

static void exits(const struct tracer *tracer, struct task *task,
		  struct user_regs_struct *registers, enum call_abi abi, unsigned long status)
{
	int wanted = triggers_exit(tracer, task, (int)status);

	if (wanted != (int)status)
		set_first_argument(task, registers, abi, (unsigned long)wanted);
}

bool record_call(const struct tracer *tracer, struct task *task, const struct call *call,
		 enum call_abi abi)
{
	struct user_regs_struct registers;
	unsigned long arguments[ARGUMENTS];
	struct ledger *ledger = task->table ? &task->table->ledger : NULL;
	bool record = recorded(task);
	int room;

	switch (way_of(call, abi)) {
	case CALL_OPENS:
	case CALL_PAIR_FIRST:
	case CALL_PAIR_FOURTH:
	case CALL_SIGNALFD:
	case CALL_BPF:
	case CALL_IO_URING:
	case CALL_IOCTL:
	case CALL_OPTION:
	case CALL_DUP:
	case CALL_RECVMMSG:
	case CALL_RESYNC:
		return record;
	case CALL_UNSHARE:
		return task->table != NULL;
	case CALL_MAP:
		return record && task->process->memory;
	default:
		break;
	}
	if ((!record && call->way != CALL_CLONE) || !tracer_registers(task, &registers))
		return false;
	take_arguments(&registers, abi, arguments);
	switch (way_of(call, abi)) {
	case CALL_DUP_OVER:
		if (arguments[0] != arguments[1])
			ledger_closing(ledger, (int)arguments[1]);
		return true;
	case CALL_CONNECT:
		connected(tracer, task, &registers, arguments);
		return false;
	case CALL_RECVMSG:
		room = received_has_room(process_memory(task->process), arguments[1]);
		if (room < 0)
			task->table->missed = true;
		return room > 0;
	case CALL_SECCOMP:
		planted_calls_confined(tracer, task);
		return false;
	case CALL_SIGACTION:
		disposition_set(task->process, abi, arguments);
		return false;
	case CALL_EXIT_GROUP:
		exits(tracer, task, &registers, abi, arguments[0]);
		return false;
	case CALL_CLONE:
		set_first_argument(task, &registers, abi,
				   arguments[0] & ~(unsigned long)CLONE_UNTRACED);
		return false;
	default:
		return false;
	}
}

static void duplicated(const struct tracer *tracer, struct task *task, int fd, int from,
		       uint32_t stack)
{
	struct ledger_entry original = {.kind = FD_UNKNOWN};

	/* A copy has the kind of the original. */
	ledger_read(&task->table->ledger, from, &original, NULL);
	opened(tracer, task, fd, original.kind, FD_DUPLICATED, (uint32_t)from, stack);
	if (fd == STDERR_FILENO)
		triggers_note_stderr(task->process, task->tid);
}

/* Whether a call that has succeeded has made no descriptor. */
static bool made_none(struct task *task, enum call_way way, const unsigned long *arguments)
{
	struct remote_memory *memory;
	struct io_uring_params ring = {0};

	switch (way) {
	case CALL_SIGNALFD:
		return (int)arguments[0] != -1;
	case CALL_BPF:
		return !bpf_opens((uint32_t)arguments[0]);
	case CALL_IO_URING:
		memory = process_memory(task->process);
		return memory &&
		       remote_memory_copy(memory, arguments[1], &ring, sizeof(ring)) ==
			       sizeof(ring) &&
		       !io_uring_opens(ring.flags);
	case CALL_OPTION:
		return (int)arguments[1] != SOL_SOCKET;
	case CALL_DUP_OVER:
		return arguments[0] == arguments[1];
	default:
		return false;
	}
}

static void made_by_ioctl(const struct tracer *tracer, struct task *task,
			  const unsigned long *arguments, int result, uint32_t stack)
{
	struct ioctl_fd made;

	if (!ioctl_makes((uint32_t)arguments[1], &made))
		return;
	if (made.offset == IOCTL_RETURNS_FD)
		opened(tracer, task, result, made.kind, FD_OPENED, LEDGER_NO_FD, stack);
	else
		opened_at(tracer, task, arguments[2] + (unsigned long)made.offset, 1, made.kind,
			  stack);
}

/* unshare(CLONE_FILES) and CLOSE_RANGE_UNSHARE have given the task a table of its own. Planted code
 * knows only one. */
static void unshared(const struct tracer *tracer, struct task *task)
{
	planted_calls_end(tracer, task, INJECTED_RETURNED);
	struct fd_table *own = fd_table_unshare(task->table);

	if (own)
		task->table = own;
}

static void resync(struct task *task, enum fd_kind kind, uint32_t stack)
{
	struct ledger_entry entry = entry_of(task, kind, FD_OPENED, LEDGER_NO_FD, stack);

	if (!fd_table_note_open(task->table, task->tid, &entry))
		task->table->missed = true;
}

static void failed(const struct tracer *tracer, struct task *task, const struct call *call,
		   const unsigned long *arguments, long result)
{
	if (call->way == CALL_DUP_OVER && arguments[0] != arguments[1])
		ledger_still_open(&task->table->ledger, (int)arguments[1]);
	if ((result == -EMFILE || result == -ENFILE) && recorded(task))
		triggers_out_of_descriptors(tracer, task, call->name, (int)-result);
}

/* count: the number of messages, for recvmmsg(2); -1: recvmsg(2). */
static void received(const struct tracer *tracer, struct task *task,
		     const struct user_regs_struct *registers, uintptr_t address, int count)
{
	struct received list[RECEIVED_MAX];
	struct remote_memory *memory = process_memory(task->process);
	size_t found = count < 0 ? received_message(memory, address, list)
				 : received_messages(memory, address, (size_t)count, list);

	if (!found && !readable(task, address))
		task->table->missed = true;
	if (!found)
		return;
	tracer_connects(tracer, task);
	uint32_t stack = stack_capture(tracer, task, registers);
	for (size_t i = 0; i < found; i++)
		opened_one(task, list[i].fd, list[i].kind, FD_RECEIVED, LEDGER_NO_FD, stack);
	for (size_t i = 0; i < found; i++)
		triggers_opened(tracer, task);
}

uint32_t record_finished(const struct tracer *tracer, struct task *task, const struct call *call,
			 enum call_abi abi, const struct user_regs_struct *registers)
{
	unsigned long arguments[ARGUMENTS];

	take_arguments(registers, abi, arguments);
	long result = abi == ABI_I386 ? (int32_t)regs_result(registers) : regs_result(registers);
	if (result < 0) {
		failed(tracer, task, call, arguments, result);
		return STACK_NONE;
	}
	enum call_way way = way_of(call, abi);
	if (way == CALL_MAP) {
		remote_memory_forget(task->process->memory);
		return STACK_NONE;
	}
	if (way == CALL_UNSHARE) {
		unshared(tracer, task);
		return STACK_NONE;
	}
	if (made_none(task, way, arguments))
		return STACK_NONE;
	if (way == CALL_RECVMSG || way == CALL_RECVMMSG) {
		received(tracer, task, registers, arguments[1],
			 way == CALL_RECVMSG ? -1 : (int)result);
		return STACK_NONE;
	}

	uint32_t stack = stack_capture(tracer, task, registers);
	switch (way) {
	case CALL_PAIR_FIRST:
		opened_at(tracer, task, arguments[0], 2, call->kind, stack);
		break;
	case CALL_PAIR_FOURTH:
		tracer_connects(tracer, task);
		opened_at(tracer, task, arguments[3], 2, call->kind, stack);
		break;
	case CALL_IOCTL:
		made_by_ioctl(tracer, task, arguments, (int)result, stack);
		break;
	case CALL_OPTION:
		opened_at(tracer, task, arguments[3], 1, call->kind, stack);
		break;
	case CALL_DUP:
	case CALL_DUP_OVER:
		duplicated(tracer, task, (int)result, (int)arguments[0], stack);
		break;
	case CALL_RESYNC:
		resync(task, call->kind, stack);
		break;
	default:
		opened(tracer, task, (int)result, call->kind, FD_OPENED, LEDGER_NO_FD, stack);
	}
	return stack;
}

void record_result(const struct tracer *tracer, struct task *task)
{
	const struct call *call = task->pending;
	struct user_regs_struct registers;

	task->pending = NULL;
	if (task->table && tracer_registers(task, &registers))
		record_finished(tracer, task, call, task->abi, &registers);
}

/* The first two words of struct clone_args; clone(2) has them as arguments. */
struct clone_call {
	uint64_t flags, pidfd;
};

/* The flags of a clone3 whose arguments can't be read, as far as the kind of event (ptrace(2)) and
 * /proc tell. */
static uint64_t clone_flags_of(const struct task *task, int child, int event)
{
	if (event == PTRACE_EVENT_VFORK)
		return CLONE_VM | CLONE_VFORK;
	return exec_image_is_thread(child, task->process->pid)
		       ? CLONE_VM | CLONE_FILES | CLONE_THREAD
		       : 0;
}

static struct clone_call clone_call_of(struct task *task, const struct user_regs_struct *registers,
				       int child, int event)
{
	struct clone_call call = {0};
	struct __ptrace_syscall_info info = {0};
	unsigned long arguments[ARGUMENTS],
		number = (unsigned long)regs_number(registers) & ~0x40000000ul;
	struct remote_memory *memory = process_memory(task->process);

	ptrace(PTRACE_GET_SYSCALL_INFO, task->tid, sizeof(info), &info);
	bool i386 = info.arch == AUDIT_ARCH_I386;
	take_arguments(registers, i386 ? ABI_I386 : ABI_X86_64, arguments);
	/* i386 (asm/unistd_32.h): clone is 120, vfork 190. clone3 has one number in all ABIs. */
	if (number == SYS_clone3) {
		if (!memory ||
		    remote_memory_copy(memory, arguments[0], &call, sizeof(call)) != sizeof(call)) {
			call = (struct clone_call){.flags = clone_flags_of(task, child, event)};
			/* The call may have opened a pidfd. */
			if (recorded(task))
				task->table->missed = true;
		}
	} else if (number == (i386 ? 120 : SYS_clone)) {
		call = (struct clone_call){arguments[0], arguments[2]};
	} else if (number == (i386 ? 190 : SYS_vfork)) {
		call.flags = CLONE_VM | CLONE_VFORK;
	}
	return call;
}

/* The unwind data of glibc's clone and clone3 says that they have no caller, as is true in the
 * child. They push nothing, so in the parent the stack pointer points to the caller's address. */
static uint32_t stack_of_clone(const struct tracer *tracer, struct task *task,
			       struct user_regs_struct *registers)
{
	const struct stack_table *stacks = &task->table->ledger.stacks;
	uint32_t stack = stack_capture(tracer, task, registers), outer;
	struct stack_view view;
	uint64_t caller;

	if (!stack_table_view(stacks, stack, &view) || view.depth != 1 ||
	    remote_memory_copy(process_memory(task->process), regs_sp(registers), &caller,
			       sizeof(caller)) != sizeof(caller))
		return stack;
	regs_set_pc_sp(registers, caller, regs_sp(registers) + sizeof(caller));
	outer = stack_capture(tracer, task, registers);
	return stack_table_view(stacks, outer, &view) && view.depth > 1 ? outer : stack;
}

uint64_t record_clone(const struct tracer *tracer, struct task *task, int child, int event)
{
	struct user_regs_struct registers;
	int fd;

	if (!task->process || !tracer_registers(task, &registers))
		return 0;
	struct clone_call call = clone_call_of(task, &registers, child, event);
	if (call.flags & CLONE_PIDFD && recorded(task)) {
		if (process_memory(task->process) &&
		    remote_memory_copy(task->process->memory, call.pidfd, &fd, sizeof(fd)) ==
			    sizeof(fd))
			opened(tracer, task, fd, FD_PIDFD, FD_OPENED, LEDGER_NO_FD,
			       stack_of_clone(tracer, task, &registers));
		else
			task->table->missed = true;
	}
	return call.flags;
}

/* Whether the task has returned from its call: it is stopped, and waitpid(2) hasn't told us yet. */
static bool has_returned(const struct task *task)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)task->tid, &info, WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0 &&
	       info.si_pid == task->tid && info.si_status == (SIGTRAP | 0x80);
}

bool record_runs(const struct task *task)
{
	char path[PROC_PATH_SIZE], text[512];

	proc_read(proc_pid_path(path, task->tid, "stat"), text, sizeof(text));
	const char *state = stat_line_state(text);
	return state && *state == 'R';
}

void record_closed(struct task *task)
{
	fd_table_forget_closed(task->table, task->tid);
}

void record_returned(const struct tracer *tracer, const struct fd_table *table,
		     const struct task *except)
{
	struct task *other;

	for (other = tracer->tracees.tasks; other; other = other->hh.next) {
		if (other == except || other->table != table || !other->pending)
			continue;
		for (int tries = 0; tries < SETTLE_TRIES && record_runs(other); tries++)
			sched_yield();
		if (has_returned(other))
			record_result(tracer, other);
	}
}
