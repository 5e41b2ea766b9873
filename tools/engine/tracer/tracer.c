// SPDX-License-Identifier: MIT
/*
 * See tracer.h. Every stop is handled alone, and its task resumed: no handler waits for another
 * event. A new task and the event of its parent come in any order; if the task comes first, it
 * stays stopped until its parent's event has told what it is.
 */
#include "tracer.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/arch/registers.h"
#include "preload/core/base/channel.h"
#include "triggers.h"
#include "disposition.h"
#include "enrolled.h"
#include "exec_image.h"
#include "late_filter.h"
#include "planted_calls.h"
#include "record.h"
#include "requests.h"

enum { SYSCALL_STOP = SIGTRAP | 0x80 }; /* PTRACE_O_TRACESYSGOOD */

unsigned long tracer_ptrace_options(const struct tracer *tracer, bool spared)
{
	return PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
	       PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
	       (tracer->request->planted ? PTRACE_O_TRACEVFORKDONE : 0u) |
	       (spared ? 0u : PTRACE_O_EXITKILL);
}

/* The place in the program of the instruction that pc follows, if planted code has moved it. */
static uintptr_t pc_in_program(const struct process *process, uintptr_t pc)
{
	if (process && process->moved_from && pc == process->moved_from)
		return process->moved_to;
	if (process && process->plant)
		plant_site_to_program(process->plant, &pc);
	return pc;
}

bool tracer_registers(const struct task *task, struct user_regs_struct *registers)
{
	if (ptrace(PTRACE_GETREGS, task->tid, NULL, registers) != 0)
		return false;
	regs_set_pc_sp(registers, pc_in_program(task->process, regs_pc(registers)),
		       regs_sp(registers));
	return true;
}

void tracer_set_registers(const struct task *task, const struct user_regs_struct *registers)
{
	struct user_regs_struct set = *registers, now;

	if (ptrace(PTRACE_GETREGS, task->tid, NULL, &now) != 0)
		return;
	if (pc_in_program(task->process, regs_pc(&now)) == regs_pc(registers))
		regs_set_pc_sp(&set, regs_pc(&now), regs_sp(registers));
	ptrace(PTRACE_SETREGS, task->tid, NULL, &set);
}

static unsigned long event_message(const struct task *task)
{
	unsigned long message = 0;

	ptrace(PTRACE_GETEVENTMSG, task->tid, NULL, &message);
	return message;
}

/* Resumes a stopped task. Errors don't matter: if it has been killed, another event will tell. */
static void resume(const struct tracer *tracer, struct task *task, int signal)
{
	struct process *process = task->process;
	bool spared = process && process->stops == STOPS_PLANTED;

	if (process && process->connects && process->recording && !task->armed) {
		breakpoints_arm(task->tid, &process->breakpoints);
		task->armed = true;
	}
	if (spared != task->spared &&
	    ptrace(PTRACE_SETOPTIONS, task->tid, NULL, tracer_ptrace_options(tracer, spared)) == 0)
		task->spared = spared;
	ptrace(task->pending ? PTRACE_SYSCALL : PTRACE_CONT, task->tid, NULL,
	       (unsigned long)signal);
}

static void on_call(const struct tracer *tracer, struct task *task)
{
	enum call_abi abi;
	unsigned long tag = event_message(task);
	const struct call *call = call_of_tag(tag, &abi);

	if (tag == CALL_TAG_PLANTED)
		planted_calls_stop(tracer, task);
	if (call && record_call(tracer, task, call, abi)) {
		task->pending = call;
		task->abi = abi;
	}
	resume(tracer, task, 0);
}

static void on_result(const struct tracer *tracer, struct task *task)
{
	if (task->pending)
		record_result(tracer, task);
	resume(tracer, task, 0);
}

/* Makes a forked process: a copy of its parent, without tasks. */
static struct process *forked_process(const struct tracer *tracer, const struct process *parent,
				      int pid)
{
	struct process *process = process_create(pid);

	if (!process)
		return NULL;
	memcpy(process, parent, sizeof(*process));
	process->pid = pid;
	process->forked_from = parent->pid;
	process->forked_ms = triggers_now_ms();
	process->tasks = process->ending = 0;
	process->reader = pid;
	process->memory = NULL;
	process->record = NULL;
	libc_frames_share(process->libc_frames);
	if (process->go)
		go_program_share(process->go);
	process->unsettled = parent->tasks > 1;
	process->plant = NULL;
	process->filter_due = parent->stops == STOPS_PLANTED;
	triggers_start(tracer, process);
	return process;
}

static void give_table(struct task *child, const struct task *parent, uint64_t flags)
{
	if (flags & CLONE_FILES)
		child->table = fd_table_share(parent->table);
	else if (parent->table && child->process->recording)
		child->table = fd_table_fork(parent->table);
}

