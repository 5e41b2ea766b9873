// SPDX-License-Identifier: MIT
/* See exec_image.h. */
#include "exec_image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/base_name.h"
#include "preload/core/policy/stderr_lines.h"
#include "triggers.h"
#include "enrolled.h"
#include "tools/engine/go/go_http.h"
#include "tools/process/proc_facts.h"
#include "privileges.h"

/* Reads a file of /proc/PID whole, as far as there is room; returns the length, 0 when it can't be
 * read. It ends in a zero byte. */
static size_t read_file(int pid, const char *name, char *text, size_t size)
{
	char path[48];
	size_t used = 0;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)got;
	if (fd >= 0)
		close(fd);
	text[used] = '\0';
	return used;
}

unsigned long long exec_image_status(int pid, const char *name, unsigned int column, int base)
{
	char text[8192], key[32], *at;
	unsigned long long number = 0;

	read_file(pid, "status", text, sizeof(text));
	snprintf(key, sizeof(key), "\n%s:", name);
	at = strstr(text, key);
	if (!at)
		return 0;
	at += strlen(key);
	do
		number = strtoull(at, &at, base);
	while (column--);
	return number;
}

uintptr_t exec_image_handler(int tid, int signal)
{
	enum { HANDLER = 2 }; /* neither SIG_DFL nor SIG_IGN, which are 0 and 1 */

	if (exec_image_status(tid, "SigCgt", 0, 16) >> (signal - 1) & 1)
		return HANDLER;
	return (uintptr_t)(exec_image_status(tid, "SigIgn", 0, 16) >> (signal - 1) & 1 ? SIG_IGN
										       : SIG_DFL);
}

bool exec_image_is_thread(int tid, int pid)
{
	return (int)exec_image_status(tid, "Tgid", 0, 10) == pid;
}

bool exec_image_has_parent(struct tracees *tracees, int tid)
{
	int group = (int)exec_image_status(tid, "Tgid", 0, 10);
	int parent = (int)exec_image_status(tid, "PPid", 0, 10);
	struct task *task;

	for (task = tracees->tasks; task; task = task->hh.next)
		if (task->process && task->process->pid == (group == tid ? parent : group))
			return true;
	return false;
}

static void find_names(struct process *process)
{
	char path[32], arguments[4096];
	const char *name = "";

	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	ssize_t length = readlink(path, process->main_path, sizeof(process->main_path) - 1);
	strcpy(process->main_path + (length > 0 ? length : 0), length > 0 ? "" : "unknown");
	if (read_file(process->pid, "cmdline", arguments, sizeof(arguments)))
		name = base_name(arguments);
	if (!*name)
		name = base_name(process->main_path);
	size_t size = strnlen(name, sizeof(process->program) - 1);
	memcpy(process->program, name, size);
	process->program[size] = '\0';
}

/* Once: it may be executed a thousand times. */
static void print_unknown_go(const struct process *process)
{
	static bool said;
	LINE(line, LINE_LONG);

	if (said)
		return;
	said = true;
	line_quote(&line, process->program);
	line_add(&line,
		 " is a Go program of an unknown version (1.16 to 1.27 are known): its stacks "
		 "have no names, and may be cut short");
	message(&line);
}

void exec_image_command(int pid, char *name, size_t size)
{
	size_t length = read_file(pid, "comm", name, size);

	if (length && name[length - 1] == '\n')
		name[length - 1] = '\0';
}

/* Forgets what is known of the program before. */
static void forget_file(struct process *process)
{
	go_program_release(process->go);
	libc_frames_release(process->libc_frames);
	plant_release(process->plant);
	process->plant = NULL;
	process->copied_control = process->moved_from = process->filter_room = 0;
	process->go = NULL;
	process->libc_frames = NULL;
	process->breakpoints = (struct breakpoints){0};
	process->connects = false;
	process->runtimes = STACK_NONE;
}

static void look_at_file(const struct tracer *tracer, struct process *process)
{
	char path[32];
	Elf64_Ehdr header;

	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
	    memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
	    header.e_ident[EI_CLASS] == ELFCLASS64) {
		process->go = go_program_create(fd, proc_auxiliary(process->pid, AT_ENTRY) -
							    header.e_entry);
		if (process->go && tracer->request->http)
			go_http_breakpoints(process->go, &process->breakpoints);
		if (!process->go && errno == ENOTSUP)
			print_unknown_go(process);
		if (!process->go)
			process->libc_frames = libc_frames_create(fd);
	}
	close(fd);
}

void exec_image_look(const struct tracer *tracer, struct process *process)
{
	const char *only = tracer->options.only;

	remote_memory_destroy(process->memory);
	process->memory = NULL;
	process->reader = process->pid;
	process->forked_from = 0;
	process->forked_ms = 0;
	process->signal_use = (struct signal_use){0};
	forget_file(process);
	find_names(process);
	process->recording = options_match(only, process->program) ||
			     options_match(only, base_name(process->main_path));
	/* Also where it is not to be recorded: it may lack its rights. */
	if (privileges_look(tracer, process))
		process->recording = false;
	enrolled_begin(tracer, process);
	if (!process->recording)
		return;
	look_at_file(tracer, process);
	process->started_ms = triggers_now_ms();
	triggers_start(tracer, process);
	triggers_note_stderr(process, process->pid);
}
