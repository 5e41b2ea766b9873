// SPDX-License-Identifier: MIT
/*
 * The place at which a program leaves a snapshot's text for `fdtrail snapshot` if it can't open the
 * file of the request (preload/core/base/channel.h): it has no /proc in its root, or the command
 * runs in another PID namespace. The command reads it from the program's memory, as only a process
 * can that may ptrace(2) the program. An ELF note of libfdtrail.so gives the place of the box.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "signal_note.h"

/* The note's type; its owner is SIGNAL_NOTE_OWNER. It holds the distance to the box, as the
 * signal's note does to its word. */
enum { ANSWER_NOTE_TYPE = 3 };

/* Goes up when the box changes, because command and library may be of different versions. */
enum { ANSWER_VERSION = 1 };

/* In the library's data. */
struct answer_box {
	uint32_t version;
	_Atomic uint32_t
		token;       /* of the request that text answers, as a whole; 0: none, or the text
				 * is being written */
	uint64_t text, size; /* the text's address and size in bytes. It stays until the next
				 * request of this kind. */
};
