// SPDX-License-Identifier: MIT
/* See process_status.h. */
#include "process_status.h"

#include <string.h>

#include "escape_text.h"
#include "proc.h"

enum { COMM_SIZE = 64 };

/* proc_pid_status(5): "Uid:" has the real and the effective user. */
static void take_line(const char *line, size_t length, void *data)
{
	struct process_status *status = data;

	proc_field(line, length, "PPid:", 10, &status->parent);
	if (!proc_field(line, length, "Uid:", 10, &status->user))
		return;
	for (size_t at = strlen("Uid:\t"); at < length; at++)
		if (line[at] == '\t') {
			proc_field(line + at, length - at, "", 10, &status->effective);
			return;
		}
}

void process_status_read(int pid, struct process_status *status)
{
	char path[PROC_PATH_SIZE];

	proc_each_line(proc_pid_path(path, pid, "status"), 8192, take_line, status);
}

void process_put_name(struct writer *writer, int pid)
{
	char path[PROC_PATH_SIZE], name[COMM_SIZE];
	size_t length = proc_read(proc_pid_path(path, pid, "comm"), name, sizeof(name));

	if (length && name[length - 1] == '\n')
		length--;
	if (!length)
		return;
	put_string(writer, " (");
	put_word(writer, name, length);
	put_char(writer, ')');
}
