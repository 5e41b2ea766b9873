// SPDX-License-Identifier: MIT
/* See planted_calls.h. All that is read from the program may be wrong, and is checked. */
#include "planted_calls.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "call_conditions.h"
#include "exec_image.h"
#include "late_filter.h"
#include "preload/arch/registers.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/base/syscall_numbers.h"
#include "preload/core/policy/stderr_lines.h"
#include "preload/core/snapshot/proc.h"
#include "record.h"
#include "tools/process/process_memory.h"
#include "triggers.h"

/* Offsets in Go's struct g and struct m (goroutine.c). The thread's id is one of the m's first
 * words. */
enum { G_THREAD = 48, THREAD_FIRST = 56, THREAD_LAST = 104 };

enum { SETTLE_MS = 200 };

/* System call numbers by site. */
static const int numbers[] = {
	-1,
#define PLANTED(name, effect, kind) SYS_##name,
#include "preload/planted/planted.list"
#undef PLANTED
};

enum { SITES = sizeof(numbers) / sizeof(*numbers) };

static void tell(const struct tracer *tracer, const struct process *process, const char *text,
		 const char *why)
{
	LINE(line, LINE_LONG);

	if (!tracer->options.verbose)
		return;
	line_quote(&line, process->program);
	line_add(&line, text);
	line_add(&line, why);
	message(&line);
}

static void set_watch(const struct process *process)
{
	int64_t opens = process->opens_left;
	uint64_t next = process->next_interval_ms;

	plant_write(process->plant, process->reader, offsetof(struct planted_control, opens_left),
		    &opens, sizeof(opens));
	plant_write(process->plant, process->reader,
		    offsetof(struct planted_control, next_interval_ms), &next, sizeof(next));
}

/* The values of planted_control.opens_left and .next_interval_ms that never stop the program. */
static void never_watch(struct process *process, const struct tracer *tracer)
{
	if (!process->threshold)
		process->opens_left = INT64_MAX;
	if (!tracer->options.interval)
		process->next_interval_ms = UINT64_MAX;
}

