// SPDX-License-Identifier: MIT
/* See describe.h. The grammar of the line is in README.md, "Descriptors". */
#include "describe.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include "preload/core/base/raw_syscall.h"
#include "escape_text.h"
#include "socket_state.h"
#include "anon_inode.h"
#include "children.h"
#include "opened_kind.h"

static bool begins(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, size_t length, const char *with)
{
	size_t size = strlen(with);

	return length >= size && memcmp(text + length - size, with, size) == 0;
}

/* The process whose table the descriptor is in. */
static int holder(const struct descriptor *descriptor, int pid)
{
	return descriptor->outside ? pid : PROC_SELF;
}

static enum kind kind_of_file(struct descriptor *descriptor, int pid)
{
	char link[PATH_MAX];
	long found = proc_fd_link(holder(descriptor, pid), descriptor->fd, link, sizeof(link));
	size_t length = found < 0 ? 0 : (size_t)found;

	if (found < 0 || descriptor->entry.kind == FD_MQUEUE || descriptor->entry.kind == FD_SHM) {
		enum kind hint = opened_kind(descriptor->entry.kind);
		bool is_file = (descriptor->stat.mode & S_IFMT) == S_IFREG;
		descriptor->any_kind = found < 0 && hint == KIND_OTHER && !is_file;
		return hint == KIND_OTHER && is_file ? KIND_FILE : hint;
	}
	if (link[0] != '/' && !begins(link, length, "(unreachable)"))
		return kind_of_link(link, length);
	if (begins(link, length, "/memfd:") || begins(link, length, "/secretmem"))
		return KIND_MEMFD;
	if (begins(link, length, "/dmabuf:"))
		return KIND_DMABUF;
	if (begins(link, length, "/dev/shm/"))
		return KIND_SHM;
	return KIND_FILE;
}

/* Linux, Documentation/admin-guide/devices.txt: virtual and serial terminals, /dev/tty, pseudo
 * terminals, USB and hypervisor consoles. */
static bool is_terminal(uint32_t device_major)
{
	return device_major == 4 || device_major == 5 ||
	       (device_major >= 128 && device_major <= 143) || device_major == 166 ||
	       device_major == 188 || device_major == 204 || device_major == 229;
}

void describe_inspect(struct descriptor *descriptor, int pid)
{
	descriptor->idle_ms = IDLE_UNKNOWN;
	if (!descriptor->outside && descriptor->entry.kind == FD_SOCKET &&
	    socket_inspect_tcp(descriptor))
		return;
	if (descriptor->outside)
		descriptor->stat = descriptor->outside->stat;
	else
		proc_stat_fd(descriptor->fd, &descriptor->stat);
	switch (descriptor->stat.mode & S_IFMT) {
	case S_IFSOCK:
		socket_inspect(descriptor);
		break;
	case S_IFIFO:
		descriptor->kind = KIND_PIPE;
		break;
	case S_IFDIR:
		descriptor->kind = KIND_DIRECTORY;
		break;
	case S_IFBLK:
		descriptor->kind = KIND_DEVICE;
		break;
	case S_IFCHR:
		descriptor->kind =
			is_terminal(descriptor->stat.rdev_major) ? KIND_TERMINAL : KIND_DEVICE;
		break;
	default:
		descriptor->kind = kind_of_file(descriptor, pid);
	}
}

static void put_item(const struct describe *describe, const char *what, uint64_t value)
{
	put_string(describe->writer, what);
	put_unsigned(describe->writer, value);
}

/* Writes why there is no name, and the file's inode number: `find -inum` finds a file by it, and
 * both ends of a pipe have the same. */
static void put_no_name(const struct describe *describe, const struct descriptor *descriptor,
			long error)
{
	struct writer *writer = describe->writer;

	put_string(writer, "unknown, name can't be read: ");
	switch (error) {
	case -EACCES:
	case -EPERM:
		put_string(writer, "permission denied");
		break;
	case -ENOENT:
		put_string(writer, descriptor->outside ? "closed meanwhile" : "no /proc here");
		break;
	case -ENAMETOOLONG:
		put_string(writer, "too long");
		break;
	default:
		put_string(writer, "error ");
		put_unsigned(writer, (uint64_t)-error);
	}
	if (!(descriptor->stat.mode & S_IFMT)) /* all anonymous inodes are the same one */
		return;
	put_item(describe, ", inode ", descriptor->stat.inode);
	put_item(describe, " of device ", descriptor->stat.dev_major);
	put_item(describe, ":", descriptor->stat.dev_minor);
}

