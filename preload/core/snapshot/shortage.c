// SPDX-License-Identifier: MIT
/* See shortage.h. */
#include "shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "escape_text.h"
#include "process_status.h"

enum {
	USERS_SHOWN = 5,
	LINKS_MAX = 200000, /* descriptors that are looked at, of all processes together */
	LINK_SIZE = 32,
};

/* Calls that fail with EMFILE for a limit of their own. */
static const struct own_limit {
	const char *call;
	const char *name;
	const char *path;    /* the limit's value; NULL: RLIMIT_MSGQUEUE */
	const char *by_user; /* a second limit of the same; the lower one holds (ucounts) */
	const char *link;    /* of the descriptors that count */
} own_limits[] = {
#define INOTIFY                                                                                    \
	"fs.inotify.max_user_instances", "/proc/sys/fs/inotify/max_user_instances",                \
		"/proc/sys/user/max_inotify_instances", "anon_inode:inotify"
#define FANOTIFY                                                                                   \
	"fs.fanotify.max_user_groups", "/proc/sys/fs/fanotify/max_user_groups",                    \
		"/proc/sys/user/max_fanotify_groups", "anon_inode:[fanotify]"
	{"inotify_init", INOTIFY},
	{"inotify_init1", INOTIFY},
	{"fanotify_init", FANOTIFY},
	{"mq_open", "RLIMIT_MSGQUEUE", NULL, NULL, NULL}, /* mq_overview(7) */
	{"__mq_open_2", "RLIMIT_MSGQUEUE", NULL, NULL, NULL},
};

static const struct own_limit *own_limit_of(const char *call)
{
	for (size_t i = 0; i < sizeof(own_limits) / sizeof(*own_limits); i++)
		if (strcmp(own_limits[i].call, call) == 0)
			return &own_limits[i];
	return NULL;
}

bool shortage_has_own_limit(const char *call)
{
	return own_limit_of(call) != NULL;
}

static void take_limit(const char *line, size_t length, void *data)
{
	struct rlimit *limit = data;
	uint64_t value;

	if (proc_field(line, length, "Max open files", 10, &value))
		limit->rlim_cur = value;
}

/* The limit is that of the process itself, because the helper may have raised its own. */
bool shortage_table_limit(const struct snapshot_request *request, struct rlimit *limit)
{
	char path[PROC_PATH_SIZE];

	if (RAW(prlimit64, request->pid, RLIMIT_NOFILE, NULL, limit) == 0)
		return true;
	if (!request->target)
		return RAW(prlimit64, 0, RLIMIT_NOFILE, NULL, limit) == 0;
	*limit = (struct rlimit){0};
	proc_each_line(proc_pid_path(path, request->pid, "limits"), 8192, take_limit, limit);
	return limit->rlim_cur != 0;
}

/* Reads the first number of a file of /proc/sys. */
static bool read_number(const char *path, uint64_t *value)
{
	char text[32];
	size_t length = proc_read(path, text, sizeof(text));

	return proc_field(text, length, "", 10, value);
}

/* The processes of a user, and how many descriptors of one kind they have. */
struct users {
	const struct own_limit *limit;
	uint64_t effective;
	int self; /* not counted: it has a copy of the table */
	int pid;  /* the process that is being counted */
	struct {
		int pid;
		uint64_t count;
	} shown[USERS_SHOWN]; /* the most first */
	uint64_t of_process, others, other_processes, unreadable, links;
};

static void count_link(int fd, void *data)
{
	struct users *users = data;
	char link[LINK_SIZE];
	size_t size = strlen(users->limit->link);

	if (users->links++ >= LINKS_MAX)
		return;
	long length = proc_fd_link(users->pid, fd, link, sizeof(link));
	users->of_process +=
		length >= (long)size && memcmp(link, users->limit->link, size) == 0 ? 1 : 0;
}

static void note_process(struct users *users, int pid)
{
	uint64_t count = users->of_process;

	for (int i = 0; i < USERS_SHOWN && count; i++) {
		uint64_t other = users->shown[i].count;
		int other_pid = users->shown[i].pid;

		if (count <= other)
			continue;
		users->shown[i].count = count;
		users->shown[i].pid = pid;
		count = other;
		pid = other_pid;
	}
	users->others += count;
	users->other_processes += count != 0;
}