static void adopt(struct tracer *tracer, struct task *child, struct task *parent, uint64_t flags)
{
	struct process *process = parent->process;

	if (!(flags & CLONE_THREAD))
		process = forked_process(tracer, process, child->tid);
	if (!process)
		return;
	/* A vfork child has its parent's memory and its own descriptors. As in the preload, its
	 * calls before exec aren't recorded. */
	if (flags & CLONE_VM && !(flags & (CLONE_FILES | CLONE_THREAD)))
		process->recording = false;
	if (!(flags & CLONE_THREAD))
		planted_calls_fork(tracer, parent, process, flags);
	child->process = process;
	/* The kernel copies the options. */
	child->spared = parent->spared;
	process->tasks++;
	enrolled_begin(tracer, process);
	give_table(child, parent, flags);
}

void tracer_connects(const struct tracer *tracer, struct task *task)
{
	struct process *process = task->process;
	struct task *other;

	if (process->connects || breakpoints_none(&process->breakpoints))
		return;
	process->connects = true;
	/* Each other thread stops before it runs on, by PTRACE_INTERRUPT or an earlier event, and
	 * then gets its breakpoints. This task hasn't connected yet. */
	for (other = tracer->tracees.tasks; other; other = other->hh.next)
		if (other->process == process && other != task)
			ptrace(PTRACE_INTERRUPT, other->tid, NULL, NULL);
}

/* Resumes a new task at its first stop, when its parent's event has been handled. */
static void begin(const struct tracer *tracer, struct task *task)
{
	struct process *process = task->process;

	late_filter_fork(tracer, task);
	if (process->copied_control)
		planted_calls_begin(task);
	/* A descriptor that another thread of the parent was just opening may be in the kernel's
	 * copy of the table, and not in ours. And a descriptor that it was replacing (dup2) is not
	 * being replaced in the child. */
	if (task->table && process->unsettled) {
		process->unsettled = false;
		ledger_still_open_range(&task->table->ledger,
					&(struct closing_range){.last = UINT32_MAX});
		record_inherited(task);
	}
	resume(tracer, task, 0);
}

static void on_clone(struct tracer *tracer, struct task *task, int event)
{
	int tid = (int)event_message(task);
	struct task *child = task_find(&tracer->tracees, tid);
	uint64_t flags = record_clone(tracer, task, tid, event);

	/* A child that was killed at once may have been waited for already, and its id may belong
	 * to another process. */
	if (!child && !(syscall(SYS_tkill, tid, 0) != 0 && errno == ESRCH))
		child = task_create(&tracer->tracees, tid, NULL);
	if (child && !child->process && task->process) {
		adopt(tracer, child, task, flags);
		if (task_was_early(&tracer->tracees, child))
			begin(tracer, child);
	}
	resume(tracer, task, 0);
}

static void on_exec(struct tracer *tracer, int pid, const struct task *reported)
{
	struct task *task = task_becomes(&tracer->tracees, (int)event_message(reported), pid);

	if (!task)
		return;
	task->pending = NULL;
	task->armed = false;
	/* From now on the process has its own table (execve(2)). */
	fd_table_release(task->table);
	task->table = NULL;
	if (!task->process && (task->process = process_create(pid)))
		task->process->tasks = 1;
	if (task->process)
		exec_image_look(tracer, task->process);
	if (task->process && task->process->recording && (task->table = fd_table_create()))
		record_inherited(task);
	if (task->process)
		planted_calls_start(tracer, task);
	resume(tracer, task, 0);
}

/* The task is about to end; its descriptors and memory still exist. */
static void on_end(struct tracer *tracer, struct task *task)
{
	int status = (int)event_message(task);

	if (task->table && task->process->recording) {
		if (WIFSIGNALED(status))
			triggers_killed(tracer, task, WTERMSIG(status));
		else if (task->process->tasks - task->process->ending == 1)
			triggers_exit(tracer, task, WEXITSTATUS(status));
	}
	task->pending = NULL;
	task_ends(&tracer->tracees, task);
	resume(tracer, task, 0);
}

/* A snapshot has been taken for this task. It stays stopped until the events of other tasks are
 * handled, because waitpid(2) always returns the same tasks first: a task that gets the signal
 * again at once would starve the others. */
static void answered(struct tracer *tracer, struct task *task, int signal)
{
	if (!tracer->tracees.answered++)
		tracer->tracees.passed = 0;
	task->answered = true;
	task->signal = signal;
}

/* Resumes the answered tasks. */
static void resume_answered(struct tracer *tracer)
{
	struct task *task, *next;

	HASH_ITER(hh, tracer->tracees.tasks, task, next)
	{
		if (task_was_answered(&tracer->tracees, task))
			resume(tracer, task, task->signal);
	}
}

/* Decides whether a signal that is about to be delivered is passed to the program. */
static void on_signal(struct tracer *tracer, struct task *task, int signal)
{
	siginfo_t info;

	if (signal == SIGTRAP && task->process && task->process->breakpoints.count) {
		int index = breakpoints_hit(task->tid, &task->process->breakpoints);

		if (index >= 0) {
			record_request(tracer, task, index);
			signal = 0;
		}
	}
	if (signal && signal == tracer->options.signal && task->table && task->process->recording &&
	    ptrace(PTRACE_GETSIGINFO, task->tid, NULL, &info) == 0) {
		enum signal_effect effect = disposition_effect(task, &info);
		/* A request of `fdtrail snapshot` is for the tracer alone. */
		bool asked = channel_asks(&info);

		if (asked || effect != SIGNAL_ENDS) {
			triggers_signal(tracer, task, &info);
			answered(tracer, task, !asked && effect == SIGNAL_RUNS ? signal : 0);
			return;
		}
	}
	resume(tracer, task, signal);
}

