// SPDX-License-Identifier: MIT
/* See proc_facts.h. */
#include "proc_facts.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { STATUS_SIZE = 16384 }; /* more than /proc/PID/status has */

static void take_own_number(const char *line, size_t length, void *data)
{
	const char *last = memrchr(line, '\t', length);
	uint64_t value;

	/* NStgid has a number for each namespace, from ours inwards, and comes after Tgid. */
	if (last &&
	    (proc_field(line, length, "Tgid:", 10, &value) ||
	     proc_field(line, length, "NStgid:", 10, &value)) &&
	    proc_field(last, length - (size_t)(last - line), "", 10, &value))
		*(int *)data = (int)value;
}

int proc_own_number(int pid)
{
	char path[PROC_PATH_SIZE];
	int number = 0;

	proc_each_line(proc_pid_path(path, pid, "status"), STATUS_SIZE, take_own_number, &number);
	return number;
}

/* Whether stat(2) finds the same under both paths. */
static bool is_same(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

const char *proc_other_root(int pid, char path[PROC_PATH_SIZE])
{
	struct stat status;

	if (is_same(proc_pid_path(path, pid, "root"), "/proc/self/root") &&
	    is_same(proc_pid_path(path, pid, "ns/mnt"), "/proc/self/ns/mnt"))
		return NULL;
	return stat(proc_pid_path(path, pid, "root"), &status) == 0 ? path : NULL;
}

uint64_t proc_auxiliary(int pid, uint64_t type)
{
	char path[PROC_PATH_SIZE];
	Elf64_auxv_t vector[64];
	size_t size = proc_read(proc_pid_path(path, pid, "auxv"), (char *)vector, sizeof(vector));

	for (size_t i = 0; i < size / sizeof(*vector); i++)
		if (vector[i].a_type == type)
			return vector[i].a_un.a_val;
	return 0;
}
