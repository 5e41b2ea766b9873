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

enum { NOTED = 64 }; /* most files that get a line */

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

/* Whether the process lacks rights only because fdtrail traces it: not if no_new_privs was set
 * before, or the process has set it itself. Without CAP_SYS_ADMIN the filter has set it for all
 * processes. */
static bool we_deny(int pid)
{
	bool admin = exec_image_status(getpid(), "CapEff", 0, 16) >> CAP_SYS_ADMIN & 1;

	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 &&
	       !(admin && exec_image_status(pid, "NoNewPrivs", 0, 10));
}

/* Whether the process lacks the rights that its file gives. */
static bool lacks(int pid, const char *exe)
{
	uid_t user = (uid_t)exec_image_status(pid, "Uid", 1, 10);
	gid_t group = (gid_t)exec_image_status(pid, "Gid", 1, 10);
	const char *missing = program_rights(exe, user, group);

	/* program_rights names capabilities even if the process has them, so compare. */
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
	line_add(line, "): it isn't traced");
}

/* The kernel hides /proc/PID/exe of a process whose file its tracer may not read. */
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
	/* Most files give no rights to any user. */
	if (!program_rights(exe, (uid_t)-1, (gid_t)-1))
		return false;
	const char *rights = program_rights(exe, (uid_t)exec_image_status(pid, "Uid", 0, 10),
					    (gid_t)exec_image_status(pid, "Gid", 0, 10));
	if (!rights)
		return false;
	bool denied = lacks(pid, exe);
	/* Otherwise it has the rights that it would have untraced, and no more than its user's. */
	if (denied ? !we_deny(pid) : !proc_auxiliary(pid, AT_SECURE))
		return false;
	/* Programs that FDTRAIL_ONLY leaves out get a line only if they lack their rights. */
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
