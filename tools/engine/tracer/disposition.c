// SPDX-License-Identifier: MIT
/* See disposition.h. */
#include "disposition.h"

#include <string.h>

#include "preload/core/policy/signal_use.h"
#include "exec_image.h"
#include "tools/process/mappings.h"
#include "tools/process/proc_facts.h"

/* The beginning of the kernel's struct sigaction, which is not the C library's. */
struct action_64 {
	uint64_t handler, flags;
};

struct action_32 {
	uint32_t handler, flags;
};

static bool read_action(struct process *process, enum call_abi abi, uintptr_t address,
			struct action_64 *action)
{
	struct remote_memory *memory = process_memory(process);
	struct action_32 small;

	if (!memory)
		return false;
	if (abi == ABI_X86_64)
		return remote_memory_copy(memory, address, action, sizeof(*action)) ==
		       sizeof(*action);
	if (remote_memory_copy(memory, address, &small, sizeof(small)) != sizeof(small))
		return false;
	*action = (struct action_64){small.handler, small.flags};
	return true;
}

void disposition_set(struct process *process, enum call_abi abi, const unsigned long *arguments)
{
	struct action_64 action;
	struct mappings mappings;
	const struct mapping *mapping;

	/* Without an address it only asks; and what can't be read, the kernel can't read either. */
	if (!arguments[1] || !read_action(process, abi, arguments[1], &action))
		return;
	mappings_read(&mappings, process->pid);
	mapping = mappings_find(&mappings, action.handler);
	signal_use_set(&process->signal_use, action.handler, (int)action.flags,
		       mapping ? mapping->path : NULL);
	mappings_finish(&mappings);
}

enum signal_effect disposition_effect(const struct task *task, const siginfo_t *info)
{
	const struct process *process = task->process;
	uintptr_t handler = exec_image_handler(task->tid, info->si_signo);
	bool own = signal_is_from(info, proc_own_number(task->tid)) ||
		   (process->forked_from && signal_is_from(info, process->forked_from));

	return signal_use_effect(&process->signal_use, info->si_signo, handler, own);
}

bool disposition_is_own(const struct tracer *tracer, const struct task *task, const siginfo_t *info)
{
	const struct task *sender = task_find(&tracer->tracees, signal_sender(info));

	return signal_is_from(info, proc_own_number(task->tid)) ||
	       (sender && sender->process &&
		strcmp(sender->process->main_path, task->process->main_path) == 0);
}