static void count_process(int pid, void *data)
{
	struct users *users = data;
	struct process_status status = {.effective = UINT64_MAX};
	char path[PROC_PATH_SIZE];

	if (pid == users->self)
		return;
	process_status_read(pid, &status);
	if (status.effective != users->effective)
		return;
	long folder = RAW(openat, AT_FDCWD, proc_pid_path(path, pid, "fd"),
			  O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (folder < 0) {
		users->unreadable += folder != -ENOENT;
		return;
	}
	users->of_process = 0;
	users->pid = pid;
	descriptors_in((int)folder, count_link, users);
	RAW(close, (int)folder);
	note_process(users, pid);
}

static void put_counts(struct writer *writer, const struct users *users)
{
	const char *between = ": ";

	for (int i = 0; i < USERS_SHOWN && users->shown[i].count; i++) {
		put_string(writer, between);
		put_unsigned(writer, users->shown[i].count);
		put_string(writer, " in process ");
		put_unsigned(writer, (uint64_t)users->shown[i].pid);
		process_put_name(writer, users->shown[i].pid);
		between = ", ";
	}
	if (users->others) {
		put_string(writer, ", ");
		put_unsigned(writer, users->others);
		put_string(writer, " in ");
		put_unsigned(writer, users->other_processes);
		put_string(writer, " more");
	}
	if (users->unreadable) {
		put_string(writer, "; ");
		put_unsigned(writer, users->unreadable);
		put_string(writer, " more of its processes can't be read");
	}
	if (users->links > LINKS_MAX)
		put_string(writer, "; not all of its descriptors were counted");
}

/* Whether we are a helper process with a copy of the program's table, and have our own number in
 * /proc. */
static bool copies_table(const struct describe *describe)
{
	return describe->numbered && RAW(getpid) != describe->request->pid;
}

/* Whether /proc/sys/user shows us the limits that hold for the process: they differ from one user
 * namespace to another (user_namespaces(7)). */
static bool shares_limits(const struct describe *describe)
{
	char path[PROC_PATH_SIZE], own[64], other[64];
	long length = RAW(readlinkat, AT_FDCWD, "/proc/self/ns/user", own, sizeof(own));

	if (!describe->request->target)
		return true;
	proc_pid_path(path, describe->request->pid, "ns/user");
	return length > 0 && RAW(readlinkat, AT_FDCWD, path, other, sizeof(other)) == length &&
	       memcmp(own, other, (size_t)length) == 0;
}

static void put_own_limit(const struct describe *describe, const struct own_limit *limit)
{
	struct writer *writer = describe->writer;
	struct process_status status = {.effective = (uint64_t)RAW(geteuid)};
	struct rlimit queue;
	uint64_t value = UINT64_MAX, other;

	if (describe->numbered)
		process_status_read(describe->request->pid, &status);
	put_string(writer, limit->name);
	if (!limit->path) {
		if (RAW(prlimit64, describe->request->pid, RLIMIT_MSGQUEUE, NULL, &queue) == 0) {
			put_string(writer, " (");
			put_unsigned(writer, queue.rlim_cur);
			put_string(writer, " B)");
		}
	} else if (shares_limits(describe)) {
		read_number(limit->path, &value);
		if (read_number(limit->by_user, &other) && other < value)
			value = other;
		if (value != UINT64_MAX) {
			put_string(writer, " (");
			put_unsigned(writer, value);
			put_char(writer, ')');
		}
	}
	put_string(writer, " of user ");
	put_unsigned(writer, status.effective);
	if (!limit->link)
		return;
	struct users users = {
		.limit = limit,
		.effective = status.effective,
		.self = copies_table(describe) ? (int)RAW(getpid) : -1,
	};
	long proc = RAW(openat, AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (proc < 0)
		return;
	descriptors_in((int)proc, count_process, &users);
	RAW(close, (int)proc);
	put_counts(writer, &users);
}

static void put_table_limit(const struct describe *describe, const struct rlimit *limit)
{
	struct writer *writer = describe->writer;

	put_string(writer, "RLIMIT_NOFILE (");
	put_unsigned(writer, limit->rlim_cur);
	put_string(writer, ") of this process");
	if (limit->rlim_max > limit->rlim_cur) {
		put_string(writer, ", which it may raise to ");
		put_unsigned(writer, limit->rlim_max);
	}
}

/* "1024	0	9223372036854775807": open, 0, the most. proc_sys_fs(5) */
static void put_system_limit(struct writer *writer)
{
	uint64_t open, most;
	bool known = read_number("/proc/sys/fs/file-nr", &open) &&
		     read_number("/proc/sys/fs/file-max", &most);

	/* The kernel's counter is kept by processor, so the number may be some too low. */
	if (!known || open < most - most / 16)
		put_string(writer, "unknown");
	if (!known)
		return;
	if (open < most - most / 16)
		put_string(writer, ": not ");
	put_string(writer, "fs.file-max (");
	put_unsigned(writer, most);
	put_string(writer, ") of the system, which has ");
	put_unsigned(writer, open);
	put_string(writer, " files open");
}

void shortage_put(const struct describe *describe, const struct census *census)
{
	const struct snapshot_request *request = describe->request;
	const struct own_limit *own;
	struct rlimit limit;

	if (!request->failed_call)
		return;
	own = own_limit_of(request->failed_call);
	put_string(describe->writer, "limit reached: ");
	if (request->failed_with == ENFILE)
		put_system_limit(describe->writer);
	else if (!shortage_table_limit(request, &limit))
		put_string(describe->writer, "unknown");
	else if (own && census->open < limit.rlim_cur)
		put_own_limit(describe, own);
	else
		put_table_limit(describe, &limit);
	put_char(describe->writer, '\n');
}
