// SPDX-License-Identifier: MIT
/*
 * Descriptors sent over a Unix socket (unix(7), SCM_RIGHTS). Receiving is inlined, because the
 * stack has to show the caller's name.
 */
#pragma once

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

struct letter {
	char byte;
	struct iovec part;
	struct mmsghdr message;
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} rights;
};

static inline __attribute__((always_inline)) void letter_prepare(struct letter *letter)
{
	*letter = (struct letter){.part = {.iov_len = 1}};
	letter->part.iov_base = &letter->byte;
	letter->message.msg_hdr = (struct msghdr){
		.msg_iov = &letter->part,
		.msg_iovlen = 1,
		.msg_control = letter->rights.room,
		.msg_controllen = sizeof(letter->rights.room),
	};
}

/* The descriptor in a letter that has arrived, or -1. */
static inline __attribute__((always_inline)) int letter_open(const struct letter *letter)
{
	int fd = -1;

	if (letter->message.msg_hdr.msg_controllen >= CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(&letter->rights.header), sizeof(fd));
	return fd;
}

static inline __attribute__((always_inline)) int receive(int from)
{
	struct letter letter;

	letter_prepare(&letter);
	return recvmsg(from, &letter.message.msg_hdr, MSG_DONTWAIT) < 0 ? -1 : letter_open(&letter);
}

static inline __attribute__((always_inline)) int receive_many(int from)
{
	struct letter letter;

	letter_prepare(&letter);
	return recvmmsg(from, &letter.message, 1, MSG_DONTWAIT, NULL) != 1 ? -1
									   : letter_open(&letter);
}

/* Sends fd; returns false if that failed. */
static inline bool send_descriptor(int to, int fd)
{
	struct letter letter;

	letter_prepare(&letter);
	letter.rights.header = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(fd)),
	};
	memcpy(CMSG_DATA(&letter.rights.header), &fd, sizeof(fd));
	return sendmsg(to, &letter.message.msg_hdr, MSG_DONTWAIT) == 1;
}
