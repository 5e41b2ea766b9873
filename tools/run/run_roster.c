// SPDX-License-Identifier: MIT
/* See run_roster.h. */
#include "run_roster.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "preload/core/base/boottime.h"
#include "preload/core/base/write_signals.h"
#include "tools/process/proc_facts.h"
#include "tools/process/process.h"
#include "launch.h"

enum {
	ANSWERS_AT_ONCE = 64, /* because the program's signals wait in the meantime */
	CLOCK_SLACK_MS = 50,  /* the kernel counts a process' start in ticks of 10 ms */
};

/* Sets the size of the memory. A limit on the size of files (ulimit -f) holds for memory files,
 * too, so the soft limit is lifted for this call. 0 or a negative errno. */
static int set_size(int fd)
{
	struct rlimit limit = {0}, lifted;
	struct write_signals held;
	int error = 0;

	getrlimit(RLIMIT_FSIZE, &limit);
	lifted = (struct rlimit){limit.rlim_max, limit.rlim_max};
	setrlimit(RLIMIT_FSIZE, &lifted);
	write_signals_hold(&held);
	if (ftruncate(fd, (off_t)ROSTER_SIZE) != 0)
		error = -errno;
	write_signals_release(&held);
	setrlimit(RLIMIT_FSIZE, &limit);
	return error;
}

static int make_memory(struct run_roster *roster)
{
	roster->memory =
		launch_move_high(memfd_create(ROSTER_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING));
	if (roster->memory < 0)
		return -errno;
	int error = set_size(roster->memory);
	if (error)
		return error;
	/* Seal it, because shrinking it would take away pages that we and others have mapped. */
	if (fcntl(roster->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return -errno;
	void *memory =
		mmap(NULL, ROSTER_FIXED, PROT_READ | PROT_WRITE, MAP_SHARED, roster->memory, 0);
	if (memory == MAP_FAILED)
		return -errno;
	roster->header = memory;
	return 0;
}

/* Makes an abstract socket, because the program may have another root folder. 0 or a negative
 * errno. */
static int make_socket(struct run_roster *roster, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);

	memcpy(address.sun_path + 1, name, length);
	roster->socket =
		launch_move_high(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (roster->socket < 0)
		return -errno;
	return bind(roster->socket, (const void *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) != 0
		       ? -errno
		       : 0;
}

int run_roster_create(struct run_roster *roster)
{
	uint64_t random[3];
	char name[48];
	int error;

	*roster = (struct run_roster){.memory = -1, .socket = -1};
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	error = make_memory(roster);
	snprintf(name, sizeof(name), "fdtrail-run.%016" PRIx64, random[0]);
	if (!error)
		error = make_socket(roster, name);
	if (error) {
		run_roster_destroy(roster);
		return error;
	}
	snprintf(roster->value, sizeof(roster->value), "%d/%d/%s/%016" PRIx64 "%016" PRIx64,
		 (int)getpid(), roster->memory, name, random[1], random[2]);
	memcpy(roster->header->token, strrchr(roster->value, '/') + 1, ROSTER_TOKEN);
	atomic_store(&roster->header->next_text, ROSTER_FIXED);
	memcpy(roster->header->magic, ROSTER_MAGIC, sizeof(roster->header->magic));
	return 0;
}

/* Sends the memory's descriptor to this address. Errors are the receiver's business. */
static void send_memory(const struct run_roster *roster, const struct sockaddr_un *to,
			socklen_t length)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	char byte = 0;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_name = (void *)to,
		.msg_namelen = length,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &roster->memory, sizeof(int));
	sendmsg(roster->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void run_roster_answer(struct run_roster *roster)
{
	struct sockaddr_un from;
	char token[ROSTER_TOKEN];

	for (int i = 0; i < ANSWERS_AT_ONCE && roster->socket >= 0; i++) {
		socklen_t length = sizeof(from);
		ssize_t size = recvfrom(roster->socket, token, sizeof(token),
					MSG_TRUNC | MSG_DONTWAIT, (void *)&from, &length);

		if (size < 0)
			return;
		/* Any process on this machine may send something. */
		if (size == ROSTER_TOKEN && memcmp(token, roster->header->token, ROSTER_TOKEN) == 0)
			send_memory(roster, &from, length);
	}
}

void run_roster_close_socket(struct run_roster *roster)
{
	if (roster->socket >= 0)
		close(roster->socket);
	roster->socket = -1;
}

void run_roster_destroy(struct run_roster *roster)
{
	run_roster_close_socket(roster);
	if (roster->header)
		munmap(roster->header, ROSTER_FIXED);
	if (roster->memory >= 0)
		close(roster->memory);
	*roster = (struct run_roster){.memory = -1, .socket = -1};
}

char *run_roster_text(const struct run_roster *roster, const struct roster_record *record,
		      size_t *length)
{
	uint64_t at = atomic_load(&record->first), after = ROSTER_FIXED;
	struct {
		uint64_t next, length;
	} piece;
	char *text = malloc(1);
	size_t total = 0;

	while (text && at >= after && at <= ROSTER_SIZE - sizeof(piece)) {
		if (pread(roster->memory, &piece, sizeof(piece), (off_t)at) != sizeof(piece) ||
		    piece.length > ROSTER_SIZE - sizeof(piece) - at)
			break;
		char *more = realloc(text, total + piece.length + 1);
		if (!more) {
			free(text);
			return NULL;
		}
		text = more;
		if (pread(roster->memory, text + total, piece.length,
			  (off_t)(at + sizeof(piece))) != (ssize_t)piece.length)
			break;
		total += piece.length;
		after = at + sizeof(piece);
		at = piece.next;
	}
	*length = total;
	return text;
}

static bool is_it(int pid, const struct roster_record *record)
{
	struct process process;

	return process_read(&process, pid) == 0 && !process_has_ended(&process) &&
	       process_started_boottime_ms(&process) <= record->since_ms + CLOCK_SLACK_MS;
}

uint64_t run_roster_age_ms(const struct roster_record *record)
{
	return boottime_ms() - record->since_ms;
}

bool run_roster_lives(const struct roster_record *record)
{
	int pid = roster_pid(record);
	bool found = false;

	if (pid <= 0)
		return false;
	if (record->pid_namespace == 0 || record->pid_namespace == roster_pid_namespace())
		return is_it(pid, record);
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	while (dir && !found && (entry = readdir(dir)))
		found = isdigit((unsigned char)*entry->d_name) &&
			proc_own_number(atoi(entry->d_name)) == pid &&
			is_it(atoi(entry->d_name), record);
	if (dir)
		closedir(dir);
	return found;
}
