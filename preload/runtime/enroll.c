// SPDX-License-Identifier: MIT
/*
 * See enroll.h. The roster is opened through /proc, which needs nobody's help. Where that fails
 * (another root, another user, another PID namespace) a helper process asks `fdtrail run` for it by
 * a socket: a process apart, because a seccomp filter that was there before the tracer started may
 * end whoever calls socket(2), and because it takes no descriptor number of the program's.
 */
#include "enroll.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/base/arena.h"
#include "preload/core/base/line.h"
#include "preload/core/base/read_safely.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/libc/real.h"
#include "preload/core/policy/options.h"
#include "runtime.h"

enum {
	HELPER_STACK = 32 * 1024,
	PATIENCE_MS = 1000, /* for an answer of `fdtrail run`, which may be stopped */
	VARIABLES_MOST = 100000,
};

static struct roster_header *roster;
static _Atomic(struct roster_record *)
	own; /* of this process; in a forked child first its parent's */
static char own_token[ROSTER_TOKEN];
static uint64_t pid_namespace;
static char library[64]; /* the last part of our file's name; "": it is not in LD_PRELOAD */

/* The parts of ROSTER_VARIABLE's value. */
struct address {
	char path[64]; /* /proc/PID/fd/FD */
	char name[64]; /* of the socket */
	char token[ROSTER_TOKEN];
};

static bool take_digits(const char **text, struct line *line)
{
	size_t length = strspn(*text, "0123456789");

	line_bytes(line, *text, length);
	*text += length;
	if (!length || **text != '/')
		return false;
	(*text)++;
	return true;
}

static bool parse(const char *value, struct address *address)
{
	struct line path = {.size = sizeof(address->path), .text = address->path};

	line_add(&path, "/proc/");
	if (!take_digits(&value, &path))
		return false;
	line_add(&path, "/fd/");
	if (!take_digits(&value, &path))
		return false;
	size_t length = strcspn(value, "/");
	if (!length || length >= sizeof(address->name) || value[length] != '/' ||
	    strlen(value + length + 1) != ROSTER_TOKEN)
		return false;
	memcpy(address->name, value, length);
	address->name[length] = '\0';
	memcpy(address->token, value + length + 1, ROSTER_TOKEN);
	return true;
}

