// SPDX-License-Identifier: MIT
/*
 * Where an answer goes: standard output, or a file that appears whole or not at all. It is written
 * under a temporary name in the same folder and renamed, so that whoever reads the old one, or
 * collects *.prom every 15 seconds, never sees half of the new one. Ctrl-C and failures leave
 * nothing behind.
 *
 * A file's mode is the format's: 0600 for what holds addresses, paths and command lines, as the
 * tracer's own files have; 0644 for Prometheus, which is read by another user's node_exporter. A
 * file that is replaced has its mode kept if that is stricter.
 *
 * Only a regular file is replaced. A symbolic link is not followed, and not replaced either:
 * /dev/stdout is one, and who planted one in /tmp wants us to write elsewhere. A device or a FIFO
 * is not a file that could be renamed over.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

struct output;

/* Begins a file at path, or writes to stdout when path is NULL or "-". One file at a time: until it
 * is committed or discarded, SIGINT, SIGTERM, SIGHUP and SIGQUIT remove it before they end the
 * process (or before the caller's own handler runs; a signal that is ignored stays so). NULL on
 * failure, when *reason is what to say behind "can't write PATH: " (static, or until the next
 * call). */
struct output *output_begin(const char *path, mode_t mode, const char **reason);

/* Standard output, with room for a whole answer, so that a program that writes to the same terminal
 * or pipe does not tear it. To be called before anything is written to it. */
FILE *output_stdout(void);

/* The stream to write to. */
FILE *output_file(const struct output *output);

/* Flushes, and gives the file its name. Returns 0 or a negative errno when something could not be
 * written, and then leaves no file; -EPIPE when stdout's reader has gone. Ends output either way.
 */
int output_commit(struct output *output);

/* Ends output without leaving a file. NULL is nothing. */
void output_discard(struct output *output);