/* Writes the path or name of the descriptor's file. The kernel appends " (deleted)" to the path of
 * a file without a name. A file's own name may end like this, too, but such a file still has a
 * link. */
static void put_target(const struct describe *describe, const struct descriptor *descriptor)
{
	char link[PATH_MAX];
	const char *at = link;
	long found = proc_fd_link(holder(descriptor, snapshot_holder(describe->request)),
				  descriptor->fd, link, sizeof(link));

	if (found < 0) {
		put_no_name(describe, descriptor, found);
		return;
	}
	size_t length = (size_t)found;
	bool deleted = descriptor->stat.links == 0 && ends(link, length, " (deleted)");

	if (deleted)
		length -= strlen(" (deleted)");
	if (descriptor->kind == KIND_MEMFD && begins(link, length, "/memfd:")) {
		at += strlen("/memfd:");
		length -= strlen("/memfd:");
		deleted = false; /* a memfd never had a name in the file system */
	}
	put_word(describe->writer, at, length);
	if (deleted)
		put_string(describe->writer, ", deleted");
}

static void put_access(const struct describe *describe, long flags)
{
	if (flags < 0)
		return;
	if (flags & O_PATH)
		put_string(describe->writer, ", path only");
	else if ((flags & O_ACCMODE) == O_RDONLY)
		put_string(describe->writer, ", read");
	else if ((flags & O_ACCMODE) == O_WRONLY)
		put_string(describe->writer, ", write");
	else
		put_string(describe->writer, ", read-write");
}

static void take_position(const char *line, size_t length, void *data)
{
	proc_field(line, length, "pos:", 10, data);
}

/* The position is read from fdinfo, because lseek(2) waits while another thread reads through the
 * same open file description. */
static void describe_file(const struct describe *describe, const struct descriptor *descriptor,
			  long flags)
{
	char path[PROC_PATH_SIZE];
	uint64_t position = 0;

	put_target(describe, descriptor);
	put_access(describe, flags);
	proc_fdinfo_path(path, holder(descriptor, snapshot_holder(describe->request)),
			 descriptor->fd);
	if (!(flags & O_PATH) &&
	    proc_each_line(path, 4096, take_position, &position) != PROC_UNREADABLE)
		put_item(describe, ", position ", position);
	put_item(describe, ", size ", descriptor->stat.size);
}

static void describe_pipe(const struct describe *describe, const struct descriptor *descriptor,
			  long flags)
{
	struct pollfd end = {.fd = descriptor->fd, .events = POLLIN | POLLOUT};
	struct timespec at_once = {0};
	int unread = 0;

	put_target(describe, descriptor);
	if (flags < 0)
		return;
	if ((flags & O_ACCMODE) == O_RDONLY)
		put_string(describe->writer, ", read end");
	else if ((flags & O_ACCMODE) == O_WRONLY)
		put_string(describe->writer, ", write end");
	else
		put_string(describe->writer, ", both ends");
	if (flags & O_PATH || descriptor->outside)
		return;
	if (RAW(ioctl, descriptor->fd, FIONREAD, &unread) == 0 && unread > 0) {
		put_item(describe, ", unread ", (uint64_t)unread);
		put_string(describe->writer, " B");
	}
	if (RAW(ppoll, &end, 1, &at_once, NULL, 0) != 1)
		return;
	if (end.revents & POLLHUP)
		put_string(describe->writer, ", no writer left");
	if (end.revents & POLLERR)
		put_string(describe->writer, ", no reader left");
}

static void describe_device(const struct describe *describe, const struct descriptor *descriptor,
			    long flags)
{
	unsigned int number = 0;

	put_target(describe, descriptor);
	put_access(describe, flags);
	if (descriptor->kind == KIND_DEVICE) {
		bool is_block = (descriptor->stat.mode & S_IFMT) == S_IFBLK;
		put_item(describe, is_block ? ", block " : ", char ", descriptor->stat.rdev_major);
		put_item(describe, ":", descriptor->stat.rdev_minor);
	} else if (!descriptor->outside && descriptor->stat.rdev_major == 5 &&
		   descriptor->stat.rdev_minor == 2 &&
		   RAW(ioctl, descriptor->fd, TIOCGPTN, &number) == 0) {
		put_item(describe, ", master of /dev/pts/", number);
	}
}

