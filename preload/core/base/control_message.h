// SPDX-License-Identifier: MIT
/*
 * The parser for the control data of recvmsg(2): finds the descriptors that a message has brought
 * over a Unix socket (cmsg(3), SCM_RIGHTS in unix(7)).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04 /* Linux 6.5: include/linux/socket.h */
#endif

/* Calls each(fd, is_pidfd, data) for each descriptor in the size bytes of control data, which may
 * be NULL. Every length in the data is checked against size. Async-signal-safe if each is. */
static inline void control_message_each(const void *control, size_t size,
					void (*each)(int fd, bool is_pidfd, void *data), void *data)
{
	const char *bytes = control;
	struct cmsghdr part;

	for (size_t at = 0; control && at + sizeof(part) <= size; at += CMSG_ALIGN(part.cmsg_len)) {
		memcpy(&part, bytes + at, sizeof(part));
		if (part.cmsg_len < sizeof(part) || part.cmsg_len > size - at)
			break;
		bool rights = part.cmsg_type == SCM_RIGHTS;
		if (part.cmsg_level != SOL_SOCKET || (!rights && part.cmsg_type != SCM_PIDFD))
			continue;
		size_t count = (part.cmsg_len - sizeof(part)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, bytes + at + sizeof(part) + i * sizeof(fd), sizeof(fd));
			each(fd, !rights, data);
		}
	}
}
