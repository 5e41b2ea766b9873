// SPDX-License-Identifier: MIT
/*
 * The way out: the whole text in memory, then write(2). Regular files get few large writes;
 * anything that can block (a pipe, a terminal, a socket) is polled before each small one and given
 * up when it takes nothing for a while, because the thread that asked stands still until the
 * snapshot is written. A text for which there is no memory, or of more than 16 MiB, is written in
 * pieces while it is made. It never blocks for good, never raises SIGPIPE on a socket and never
 * leaves a flag changed on a description that the program shares. escape_text.h formats into it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the text goes instead of a descriptor. */
struct writer_sink {
	/* All of it: 0, or an errno. */
	int (*write)(const struct writer_sink *sink, const void *bytes, size_t size);
};

enum writer_way {
	WRITER_WHOLE,  /* a regular file, or a device that takes all: write large pieces */
	WRITER_POLLED, /* may block: poll, then write what there is room for */
	WRITER_SOCKET, /* the same with sendto, which can be told not to block */
	WRITER_SINK,   /* to a sink */
};

struct writer {
	int fd;
	const struct writer_sink *sink;
	int own; /* our own non-blocking description of the same pipe or terminal, or -1 */
	enum writer_way way;
	int error;      /* errno of the first failure; nothing is written after it */
	bool in_pieces; /* the beginning of the text is written and no longer in the buffer */
	/* Where a text goes that is whole in memory and could not be written because of error, an
	 * errno. NULL, or its answer NULL: nowhere. */
	const struct writer_sink *(*instead)(int error);
	int patience_ms; /* how long a full pipe is waited for; writer_open sets 5000 */
	char *buffer;
	size_t size, used;
	char spare[512]; /* the buffer when there is no memory */
};

/* Prepares to write to fd, which stays open and the caller's; or to sink, when that is not NULL. */
void writer_open(struct writer *writer, int fd, const struct writer_sink *sink);

/* Adds size bytes. After an error it does nothing. */
void writer_put(struct writer *writer, const void *bytes, size_t size);

/* Whether all that was put is in the buffer, and nothing of it is written yet. */
bool writer_is_whole(const struct writer *writer);

/* Writes what is left and gives back the memory. True when everything was written. */
bool writer_close(struct writer *writer);
