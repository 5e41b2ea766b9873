// SPDX-License-Identifier: MIT
/*
 * Hooks of the functions that receive descriptors over a Unix socket (unix(7), SCM_RIGHTS). The
 * kernel puts these into the descriptor table before the call returns, with MSG_PEEK, too.
 */
#include "preload/libc/received_fds.h"

#include <string.h>

#include "hook.h"
#include "preload/runtime/misuse.h"
#include "preload/runtime/use.h"

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04 /* Linux 6.5: include/linux/socket.h */
#endif

void received_each(struct msghdr *message, void (*each)(int fd, bool is_pidfd, void *data),
		   void *data)
{
	if (!message->msg_controllen)
		return;
	const char *end = (const char *)message->msg_control + message->msg_controllen;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		bool rights = part->cmsg_type == SCM_RIGHTS;

		if (part->cmsg_len > (size_t)(end - (const char *)part))
			break;
		if (part->cmsg_level != SOL_SOCKET || (!rights && part->cmsg_type != SCM_PIDFD) ||
		    part->cmsg_len < CMSG_LEN(0))
			continue;
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
			each(fd, !rights, data);
		}
	}
}

struct receiving {
	const void *frame;
	int count;
};

static void record(int fd, bool is_pidfd, void *data)
{
	struct receiving *receiving = data;

	runtime_opened_one(
		fd,
		&(struct opening){.kind = is_pidfd ? FD_PIDFD : FD_UNKNOWN, .origin = FD_RECEIVED},
		receiving->frame);
	receiving->count++;
}

void received_message(struct msghdr *message, const void *frame)
{
	struct receiving receiving = {.frame = frame};
	struct awaited received = {AWAITED_MESSAGE, message};

	hook_fills(&received);
	received_each(message, record, &receiving);
	hook_ends();
	runtime_watch_all(receiving.count);
}

void received_messages(struct mmsghdr *messages, int count, const void *frame)
{
	for (int i = 0; i < count; i++)
		received_message(&messages[i].msg_hdr, frame);
}

static void failed(int sockfd, const char *name, const void *frame)
{
	hook_ends();
	misuse_use_failed(sockfd, name, frame);
}

HOOK ssize_t recvmsg(int sockfd, struct msghdr *msg, int flags)
{
	struct awaited message = {AWAITED_MESSAGE, msg};

	note_use(sockfd, HERE);
	hook_fills(&message);
	ssize_t result = REAL(recvmsg)(sockfd, msg, flags);

	if (result >= 0)
		received_message(msg, HERE);
	else
		failed(sockfd, __func__, HERE);
	return result;
}

HOOK int recvmmsg(int sockfd, struct mmsghdr *msgvec, unsigned int vlen, int flags,
		  struct timespec *timeout)
{
	note_use(sockfd, HERE);
	int result = REAL(recvmmsg)(sockfd, msgvec, vlen, flags, timeout);

	received_messages(msgvec, result, HERE);
	if (result < 0)
		misuse_use_failed(sockfd, __func__, HERE);
	return result;
}
