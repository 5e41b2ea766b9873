// SPDX-License-Identifier: MIT
/*
 * What the command can read of the tracer in a running program: programs overwrite their
 * environment (to change their title in ps(1)), and FDTRAIL_SIGNAL with it. An ELF note of
 * libfdtrail.so says where a word lies that names the signal.
 */
#pragma once

#include <stdint.h>

/* The note: its owner, its type, and what it holds: 4 bytes, the distance from them to the word. */
#define SIGNAL_NOTE_OWNER "fdtrail"
enum { SIGNAL_NOTE_TYPE = 1 };

/* The word: this, and the signal's number; 0: none asks. Another value: not yet known. */
#define SIGNAL_NOTE_MARK 0xfd7a0000u

/* Sets the word. For the start. */
void signal_note_set(int signal);
