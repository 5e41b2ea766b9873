// SPDX-License-Identifier: MIT
/*
 * Descriptors that a message brings (unix(7), SCM_RIGHTS). recvmsg.c defines these functions;
 * syscall.c uses them, too.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/* Calls each(fd, is_pidfd, data) for each descriptor that arrived with message. */
void received_each(struct msghdr *message, void (*each)(int fd, bool is_pidfd, void *data),
		   void *data);

/* Records the descriptors that arrived with message, or with the first count of messages, for the
 * function whose hook has this frame address. */
void received_message(struct msghdr *message, const void *frame);
void received_messages(struct mmsghdr *messages, int count, const void *frame);
