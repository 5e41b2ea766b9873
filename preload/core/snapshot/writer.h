// SPDX-License-Identifier: MIT
/*
 * Writes the text: first all of it into memory, then with write(2). Regular files get few large
 * writes. Outputs that can block (a pipe, a terminal, a socket) are polled before each small write.
 * The writer gives up if they take nothing for a while, because the thread that requested the
 * snapshot stands still until it is written. A text of more than 16 MiB, or without memory for it,
 * is written in pieces while it is made. The writer never blocks for ever, never raises SIGPIPE on
 * a socket, and never changes a flag of a description that the program shares. escape_text.h
 * formats into it. All functions are async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes the text in place of a descriptor. */
struct writer_sink {
	/* Writes all size bytes. Returns 0, or a positive errno. */
	int (*write)(const struct writer_sink *sink, const void *bytes, size_t size);
};

enum writer_way {
	WRITER_WHOLE,  /* a regular file, or a device that takes all: large writes */
	WRITER_POLLED, /* may block: poll, then write as much as fits */
	WRITER_SOCKET, /* the same with sendto, which has a flag not to block */
	WRITER_SINK,   /* to a sink */
};

struct writer {
	int fd;
	const struct writer_sink *sink;
	int own; /* a second, non-blocking description of the same pipe or terminal; -1: none */
	enum writer_way way;
	int error;      /* errno of the first failure; nothing is written after it */
	bool holds;     /* nothing may be written yet: writer_hold */
	bool in_pieces; /* the first part of the text is written, and no longer in the buffer */
	/* Returns a sink for a text that is whole in memory, but could not be written because of
	 * this errno. It may be NULL or return NULL: no other sink. */
	const struct writer_sink *(*instead)(int error, void *data);
	void *instead_data;
	int patience_ms; /* longest wait for a full pipe; writer_open sets 5000 */
	char *buffer;
	size_t size, used;
	char spare[512]; /* the buffer if there is no memory */
};

/* Prepares to write to fd, which stays open and the caller's; or to sink, if it isn't NULL. */
void writer_open(struct writer *writer, int fd, const struct writer_sink *sink);

/* Writes nothing before writer_close, however long the text is. If there is no memory for it, the
 * writer has the error ENOMEM, and nothing is ever written. */
void writer_hold(struct writer *writer);

/* A text that was taken out of a writer. */
struct writer_text {
	char *bytes;
	size_t used, size; /* of the text, and of its memory */
};

/* Takes the text that is held, so that the writer is empty again. False: there was an error, now or
 * before. The caller frees the memory by memory_unmap. */
bool writer_take(struct writer *writer, struct writer_text *text);

/* Adds size bytes. After an error it does nothing. */
void writer_put(struct writer *writer, const void *bytes, size_t size);

/* Whether the buffer holds everything that was added, and nothing is written yet. */
bool writer_is_whole(const struct writer *writer);

/* Writes the rest and frees the memory. True if everything was written. */
bool writer_close(struct writer *writer);
