// SPDX-License-Identifier: MIT
/* See privileges.h. */
#include "privileges.h"

#include <elf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/core/base/line.h"
#include "preload/core/policy/stderr_lines.h"
#include "preload/core/policy/snapshot_output.h"
#include "tools/process/proc_facts.h"
#include "tools/process/program_rights.h"
#include "enrolled.h"
#include "exec_image.h"

enum { NOTED = 64 }; /* most files that a line is written for */

/* True for the first time with this file. */
static bool is_new(struct file_id file)
{
	static struct file_id noted[NOTED];
	static size_t count;

	for (size_t i = 0; i < count; i++)
		if (noted[i].device == file.device && noted[i].inode == file.inode)
			return false;
	if (count == NOTED)
		return false;
	noted[count++] = file;
	return true;
}

static void note(const struct tracer *tracer, const struct process *process,
		 const struct line *line)
{
	struct snapshot_request request = {.pid = process->pid, .program = process->program};

	if (*tracer->options.output)
		output_note(&tracer->options, &request, line);
	else
		message(line);
}

/* Whether the process would have been given rights if nobody traced it: not when it was denied them
 * before, or has denied them itself. Without CAP_SYS_ADMIN the filter has done that for all. */
static bool we_deny(int pid)
{
	bool admin = exec_image_status(getpid(), "CapEff", 0, 16) >> CAP_SYS_ADMIN & 1;

	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 &&
	       !(admin && exec_image_status(pid, "NoNewPrivs", 0, 10));
}

/* Whether the process has not got what its file gives. */
static bool lacks(int pid, const char *exe)
{
	uid_t user = (uid_t)exec_image_status(pid, "Uid", 1, 10);
	gid_t group = (gid_t)exec_image_status(pid, "Gid", 1, 10);
	const char *missing = program_rights(exe, user, group);

	/* The file gives them still when the process has got them. */
	if (missing && strcmp(missing, "file capabilities") == 0)
		return program_capabilities(exe) & exec_image_status(pid, "CapBnd", 0, 16) &
		       ~exec_image_status(pid, "CapPrm", 0, 16);
	return missing;
}

static void say_denied(struct line *line, const struct process *process, const char *rights)
{
	line_add(line, "warning: ");
	line_quote(line, process->program);
	line_add(line, " was executed without its rights (");
	line_add(line, rights);
	line_add(line, "), which the kernel refuses to programs that are traced by ptrace; "
		       "run fdtrail as root");
}

static void say_left_alone(struct line *line, const struct process *process, const char *rights)
{
	line_quote(line, process->program);
	line_add(line, " has more rights than its user (");
	line_add(line, rights);
	line_add(line, "): it is left alone");
}

/* The kernel shows nothing of a process whose file its tracer may not read. */
static void say_unreadable(const struct tracer *tracer, const struct process *process)
{
	char name[32];
	struct file_id file = {0};
	LINE(line, LINE_LONG);

	exec_image_command(process->pid, name, sizeof(name));
	for (const char *letter = name; *letter; letter++)
		file.inode = file.inode * 31 + (uint8_t)*letter;
	if (!we_deny(process->pid) || !is_new(file))
		return;
	line_add(&line, "warning: the file of ");
	line_quote(&line, name);
	line_add(&line, " can't be read: if it is set-user-ID, it was executed without its rights; "
			"run fdtrail as root");
	note(tracer, process, &line);
}

bool privileges_look(const struct tracer *tracer, const struct process *process)
{
	int pid = process->pid;
	char exe[32];
	struct stat status;
	LINE(line, LINE_LONG);

	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid);
	if (stat(exe, &status) != 0) {
		if (errno == EACCES)
			say_unreadable(tracer, process);
		return false;
	}
	/* Most files give none to anybody. */
	if (!program_rights(exe, (uid_t)-1, (gid_t)-1))
		return false;
	const char *rights = program_rights(exe, (uid_t)exec_image_status(pid, "Uid", 0, 10),
					    (gid_t)exec_image_status(pid, "Gid", 0, 10));
	if (!rights)
		return false;
	bool denied = lacks(pid, exe);
	/* Else it has what it would have without us, and no more than its user. */
	if (denied ? !we_deny(pid) : !proc_auxiliary(pid, AT_SECURE))
		return false;
	/* Nobody wants to hear of what FDTRAIL_ONLY leaves out, unless it lacks its rights. */
	if (!denied && (!process->recording || enrolled_unseen(tracer, process, ROSTER_PRIVILEGED)))
		return true;
	if (denied)
		say_denied(&line, process, rights);
	else
		say_left_alone(&line, process, rights);
	if (is_new((struct file_id){status.st_dev, status.st_ino}))
		note(tracer, process, &line);
	return !denied;
}