/* The reason why nothing is to be changed in the process; or NULL. */
static const char *obstacle(const struct tracer *tracer, const struct process *process)
{
	struct rlimit limit;
	int pid = process->pid;

	/* The second field exists since Linux 5.9. */
	if (!tracer->may_plant ||
	    exec_image_status(pid, "Seccomp", 0, 10) !=
		    (process->filters ? SECCOMP_MODE_FILTER : SECCOMP_MODE_DISABLED) ||
	    exec_image_status(pid, "Seccomp_filters", 0, 10) != process->filters)
		return "other seccomp(2) filters might end it";
	/* The memory would lack later, when the program maps its own. */
	if (prlimit(pid, RLIMIT_AS, NULL, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY)
		return "its address space is limited (RLIMIT_AS)";
	return NULL;
}

/* The calls that the planted code has to stop for, if no filter does. */
struct asks {
	uint16_t numbers[CALLS_MAX];
	struct planted_condition conditions[PLANTED_CONDITIONS];
};

_Static_assert((int)CONDITIONS_MAX <= (int)PLANTED_CONDITIONS, "there is room for all conditions");

static void ask(const struct tracer *tracer, struct asks *asks, struct plant_request *request)
{
	struct call_number numbers[CALLS_MAX];

	request->asked = asks->numbers;
	request->conditions = asks->conditions;
	request->asked_count = calls_of_abi(ABI_X86_64, numbers);
	for (size_t i = 0; i < request->asked_count; i++)
		asks->numbers[i] = (uint16_t)numbers[i].number;
	for (size_t i = 0; i < call_conditions_count; i++) {
		const struct call_condition *from = &call_conditions[i];

		for (size_t call = 0; call < request->asked_count; call++)
			if (strcmp(calls[numbers[call].index].name, from->name) == 0)
				asks->conditions[request->conditions_count++] =
					(struct planted_condition){
						.number = asks->numbers[call],
						.argument = from->argument,
						.any = from->any,
						.value = call_condition_value(
							from, (uint32_t)tracer->options.signal),
					};
	}
}

/* Plants the code in the task's process. The filter is to be chosen afterwards if there is none for
 * all calls. */
static void plant(const struct tracer *tracer, struct task *task, struct injected *injected)
{
	struct process *process = task->process;
	struct plant_request request = {
		.go = process->go,
		.breakpoints = &process->breakpoints,
		.ledger = &task->table->ledger,
		.started_ms = process->started_ms,
		.ancestors = tracer->request->go_ancestors,
		.depth = tracer->options.depth,
		.watching = tracer->options.threshold || tracer->options.interval,
		.injected = injected,
	};
	struct asks asks;
	/* Planted code doesn't read the file, and records at full speed. */
	const char *why =
		fd_table_marks ? "they have to read FDTRAIL_MARK_FILE" : obstacle(tracer, process);

	if (process->stops != STOPS_ALL)
		ask(tracer, &asks, &request);
	if (!why)
		process->plant = plant_create(process->pid, &request, &why);
	if (!process->plant) {
		tell(tracer, process, ": its calls stop for fdtrail: ", why);
		return;
	}
	task->table->plant = plant_share(process->plant);
	process->moved_from = process->plant->moved_end;
	process->moved_to = process->plant->instruction_end;
	if (request.watching) {
		never_watch(process, tracer);
		set_watch(process);
	}
}

/* Installs the filter that the process needs. 0 or a negative errno. */
static int filter(const struct tracer *tracer, struct process *process, struct injected *injected)
{
	const struct plant *plant = process->plant;
	bool complete = plant && plant->complete && breakpoints_none(&process->breakpoints);

	if (complete)
		process->filter_room = plant_filter_room(plant);
	if (complete && process->stops == STOPS_PLANTED)
		return 0;
	return late_filter_exec(tracer, process, injected, complete ? FILTER_PLANTED : FILTER_ALL);
}

void planted_calls_start(const struct tracer *tracer, struct task *task)
{
	struct process *process = task->process;
	bool plants = tracer->request->planted && process->go && task->table;
	bool late = process->stops != STOPS_ALL;
	struct injected injected;

	if (!plants && !late)
		return;
	int error = injected_begin(&injected, task->tid, INJECTED_EXEC);
	if (!error) {
		if (plants)
			plant(tracer, task, &injected);
		if (late)
			error = filter(tracer, process, &injected);
		injected_end(&injected);
	} else if (plants) {
		tell(tracer, process, ": its calls stop for fdtrail: ", "ptrace failed");
	}
	if (process->plant)
		tell(tracer, process, ": its calls are recorded by planted code",
		     process->stops == STOPS_PLANTED ? "; if fdtrail is killed, it runs on" : "");
	if (!late || !error)
		return;
	/* Nothing more can be done. */
	process->stops = STOPS_ALL;
	if (task->table)
		task->table->missed = true;
}

/* Tells the code what has become known about this version of Go. */
static void teach_offsets(const struct process *process, const struct planted_frame *frame, int tid)
{
	struct remote_memory *memory = process->memory;
	uint32_t creator = go_program_creator(process->go);
	uint64_t thread, words[(THREAD_LAST - THREAD_FIRST) / sizeof(uint64_t)];

	if (creator)
		plant_write(process->plant, process->reader,
			    offsetof(struct planted_control, go_creator), &creator,
			    sizeof(creator));
	if (remote_memory_copy(memory, frame->go + G_THREAD, &thread, sizeof(thread)) !=
		    sizeof(thread) ||
	    remote_memory_copy(memory, thread + THREAD_FIRST, words, sizeof(words)) !=
		    sizeof(words))
		return;
	for (uint32_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i] == (uint64_t)tid) {
			uint32_t offset = THREAD_FIRST + i * (uint32_t)sizeof(*words);

			plant_write(process->plant, process->reader,
				    offsetof(struct planted_control, go_thread), &offset,
				    sizeof(offset));
			return;
		}
}

/* The registers as they would be, if the call had been made by the program's own instruction. */
static void registers_at_site(const struct plant *plant, const struct planted_frame *frame,
			      struct user_regs_struct *registers)
{
	regs_set_pc_sp(registers, plant->instruction_end, frame->sp);
	regs_set_fp_go(registers, frame->fp, frame->go);
	regs_set_number(registers, numbers[frame->site]);
	regs_set_result(registers, (long)frame->result);
	for (int i = 0; i < 6; i++)
		regs_set_arg(registers, i, frame->arguments[i]);
}

/* The key that a task is stopped with. Returns the number of its words; 0: it has none. */
static uint32_t read_key(struct remote_memory *memory, const struct user_regs_struct *stopped,
			 uint64_t words[PLANTED_KEY_MAX])
{
	size_t count = regs_arg(stopped, 2), size = count * sizeof(*words);

	return count <= PLANTED_KEY_MAX &&
			       remote_memory_copy(memory, regs_arg(stopped, 1), words, size) == size
		       ? (uint32_t)count
		       : 0;
}

