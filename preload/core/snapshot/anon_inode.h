// SPDX-License-Identifier: MIT
/*
 * Describes descriptors that are neither files nor sockets: epoll, eventfd, timerfd and their like,
 * by what /proc/PID/fdinfo says about them. describe.c calls this for the listed ones only.
 */
#pragma once

#include "descriptor.h"
#include "writer.h"

/* Writes what is known, each piece after ", "; for other kinds nothing. holder: the process whose
 * descriptor table it is in, or PROC_SELF. Async-signal-safe. */
void anon_inode_describe(struct writer *writer, const struct descriptor *descriptor, int holder);
