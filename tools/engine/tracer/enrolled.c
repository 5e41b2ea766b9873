// SPDX-License-Identifier: MIT
/* See enrolled.h. */
#include "enrolled.h"

void enrolled_begin(const struct tracer *tracer, struct process *process)
{
	struct roster_header *roster = tracer->request->roster;

	if (!process->recording)
		enrolled_end(process, 0);
	/* The event of a thread may come after another thread has ended the process. */
	else if (roster && !process->record && !process->ended)
		process->record =
			roster_take(roster, ROSTER_RUNNING, process->pid, 0, roster_pid_namespace(),
				    process->program, NULL, ROSTER_NO_REASON);
}

bool enrolled_unseen(const struct tracer *tracer, const struct process *process,
		     enum roster_reason reason)
{
	struct roster_header *roster = tracer->request->roster;

	return roster && roster_take(roster, ROSTER_ENDED, process->pid, 0, roster_pid_namespace(),
				     process->program, process->main_path, reason);
}

void enrolled_end(struct process *process, int error)
{
	if (process->record)
		roster_ended(process->record, error);
	process->record = NULL;
}

static int write_text(const struct writer_sink *sink, const void *bytes, size_t size)
{
	const struct enrolled_sink *own = (const void *)sink;

	return roster_write(own->roster, own->record, bytes, size);
}

bool enrolled_sink(const struct tracer *tracer, const struct process *process, int file_error,
		   struct enrolled_sink *sink)
{
	if (!process->record)
		return false;
	process->record->file_error = file_error;
	*sink = (struct enrolled_sink){
		.sink.write = write_text,
		.roster = tracer->request->roster,
		.record = process->record,
	};
	return true;
}