/* A request is about to begin. This works after the code was switched off, too. */
static void request(const struct tracer *tracer, struct task *task,
		    const struct user_regs_struct *stopped)
{
	struct process *process = task->process;
	struct plant *plant = process->plant;
	struct remote_memory *memory = process_memory(process);
	struct user_regs_struct registers = *stopped;
	struct planted_frame frame;
	struct go_http_use use;
	uint64_t words[PLANTED_KEY_MAX];
	size_t index = regs_arg(stopped, 4);

	if (!memory || index >= process->breakpoints.count ||
	    remote_memory_copy(memory, regs_arg(stopped, 0), &frame, sizeof(frame)) !=
		    sizeof(frame))
		return;
	/* Earlier ones first: the last user is the one that counts. The code itself counts only
	 * those of the first kind. */
	if (index == 0)
		planted_calls_combine(task->table);
	regs_set_pc_sp(&registers, process->breakpoints.addresses[index], frame.sp);
	regs_set_fp_go(&registers, frame.fp, frame.go);
	regs_set_result(&registers, (long)frame.result);
	process->remembered = false;
	uint32_t stack = record_request_at(tracer, task, (int)index, &registers, &use);
	if (!plant || use.fd < 0)
		return;
	struct go_http_layout layout = plant->http;
	go_http_learn(process->go, remote_memory_walk(memory), frame.result, &use, &layout);
	if (memcmp(&layout, &plant->http, sizeof(layout)) != 0)
		plant_learn_http(plant, process->reader, &layout);
	uint32_t count = read_key(memory, stopped, words);
	if (stack >= STACK_FIRST && process->remembered && count)
		plant_learn(plant, &task->table->ledger, stack, words, count);
	teach_offsets(process, &frame, task->tid);
}

/* Records a call that the code can't record itself, and teaches the code its stack. */
static void record(const struct tracer *tracer, struct task *task,
		   const struct user_regs_struct *stopped)
{
	struct process *process = task->process;
	struct plant *plant = process->plant;
	struct remote_memory *memory = process_memory(process);
	struct user_regs_struct registers = *stopped;
	struct planted_frame frame;
	uint64_t words[PLANTED_KEY_MAX];

	if (!memory ||
	    remote_memory_copy(memory, regs_arg(stopped, 0), &frame, sizeof(frame)) !=
		    sizeof(frame) ||
	    frame.site == 0 || frame.site >= SITES) {
		task->table->missed = true;
		return;
	}
	const struct call *call = call_of_number(numbers[frame.site]);
	if (!call)
		return;
	registers_at_site(plant, &frame, &registers);
	process->remembered = false;
	uint32_t stack = record_finished(tracer, task, call, ABI_X86_64, &registers);
	plant_grow(plant, &task->table->ledger, process->reader);
	/* The runtime's own descriptors count as inherited, so they stop each time. */
	uint32_t count = read_key(memory, stopped, words);
	if (stack >= STACK_FIRST && process->remembered && stack != process->runtimes && count)
		plant_learn(plant, &task->table->ledger, stack, words, count);
	teach_offsets(process, &frame, task->tid);
}

void planted_calls_stop(const struct tracer *tracer, struct task *task)
{
	struct process *process = task->process;
	struct user_regs_struct registers, after;
	struct planted_control control;

	if (!tracer_registers(task, &registers))
		return;
	/* The call isn't made. */
	after = registers;
	regs_set_number(&after, -1);
	regs_set_result(&after, 0);
	tracer_set_registers(task, &after);
	if (!process || !task->table || !process->recording)
		return;
	if (regs_arg(&registers, 3) == PLANTED_REQUEST) {
		request(tracer, task, &registers);
		return;
	}
	if (!process->plant)
		return;
	bool watching = tracer->options.threshold || tracer->options.interval;
	if (watching && plant_read(process->plant, process->reader, &control))
		process->opens_left = control.opens_left;
	if (regs_arg(&registers, 3) == PLANTED_RECORD)
		record(tracer, task, &registers);
	else
		triggers_opened(tracer, task);
	if (watching) {
		never_watch(process, tracer);
		set_watch(process);
	}
}

static bool switch_off(int pid, uintptr_t control, uint32_t off)
{

	return process_memory_write(pid, control + offsetof(struct planted_control, off), &off,
				    sizeof(off));
}

/* Switches the code off. What is recorded stays. */
static void end_planted(struct process *process, uint32_t off)
{
	switch_off(process->reader, process->plant->control, off);
	plant_release(process->plant);
	process->plant = NULL;
}

void planted_calls_end(const struct tracer *tracer, struct task *task, enum injected_at at)
{
	if (!task->process->plant)
		return;
	late_filter_all(tracer, task, at);
	end_planted(task->process, PLANTED_OFF);
}

void planted_calls_confined(const struct tracer *tracer, struct task *task)
{
	if (!task->process->plant)
		return;
	late_filter_all(tracer, task, INJECTED_BEFORE);
	end_planted(task->process, PLANTED_SILENT);
}