/* Opens the memory, if it is that: to open a device would have effects. A descriptor, or -1. */
static long open_memory(const char *path)
{
	static const char memory[] = "/memfd:" ROSTER_NAME;
	char link[sizeof(memory)] = "";

	if (RAW(readlinkat, AT_FDCWD, path, link, sizeof(link) - 1) < 0 ||
	    strncmp(link, memory, sizeof(memory) - 1) != 0)
		return -1;
	return RAW(openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
}

static struct roster_header *map_file(long fd, const struct address *address)
{
	struct roster_header *found = fd >= 0 ? roster_map((int)fd, address->token) : NULL;

	if (fd >= 0)
		RAW(close, fd);
	return found;
}

/* Connects to the socket; a descriptor, or a negative errno. */
static long connect_to(const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX}, any = {.sun_family = AF_UNIX};
	size_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
	long fd = RAW(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	memcpy(to.sun_path + 1, name, strlen(name));
	/* Without a path the kernel chooses an abstract name, to which the answer comes: unix(7),
	 * Autobind. */
	long error = RAW(bind, fd, &any, sizeof(any.sun_family));
	if (error == 0)
		error = RAW(connect, fd, &to, length);
	if (error == 0)
		return fd;
	RAW(close, fd);
	return error;
}

/* The roster's descriptor out of the answer; -1: none has come. */
static long receive(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	char byte;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct pollfd answer = {.fd = fd, .events = POLLIN};
	struct timespec patience = {.tv_sec = PATIENCE_MS / 1000};

	if (RAW(ppoll, &answer, 1, &patience, NULL, sizeof(uint64_t)) != 1 ||
	    RAW(recvmsg, fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0 ||
	    message.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    control.header.cmsg_level != SOL_SOCKET || control.header.cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

/* In the helper: our memory, and a descriptor table of its own. */
static int ask(void *data)
{
	const struct address *address = data;
	long fd = connect_to(address->name);

	if (fd >= 0 && RAW(sendto, fd, address->token, ROSTER_TOKEN, MSG_NOSIGNAL | MSG_DONTWAIT,
			   NULL, 0) >= 0)
		roster = map_file(receive((int)fd), address);
	return 0;
}

static void ask_by_socket(struct address *address)
{
	const uint64_t all = UINT64_MAX;
	uint64_t mask;
	char *stack = memory_map(HELPER_STACK);
	int status;

	if (!stack)
		return;
	RAW(rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(all));
	int pid = REAL(clone)(ask, stack + HELPER_STACK, CLONE_VM | CLONE_VFORK, address);
	if (pid > 0)
		RAW(wait4, pid, &status, __WALL, NULL);
	RAW(rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	memory_unmap(stack, HELPER_STACK);
}

/* Copies a text that may lie anywhere, page by page, since what follows its end may not be there.
 * False: it can't be read, or does not fit; to has what does. */
static bool read_text(char *to, size_t size, const char *from)
{
	enum { PAGE = 4096 };

	for (size_t length = 0; length < size;) {
		size_t piece = PAGE - (uintptr_t)(from + length) % PAGE;

		if (piece > size - length)
			piece = size - length;
		to[length] = '\0';
		if (!read_safely(to + length, from + length, piece))
			return false;
		if (memchr(to + length, '\0', piece))
			return true;
		length += piece;
	}
	to[size - 1] = '\0';
	return false;
}

/* Whether the value of LD_PRELOAD has our library. */
static bool lists_us(const char *value)
{
	return strstr(value, library) != NULL;
}

void enroll_start(char **environ)
{
	Dl_info info = {0};
	const char *name = "";

	if (!roster)
		return;
	if (dladdr((const void *)&roster, &info) && info.dli_fname)
		name = info.dli_fname;
	if (strrchr(name, '/'))
		name = strrchr(name, '/') + 1;
	struct line line = {.size = sizeof(library), .text = library};
	line_add(&line, name);
	for (char **variable = environ; *library && variable && *variable; variable++)
		if (strncmp(*variable, "LD_PRELOAD=", strlen("LD_PRELOAD=")) == 0 &&
		    lists_us(*variable))
			return;
	*library = '\0';
}

void enroll_arrive(char **environ)
{
	const char *value = options_roster(environ);
	struct address address;

	if (!value || !parse(value, &address))
		return;
	roster = map_file(open_memory(address.path), &address);
	if (!roster)
		ask_by_socket(&address);
	if (!roster)
		return;
	memcpy(own_token, address.token, ROSTER_TOKEN);
	pid_namespace = roster_pid_namespace();
	roster_arrived(roster, (int)RAW(getpid), (int)RAW(getppid), pid_namespace);
}

void enroll_leave(void)
{
	roster_unmap(roster);
	roster = NULL;
}

void enroll_process(const char *program)
{
	if (!roster)
		return;
	/* A forked child may be the first of a new one. */
	pid_namespace = roster_pid_namespace();
	atomic_store(&own, roster_take(roster, ROSTER_RUNNING, (int)RAW(getpid), 0, pid_namespace,
				       program, NULL, ROSTER_NO_REASON));
}

void enroll_unseen(enum roster_reason reason)
{
	struct roster_record *record = atomic_load(&own);

	if (record)
		record->reason = reason;
}

void enroll_end(int error)
{
	struct roster_record *record = atomic_exchange(&own, NULL);

	if (record)
		roster_ended(record, error);
}

bool enroll_present(void)
{
	return roster != NULL;
}

static int write_text(const struct writer_sink *sink, const void *bytes, size_t size)
{
	(void)sink;
	return roster_write(roster, atomic_load(&own), bytes, size);
}

const struct writer_sink *enroll_sink(int file_error)
{
	static const struct writer_sink sink = {.write = write_text};
	struct roster_record *record = atomic_load(&own);

	if (!record)
		return NULL;
	record->file_error = file_error;
	return &sink;
}

/* Why the environment that a program is given keeps the tracer out of it. ROSTER_NO_REASON also
 * where it can't be read: exec will say so. */
static enum roster_reason look_at_variables(char *const envp[])
{
	static const char preload[] = "LD_PRELOAD=", run[] = ROSTER_VARIABLE "=";
	bool listed = !*library, entered = false;
	char text[1024];
	char *variable;

	for (int i = 0; envp && i < VARIABLES_MOST; i++) {
		if (!read_safely(&variable, &envp[i], sizeof(variable)))
			return ROSTER_NO_REASON;
		if (!variable)
			break;
		if (!read_safely(text, variable, sizeof(run) - 1))
			continue;
		if (memcmp(text, preload, sizeof(preload) - 1) == 0)
			/* One that does not fit is nobody's who clears the environment. */
			listed |= !read_text(text, sizeof(text), variable) || lists_us(text);
		if (memcmp(text, run, sizeof(run) - 1) != 0)
			continue;
		/* Another `fdtrail run` under this one answers for its own program. */
		struct address address;
		if (read_text(text, sizeof(text), variable) &&
		    parse(text + sizeof(run) - 1, &address) &&
		    memcmp(address.token, own_token, ROSTER_TOKEN) != 0)
			return ROSTER_LEFT_OUT;
		entered = true;
	}
	return listed && entered ? ROSTER_NO_REASON : ROSTER_CLEARED;
}

/* Takes a record for a process that is about to execute file. */
static struct enroll_exec take(const char *file, char *const envp[], enum roster_reason reason,
			       int pid, int parent, uint64_t namespace)
{
	struct enroll_exec executing = {0};
	char name[1024] = "";

	if (file)
		read_text(name, sizeof(name), file);
	const char *slash = strrchr(name, '/'), *only = runtime.options.only;
	enum roster_reason other = look_at_variables(envp);
	if (*name && only && !options_match(only, slash ? slash + 1 : name))
		other = ROSTER_LEFT_OUT;
	if (other != ROSTER_NO_REASON)
		reason = other;
	executing.record = roster_take(roster, ROSTER_EXECUTING, pid, parent, namespace,
				       runtime.program, name, reason);
	if (executing.record)
		executing.whose = atomic_load(&executing.record->whose);
	return executing;
}

/* Whether the calling process is the one that `own` is of: a forked child that has made no hooked
 * call yet, and a vfork child, have their parent's in sight. */
static bool is_entered(void)
{
	uint32_t gate = atomic_load(&runtime.wiped->gate);

	return !thread_state.vforks && atomic_load(&own) &&
	       (gate == GATE_OPEN ||
		(gate == GATE_SHARED && RAW(getpid) == atomic_load(&runtime.pid)));
}

struct enroll_exec enroll_before_exec(const char *file, char *const envp[],
				      enum roster_reason reason)
{
	struct enroll_exec executing;

	if (!roster)
		return (struct enroll_exec){0};
	bool entered = is_entered();
	executing = take(file, envp, reason, (int)RAW(getpid), 0,
			 entered ? pid_namespace : roster_pid_namespace());
	/* A process has one record: its own gets the words. */
	if (entered && executing.record) {
		struct roster_record *record = atomic_load(&own);

		record->reason = executing.record->reason;
		memcpy(record->file, executing.record->file, sizeof(record->file));
		roster_free(executing.record, executing.whose);
		executing = (struct enroll_exec){.record = record};
		atomic_store(&record->state, ROSTER_EXECUTING);
	}
	return executing;
}

void enroll_after_exec(struct enroll_exec executing)
{
	if (executing.whose) {
		roster_free(executing.record, executing.whose);
	} else if (executing.record) {
		executing.record->reason = ROSTER_NO_REASON;
		atomic_store(&executing.record->state, ROSTER_RUNNING);
	}
}

struct enroll_exec enroll_before_spawn(const char *file, char *const envp[],
				       enum roster_reason reason)
{
	if (!roster)
		return (struct enroll_exec){0};
	return take(file, envp, reason, 0, (int)RAW(getpid), pid_namespace);
}

void enroll_after_spawn(struct enroll_exec executing, bool started, pid_t child)
{
	if (!started)
		roster_free(executing.record, executing.whose);
	else if (executing.record && child > 0)
		roster_spawned(executing.record, executing.whose, child);
}

struct enroll_exec enroll_before_shell(void)
{
	/* The shell can't be told from another child by its number, so it is entered only when it
	 * is known that the tracer will not be there. */
	if (!roster || look_at_variables(environ) != ROSTER_CLEARED)
		return (struct enroll_exec){0};
	return take("/bin/sh", environ, ROSTER_CLEARED, 0, (int)RAW(getpid), pid_namespace);
}

void enroll_after_shell(struct enroll_exec executing, bool started)
{
	if (!started)
		roster_free(executing.record, executing.whose);
}
