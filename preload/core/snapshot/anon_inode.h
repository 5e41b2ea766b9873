// SPDX-License-Identifier: MIT
/*
 * Descriptors that are no file and no socket: epoll, eventfd, timerfd and their kin, as far as
 * /proc/self/fdinfo tells what they hold. Called by describe.c for the listed ones only.
 */
#pragma once

#include "descriptor.h"
#include "writer.h"

/* Puts what is known, each piece behind ", ". Kinds that it does not know get nothing. holder: the
 * process whose table it is in, or PROC_SELF. */
void anon_inode_describe(struct writer *writer, const struct descriptor *descriptor, int holder);