/* Notes the goroutine of a task in vfork: what it calls is its child's, until the task goes on. */
static bool note_vfork(struct task *parent)
{
	struct process *process = parent->process;
	struct user_regs_struct registers;
	struct planted_control control;

	if (!tracer_registers(parent, &registers) ||
	    !plant_read(process->plant, process->reader, &control))
		return false;
	uint64_t go = regs_go(&registers);
	for (uint8_t i = 0; i < PLANTED_VFORKS; i++) {
		uint32_t vforks = atomic_load(&control.vforks) + 1;

		if (atomic_load(&control.vfork[i]))
			continue;
		parent->vfork = i + 1;
		return plant_write(process->plant, process->reader,
				   offsetof(struct planted_control, vfork) + i * sizeof(go), &go,
				   sizeof(go)) &&
		       plant_write(process->plant, process->reader,
				   offsetof(struct planted_control, vforks), &vforks,
				   sizeof(vforks));
	}
	return false;
}

void planted_calls_fork(const struct tracer *tracer, struct task *parent, struct process *child,
			uint64_t flags)
{
	struct process *process = parent->process;

	if (!process->plant)
		return;
	/* The memory is shared for as long as both run, or the table is. */
	bool end = flags & CLONE_FILES || (flags & CLONE_VM && !(flags & CLONE_VFORK)) ||
		   (flags & CLONE_VM && !note_vfork(parent));
	if (end && flags & CLONE_VFORK && process->stops == STOPS_PLANTED) {
		/* The parent waits for the child. Meanwhile its other threads don't stop. */
		parent->filter_due = true;
		if (parent->table)
			parent->table->missed = true;
		end_planted(process, PLANTED_OFF);
	} else if (end) {
		planted_calls_end(tracer, parent, INJECTED_CALL);
	} else if (!(flags & CLONE_VM)) {
		child->copied_control = process->plant->control;
	}
}

void planted_calls_begin(struct task *task)
{
	struct process *process = task->process;

	if (!switch_off(task->tid, process->copied_control, PLANTED_OFF) && task->table)
		task->table->missed = true;
	process->copied_control = 0;
}

void planted_calls_vfork_done(const struct tracer *tracer, struct task *task)
{
	struct process *process = task->process;
	struct planted_control control;
	uint64_t none = 0;

	if (task->filter_due)
		late_filter_all(tracer, task, INJECTED_CALL);
	task->filter_due = false;
	if (!task->vfork || !process->plant)
		return;
	if (plant_read(process->plant, process->reader, &control)) {
		uint32_t vforks = atomic_load(&control.vforks) - 1;

		plant_write(process->plant, process->reader,
			    offsetof(struct planted_control, vforks), &vforks, sizeof(vforks));
		plant_write(process->plant, process->reader,
			    offsetof(struct planted_control, vfork) +
				    (task->vfork - 1u) * sizeof(none),
			    &none, sizeof(none));
	}
	task->vfork = 0;
}

struct unsettled {
	const struct ledger *ledger;
	unsigned int count;
};

/* An open descriptor without an entry, or with one that is being closed, may have been opened just
 * now. */
static void look(int fd, void *data)
{
	struct unsettled *unsettled = data;
	struct ledger_entry entry;

	if (!ledger_read(unsettled->ledger, fd, &entry, NULL) || entry.closing)
		unsettled->count++;
}

/* Whether a thread of the process may be about to record something: it runs, or wants to. */
static bool is_busy(const struct tracer *tracer, const struct process *process)
{
	struct task *task;

	for (task = tracer->tracees.tasks; task; task = task->hh.next)
		if (task->process == process && record_runs(task))
			return true;
	return false;
}

void planted_calls_settle(const struct tracer *tracer, const struct task *task)
{
	struct timespec nap = {.tv_nsec = 1000 * 1000};
	uint64_t until = triggers_now_ms() + SETTLE_MS;
	char path[PROC_PATH_SIZE];

	if (!task->process->plant)
		return;
	for (;;) {
		struct unsettled unsettled = {.ledger = &task->table->ledger};
		bool busy = is_busy(tracer, task->process);
		int folder = open(proc_pid_path(path, task->tid, "fd"),
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (folder < 0)
			return;
		descriptors_in(folder, look, &unsettled);
		close(folder);
		if (!unsettled.count || !busy || triggers_now_ms() >= until)
			return;
		nanosleep(&nap, NULL);
	}
}

void planted_calls_combine(struct fd_table *table)
{
	struct ledger *ledger = &table->ledger;
	struct plant_use use;
	int fd = -1;

	if (!table->plant)
		return;
	plant_combine(table->plant, ledger);
	while (plant_next_use(table->plant, ledger, &fd, &use)) {
		bool again = record_was_used(ledger, fd);

		ledger_used(ledger, fd, use.stack, false);
		table_note_requests(table, fd, use.transport, again, use.count);
	}
}
