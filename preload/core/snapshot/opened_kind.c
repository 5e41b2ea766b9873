// SPDX-License-Identifier: MIT
/* See opened_kind.h. */
#include "opened_kind.h"

#include <stdint.h>

static const struct {
	uint8_t kind;
	bool exact;
} kinds[FD_KIND_COUNT] = {
	[FD_UNKNOWN] = {KIND_OTHER, false},
	[FD_FILE] = {KIND_FILE, false},
	[FD_SOCKET] = {KIND_SOCKET, false}, /* of any of the socket kinds */
	[FD_PIPE] = {KIND_PIPE, false},
	[FD_EPOLL] = {KIND_EPOLL, true},
	[FD_EVENTFD] = {KIND_EVENTFD, true},
	[FD_TIMERFD] = {KIND_TIMERFD, true},
	[FD_SIGNALFD] = {KIND_SIGNALFD, true},
	[FD_INOTIFY] = {KIND_INOTIFY, true},
	[FD_FANOTIFY] = {KIND_FANOTIFY, true},
	[FD_MEMFD] = {KIND_MEMFD, false},
	[FD_SHM] = {KIND_SHM, false},
	[FD_MQUEUE] = {KIND_MQUEUE, false},
	[FD_PTY] = {KIND_TERMINAL, false},
	[FD_PIDFD] = {KIND_PIDFD, false},
	[FD_USERFAULTFD] = {KIND_USERFAULTFD, false},
	[FD_PERF] = {KIND_PERF, false},
	[FD_IO_URING] = {KIND_IO_URING, true},
	[FD_SECRETMEM] = {KIND_MEMFD, false},
	[FD_MOUNT] = {KIND_OTHER, false},
	[FD_BPF] = {KIND_OTHER, false},
	[FD_KVM] = {KIND_KVM, false},
	[FD_VFIO] = {KIND_VFIO, false},
	[FD_DMABUF] = {KIND_DMABUF, false},
	[FD_SYNC_FILE] = {KIND_SYNC_FILE, false},
	[FD_NAMESPACE] = {KIND_NAMESPACE, false},
	[FD_LANDLOCK] = {KIND_OTHER, false},
};

enum kind opened_kind(enum fd_kind opened)
{
	return (unsigned int)opened < FD_KIND_COUNT ? (enum kind)kinds[opened].kind : KIND_OTHER;
}

bool opened_kind_is_exact(enum fd_kind opened)
{
	return (unsigned int)opened < FD_KIND_COUNT && kinds[opened].exact;
}
