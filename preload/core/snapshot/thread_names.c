// SPDX-License-Identifier: MIT
/* See thread_names.h. */
#include "thread_names.h"

#include "proc.h"
#include "escape_text.h"

static void look_up(struct thread_names *names, uint32_t place, uint32_t thread)
{
	char path[PROC_PATH_SIZE], ours[THREAD_NAME_SIZE], *name = names->kept[place].name;

	names->kept[place].thread = thread;
	names->kept[place].state = THREAD_NOT_KNOWN;
	if (!names->pid)
		return;
	size_t length =
		proc_read(proc_task_path(path, names->pid, thread, "comm"), name, THREAD_NAME_SIZE);
	if (length) {
		names->kept[place].state = THREAD_RUNS;
		names->kept[place].length =
			(uint8_t)(name[length - 1] == '\n' ? length - 1 : length);
	} else if (proc_read(proc_pid_path(path, names->pid, "comm"), ours, sizeof(ours))) {
		names->kept[place].state = THREAD_ENDED;
	}
}

void thread_names_put(struct thread_names *names, struct writer *writer, uint32_t thread)
{
	uint32_t place = thread % THREAD_NAMES_KEPT;

	if (names->kept[place].thread != thread)
		look_up(names, place, thread);
	put_string(writer, "thread ");
	put_unsigned(writer, thread);
	switch (names->kept[place].state) {
	case THREAD_RUNS:
		put_string(writer, " (");
		put_word(writer, names->kept[place].name, names->kept[place].length);
		put_char(writer, ')');
		break;
	case THREAD_ENDED:
		put_string(writer, " ended");
		break;
	case THREAD_NOT_KNOWN:
		break;
	}
}
