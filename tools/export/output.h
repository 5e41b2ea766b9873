// SPDX-License-Identifier: MIT
/*
 * The output of a verb: standard output, or a file that appears complete or not at all. It is
 * written under a temporary name in the same folder and renamed, so that a reader of the old file,
 * or a collector of *.prom, never sees half of the new one. Ctrl-C and failures leave no file.
 *
 * A file's mode is the format's: 0600 if it holds addresses, paths and command lines, as the
 * tracer's own files do; 0644 for Prometheus, because another user's node_exporter reads it. If a
 * file is replaced and has a stricter mode, the mode is kept.
 *
 * Only a regular file is replaced. A symbolic link is neither followed nor replaced: /dev/stdout is
 * one, and an attacker may have planted one in /tmp. A device or a FIFO can't be renamed over.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

struct output;

/* Begins a file at path, or writes to stdout if path is NULL or "-". Only one file at a time: until
 * it is committed or discarded, SIGINT, SIGTERM, SIGHUP and SIGQUIT remove it before they end the
 * process (or before the caller's own handler runs). Ignored signals stay ignored. Returns NULL on
 * failure; then *reason completes "can't write PATH: ", and is static or valid until the next
 * call. */
struct output *output_begin(const char *path, mode_t mode, const char **reason);

/* Returns stdout with a large buffer, so that an answer is one write, and output of a program on
 * the same terminal or pipe does not tear it. Call it before anything is written. */
FILE *output_stdout(void);

/* The stream to write to. */
FILE *output_file(const struct output *output);

/* Flushes, and gives the file its name. Returns 0, or a negative errno if something could not be
 * written (-EPIPE if stdout's reader has gone); then no file is left. Frees output either way. */
int output_commit(struct output *output);

/* Frees output without leaving a file. Does nothing for NULL. */
void output_discard(struct output *output);
