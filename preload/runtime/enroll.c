// SPDX-License-Identifier: MIT
/*
 * See enroll.h. The roster is opened through /proc. If that fails (another root, another user,
 * another PID namespace), a helper process asks `fdtrail run` for its descriptor by a socket. It is
 * a process of its own because a seccomp filter from before the tracer's start may kill the process
 * that calls socket(2), and because it then takes no descriptor number from the program.
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
#include "preload/core/base/base_name.h"
#include "preload/core/base/first_version.h"
#include "preload/core/base/line.h"
#include "preload/core/base/read_safely.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/libc/real.h"
#include "preload/core/policy/options.h"
#include "runtime.h"

FIRST_VERSION(dladdr);

enum {
	HELPER_STACK = 32 * 1024,
	PATIENCE_MS = 1000, /* to wait for an answer: `fdtrail run` may be stopped */
	VARIABLES_MOST = 100000,
};

static struct roster_header *roster;
/* This process' record. In a forked child it is the parent's until enroll_process. */
static _Atomic(struct roster_record *) own;
static char own_token[ROSTER_TOKEN];
static uint64_t pid_namespace;
static char library[64]; /* the base name of our file; "": LD_PRELOAD doesn't list it */

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

/* Opens path if it is the roster's memory: opening a device instead would have side effects.
 * Returns a descriptor, or a negative number. */
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

/* Connects to the abstract socket. Returns a descriptor, or a negative errno. */
static long connect_to(const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX}, any = {.sun_family = AF_UNIX};
	size_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
	long fd = RAW(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	memcpy(to.sun_path + 1, name, strlen(name));
	/* Without a path the kernel gives our socket an abstract name, which the answer is sent to:
	 * unix(7), "Autobind feature". */
	long error = RAW(bind, fd, &any, sizeof(any.sun_family));
	if (error == 0)
		error = RAW(connect, fd, &to, length);
	if (error == 0)
		return fd;
	RAW(close, fd);
	return error;
}

/* Waits for the answer. Returns the roster's descriptor out of it, or -1. */
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

/* Runs in the helper process, which shares our memory and has its own descriptor table. */
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

/* Copies a text from any address. False: it can't be read, or doesn't fit; then to has the part
 * that could be read and fits. */
static bool read_text(char *to, size_t size, const char *from)
{
	long length = read_text_safely(to, size, from);

	return length >= 0 && length < (long)size;
}

/* True if this value of LD_PRELOAD lists our library. */
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
	struct line line = {.size = sizeof(library), .text = library};
	line_add(&line, base_name(name));
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
	/* A forked child may be the first process of a new PID namespace. */
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

/* Why the tracer won't start in a program with the environment envp. ROSTER_NO_REASON also if envp
 * can't be read, because exec will fail. */
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
			/* A value that doesn't fit counts as one that lists us: a program that
			 * clears the environment doesn't set such a long one. */
			listed |= !read_text(text, sizeof(text), variable) || lists_us(text);
		if (memcmp(text, run, sizeof(run) - 1) != 0)
			continue;
		/* Another `fdtrail run` under this one reports its own program. */
		struct address address;
		if (read_text(text, sizeof(text), variable) &&
		    parse(text + sizeof(run) - 1, &address) &&
		    memcmp(address.token, own_token, ROSTER_TOKEN) != 0)
			return ROSTER_LEFT_OUT;
		entered = true;
	}
	return listed && entered ? ROSTER_NO_REASON : ROSTER_CLEARED;
}

/* Takes a record for a process that is about to execute file. pid 0: the process doesn't exist yet,
 * and parent will start it. */
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

/* True if `own` is the calling process' record. In a forked child that has made no hooked call yet,
 * and in a vfork child, it is the parent's. */
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
	/* A process has only one record, so its own one gets file and reason. */
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
	/* The shell's process id is never known here, so it gets a record only if the tracer surely
	 * won't start in it. */
	if (!roster || look_at_variables(environ) != ROSTER_CLEARED)
		return (struct enroll_exec){0};
	return take("/bin/sh", environ, ROSTER_CLEARED, 0, (int)RAW(getpid), pid_namespace);
}

void enroll_after_shell(struct enroll_exec executing, bool started)
{
	if (!started)
		roster_free(executing.record, executing.whose);
}