static bool stops(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void on_stop(struct tracer *tracer, struct task *task, int status)
{
	int signal = WSTOPSIG(status);

	switch (status >> 16) {
	case PTRACE_EVENT_SECCOMP:
		on_call(tracer, task);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		on_clone(tracer, task, status >> 16);
		break;
	case PTRACE_EVENT_VFORK_DONE:
		planted_calls_vfork_done(tracer, task);
		resume(tracer, task, 0);
		break;
	case PTRACE_EVENT_EXEC:
		on_exec(tracer, task->tid, task);
		break;
	case PTRACE_EVENT_EXIT:
		on_end(tracer, task);
		break;
	case PTRACE_EVENT_STOP:
		/* In a group-stop the task stays stopped until SIGCONT (ptrace(2),
		 * PTRACE_LISTEN). */
		if (stops(signal))
			ptrace(PTRACE_LISTEN, task->tid, NULL, NULL);
		else if (task->process)
			begin(tracer, task);
		else if (!task->early) {
			task->early = true;
			tracer->tracees.early++;
		}
		break;
	case 0:
		if (signal == SYSCALL_STOP)
			on_result(tracer, task);
		else
			on_signal(tracer, task, signal);
		break;
	default:
		resume(tracer, task, 0);
	}
}

/* Adopts new tasks whose parents were killed before their events came. */
static void adopt_orphans(struct tracer *tracer)
{
	struct task *task, *next;

	HASH_ITER(hh, tracer->tracees.tasks, task, next)
	{
		if (!task->early || task->process ||
		    exec_image_has_parent(&tracer->tracees, task->tid))
			continue;
		task->process = process_create(task->tid);
		if (!task->process)
			continue;
		task->process->tasks = 1;
		task_was_early(&tracer->tracees, task);
		exec_image_look(tracer, task->process);
		if (task->process->recording && (task->table = fd_table_create()))
			record_inherited(task);
		/* Its parent may have had no filter to inherit. */
		task->spared = tracer->late;
		if (task->table && tracer->late)
			task->table->missed = true;
		resume(tracer, task, 0);
	}
}

static void on_event(struct tracer *tracer, int tid, int status)
{
	struct task *task = task_find(&tracer->tracees, tid);

	/* If it was answered, it has been killed: nothing else wakes a stopped task. */
	if (task)
		task_was_answered(&tracer->tracees, task);
	if (!WIFSTOPPED(status)) {
		if (task)
			task_destroy(&tracer->tracees, task);
		/* The program has ended: close its stderr (stdin is /dev/null), so that a reader of
		 * it doesn't wait for the tracer. */
		if (tid == tracer->main_pid)
			dup2(STDIN_FILENO, STDERR_FILENO);
		if (tracer->tracees.early)
			adopt_orphans(tracer);
		return;
	}
	if (!task)
		task = task_create(&tracer->tracees, tid, NULL);
	if (task)
		on_stop(tracer, task, status);
}

/* Waits for the next event, and returns as waitpid(2). If a parent was killed, no event tells about
 * its new task, and that may stop after all other events. So while tasks wait for their parents'
 * events, this waits at most 100 ms at a time, and then adopts orphans. */
static int next_event(struct tracer *tracer, int *status)
{
	struct timespec patience = {.tv_nsec = 100 * 1000 * 1000};
	sigset_t child;
	int tid;

	while (tracer->tracees.answered) {
		tid = 0;
		if (tracer->tracees.passed++ < HASH_COUNT(tracer->tracees.tasks))
			tid = waitpid(-1, status, __WALL | WNOHANG);
		if (tid)
			return tid;
		resume_answered(tracer);
	}
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (tracer->tracees.early) {
		tid = waitpid(-1, status, __WALL | WNOHANG);
		if (tid)
			return tid;
		if (sigtimedwait(&child, NULL, &patience) < 0 && errno == EAGAIN)
			adopt_orphans(tracer);
	}
	return waitpid(-1, status, __WALL);
}

void tracer_run(struct tracer *tracer)
{
	struct process *process = process_create(tracer->main_pid);
	sigset_t child;
	int status, tid;

	/* Stops send SIGCHLD, too. It is blocked so that it stays pending for sigtimedwait(2). */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	if (!process || !task_create(&tracer->tracees, tracer->main_pid, process))
		return;
	process->filters = tracer->filters + !tracer->late;
	if (tracer->late)
		process->stops = STOPS_NONE;
	requests_start();
	while ((tid = next_event(tracer, &status)) > 0 || errno == EINTR) {
		if (tid > 0)
			on_event(tracer, tid, status);
		requests_answer(tracer);
	}
}