/* Writes how the descriptor was opened, and which call has to close it. */
static void put_history(const struct describe *describe, const struct descriptor *descriptor)
{
	static const char *const owners[] = {
		[FD_OWNER_FILE] = ", a FILE stream: fclose() closes it",
		[FD_OWNER_DIR] = ", a DIR stream: closedir() closes it",
		[FD_OWNER_POPEN] = ", a popen stream: pclose() closes it",
	};
	const struct ledger_entry *entry = &descriptor->entry;
	/* An inherited descriptor has a history only if the parent opened it: the parent may have
	 * been started with it. */
	bool known = descriptor->class == DESCRIPTOR_OPENED ||
		     (descriptor->class == DESCRIPTOR_INHERITED && entry->before_fork &&
		      entry->origin != FD_INHERITED);

	if (!known)
		return;
	put_string(describe->writer, ", age ");
	put_duration(describe->writer, descriptor->age_ms);
	if (entry->origin == FD_DUPLICATED) {
		if (entry->dup_of != LEDGER_NO_FD)
			put_item(describe, ", dup of ", entry->dup_of);
		else
			put_string(describe->writer, ", dup");
		if (descriptor->original != ORIGINAL_UNKNOWN)
			put_string(describe->writer, descriptor->original == ORIGINAL_OPEN
							     ? ", original open"
							     : ", original closed");
	} else if (entry->origin == FD_RECEIVED) {
		put_string(describe->writer, ", received over a socket");
	}
	if (entry->owner != FD_OWNER_NONE && entry->owner <= FD_OWNER_POPEN)
		put_string(describe->writer, owners[entry->owner]);
	if (entry->thread) {
		put_string(describe->writer, ", ");
		if (descriptor->class == DESCRIPTOR_OPENED)
			thread_names_put(describe->threads, describe->writer, entry->thread);
		else /* a thread of the process that this one was forked from */
			put_item(describe, "thread ", entry->thread);
	}
	uint32_t mark = mark_table_of(describe->request->ledger, descriptor->fd,
				      descriptor->times_recorded);
	if (descriptor->class == DESCRIPTOR_OPENED && mark != LEDGER_MARK_NONE)
		put_item(describe, ", mark ", mark);
}

/* The names of the other kinds add nothing to the kind: "anon_inode:[eventpoll]". */
static bool has_target(enum kind kind)
{
	return kind <= KIND_PIPE || kind == KIND_MEMFD || kind == KIND_SHM || kind == KIND_MQUEUE ||
	       kind == KIND_KVM || kind == KIND_DMABUF || kind == KIND_NAMESPACE ||
	       kind == KIND_OTHER;
}

/* The answer of F_GETFL; negative: not known. */
static long status_flags(const struct descriptor *descriptor)
{
	const struct snapshot_outside *outside = descriptor->outside;

	return outside ? outside->flags : RAW(fcntl, descriptor->fd, F_GETFL, 0);
}

static void put_what(const struct describe *describe, const struct descriptor *descriptor)
{
	switch (descriptor->kind) {
	case KIND_TCP:
	case KIND_UDP:
	case KIND_UNIX:
	case KIND_NETLINK:
	case KIND_SOCKET:
		socket_describe(describe, descriptor);
		break;
	case KIND_FILE:
	case KIND_MEMFD:
	case KIND_SHM:
		describe_file(describe, descriptor, status_flags(descriptor));
		break;
	case KIND_PIPE:
		describe_pipe(describe, descriptor, status_flags(descriptor));
		break;
	case KIND_DEVICE:
	case KIND_TERMINAL:
		describe_device(describe, descriptor, status_flags(descriptor));
		break;
	default:
		put_target(describe, descriptor);
	}
}

void describe_put(const struct describe *describe, const struct descriptor *descriptor)
{
	put_item(describe, "    ", (uint64_t)descriptor->fd);
	put_char(describe->writer, ' ');
	put_string(describe->writer, kind_name(descriptor->kind));
	if (has_target(descriptor->kind)) {
		put_char(describe->writer, ' ');
		put_what(describe, descriptor);
	} else {
		anon_inode_describe(describe->writer, descriptor,
				    holder(descriptor, snapshot_holder(describe->request)));
	}
	put_history(describe, descriptor);
	if (descriptor->class != DESCRIPTOR_INHERITED)
		children_put(describe->children, describe->writer, descriptor,
			     holder(descriptor, snapshot_holder(describe->request)));
	if (descriptor->fd_flags >= 0 && !(descriptor->fd_flags & FD_CLOEXEC) &&
	    descriptor->class != DESCRIPTOR_INHERITED)
		put_string(describe->writer, ", no close-on-exec");
	put_char(describe->writer, '\n');
}
