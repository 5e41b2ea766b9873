// SPDX-License-Identifier: MIT
/*
 * Between message.c and syscall.c.
 */
#pragma once

#include <sys/socket.h>

/* Records the descriptors that arrived with message, or with the first count of messages, for the
 * function whose hook has this frame address. */
void received_message(struct msghdr *message, const void *frame);
void received_messages(struct mmsghdr *messages, int count, const void *frame);
