// SPDX-License-Identifier: MIT
/* See anon_inode.h. The fields are those of proc(5), "/proc/pid/fdinfo". */
#include "anon_inode.h"

#include <string.h>

#include "proc.h"
#include "escape_text.h"

/* An epoll instance that watches thousands has a long fdinfo; this is enough for some 30,000. */
enum { FDINFO_LIMIT = 4 * 1024 * 1024 };

struct fdinfo {
	uint64_t watches, marks, direct;
	uint64_t count, mask, pid, clock, ticks, seconds, nanoseconds;
	bool in_files; /* of io_uring: the lines are about its direct descriptors */
	bool has_count, has_mask, has_pid, has_value, ended;
};

static bool begins(const char *line, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

/* "it_value: (12, 345678901)" */
static bool parse_time(const char *line, size_t length, uint64_t *seconds, uint64_t *nanoseconds)
{
	const char *comma = memchr(line, ',', length);

	return comma && proc_field(line, length, "it_value: (", 10, seconds) &&
	       proc_field(comma, length - (size_t)(comma - line), ",", 10, nanoseconds);
}

/* "UserFiles:	64", then "    0: /some/file" for each direct descriptor. Older kernels list free
 * places, too, as <none>. */
static bool take_direct(const char *line, size_t length, struct fdinfo *info)
{
	static const char none[] = "<none>";
	uint64_t index;

	if (begins(line, length, "UserFiles:")) {
		info->in_files = true;
		return true;
	}
	if (!info->in_files || !begins(line, length, " ") ||
	    !proc_field(line, length, " ", 10, &index)) {
		info->in_files = false;
		return false;
	}
	info->direct += length < strlen(none) ||
			memcmp(line + length - strlen(none), none, strlen(none)) != 0;
	return true;
}

static void take_line(const char *line, size_t length, void *data)
{
	struct fdinfo *info = data;
	uint64_t value;

	if (take_direct(line, length, info))
		return;
	if (begins(line, length, "tfd:") || begins(line, length, "inotify wd:"))
		info->watches++;
	else if (begins(line, length, "fanotify ino:") ||
		 begins(line, length, "fanotify mnt_id:") || begins(line, length, "fanotify sdev:"))
		info->marks++;
	else if (proc_field(line, length, "eventfd-count:", 16, &info->count))
		info->has_count = true;
	else if (proc_field(line, length, "sigmask:", 16, &info->mask))
		info->has_mask = true;
	else if (begins(line, length, "Pid:")) {
		info->has_pid = proc_field(line, length, "Pid:", 10, &info->pid);
		info->ended = !info->has_pid; /* "Pid:	-1" */
	} else if (proc_field(line, length, "clockid:", 10, &value))
		info->clock = value;
	else if (proc_field(line, length, "ticks:", 10, &value))
		info->ticks = value;
	else if (begins(line, length, "it_value:"))
		info->has_value = parse_time(line, length, &info->seconds, &info->nanoseconds);
}

static void put_item(struct writer *writer, const char *what, uint64_t value)
{
	put_string(writer, what);
	put_unsigned(writer, value);
}

static void put_signals(struct writer *writer, uint64_t mask)
{
	put_string(writer, ", signals");
	for (unsigned int signal = 1; signal <= 64; signal++)
		if (mask >> (signal - 1) & 1)
			put_item(writer, " ", signal);
}

static void put_timer(struct writer *writer, const struct fdinfo *info)
{
	put_item(writer, ", clock ", info->clock);
	if (info->ticks)
		put_item(writer, ", unread expirations ", info->ticks);
	if (!info->seconds && !info->nanoseconds) {
		put_string(writer, ", disarmed");
	} else {
		put_string(writer, ", expires in ");
		put_duration(writer, info->seconds * 1000 + info->nanoseconds / 1000000);
	}
}

void anon_inode_describe(struct writer *writer, const struct descriptor *descriptor, int holder)
{
	char path[PROC_PATH_SIZE];
	struct fdinfo info = {0};
	enum proc_reading reading;

	switch (descriptor->kind) {
	case KIND_EPOLL:
	case KIND_EVENTFD:
	case KIND_TIMERFD:
	case KIND_SIGNALFD:
	case KIND_INOTIFY:
	case KIND_FANOTIFY:
	case KIND_PIDFD:
	case KIND_IO_URING:
		break;
	default:
		return;
	}
	reading = proc_each_line(proc_fdinfo_path(path, holder, descriptor->fd), FDINFO_LIMIT,
				 take_line, &info);
	if (reading == PROC_UNREADABLE)
		return;

	switch (descriptor->kind) {
	case KIND_EPOLL:
	case KIND_INOTIFY:
		put_item(writer, reading == PROC_WHOLE ? ", watches " : ", watches more than ",
			 info.watches);
		break;
	case KIND_FANOTIFY:
		put_item(writer, reading == PROC_WHOLE ? ", marks " : ", marks more than ",
			 info.marks);
		break;
	case KIND_IO_URING:
		if (info.direct)
			put_item(writer,
				 reading == PROC_WHOLE ? ", direct descriptors "
						       : ", direct descriptors more than ",
				 info.direct);
		break;
	case KIND_EVENTFD:
		if (info.has_count)
			put_item(writer, ", count ", info.count);
		break;
	case KIND_TIMERFD:
		if (info.has_value)
			put_timer(writer, &info);
		break;
	case KIND_SIGNALFD:
		if (info.has_mask)
			put_signals(writer, info.mask);
		break;
	case KIND_PIDFD:
		if (info.has_pid)
			put_item(writer, ", process ", info.pid);
		else if (info.ended)
			put_string(writer, ", process ended");
		break;
	default:
		break;
	}
}
