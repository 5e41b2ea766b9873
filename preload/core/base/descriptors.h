// SPDX-License-Identifier: MIT
/*
 * The numbers that are open in a process.
 */
#pragma once

/* Whether fd is open in the calling process: 1, 0, or -1 where a seccomp filter refuses every call
 * that tells. Async-signal-safe. */
int descriptor_open(int fd);

/* Calls each(fd, data) for every open descriptor: from /proc/self/fd, or where that can't be read
 * by asking for every number below 65536. The descriptor that reading takes is left out.
 * Async-signal-safe. */
void descriptors_each(void (*each)(int fd, void *data), void *data);

/* The same for the process whose /proc/PID/fd is open as dir, every number; or for /proc/PID/task,
 * which has threads. Returns 0, or the negative errno that ended the list: -ENOENT when the process
 * has. */
int descriptors_in(int dir, void (*each)(int fd, void *data), void *data);
