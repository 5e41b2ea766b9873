// SPDX-License-Identifier: MIT
/*
 * The open descriptors of a process.
 */
#pragma once

/* Returns 1 if fd is open in the calling process, 0 if not, -1 if a seccomp filter refuses every
 * call that could tell. Async-signal-safe. */
int descriptor_open(int fd);

/* Calls each(fd, data) for every open descriptor: from /proc/self/fd, or, if that can't be read, by
 * probing every number below 65536. The descriptor that reading takes is left out.
 * Async-signal-safe. */
void descriptors_each(void (*each)(int fd, void *data), void *data);

/* Calls each(number, data) for every number in the folder dir: /proc/PID/fd, or /proc/PID/task,
 * which has threads. Returns 0, or the negative errno that ended the list: -ENOENT if the process
 * has ended. Async-signal-safe. */
int descriptors_in(int dir, void (*each)(int fd, void *data), void *data);
