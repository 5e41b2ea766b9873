// SPDX-License-Identifier: MIT
/* The halves of a hook around a request of ioctl(2) that makes a descriptor: for ioctl, syscall. */
#pragma once

#include "preload/libc/ioctl_fds.h"
#include "hook.h"

/* To be called before the real call; arg: the call's third argument. awaited: room in the frame of
 * the hook. frame: that frame's address. */
void ioctl_begins(const struct ioctl_fd *made, const void *arg, struct awaited *awaited,
		  const void *frame);
/* To be called after the real call has returned result: records the descriptor. Returns result,
 * keeps errno. */
int ioctl_ends(int result, const struct ioctl_fd *made, const void *arg, const void *frame);
