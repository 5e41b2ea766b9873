// SPDX-License-Identifier: MIT
/*
 * Tells the command which signal the tracer in a running program uses. The command can't rely on
 * FDTRAIL_SIGNAL, because programs overwrite their environment (to change their title in ps(1)). So
 * an ELF note of libfdtrail.so gives the place of a word that names the signal.
 */
#pragma once

#include <stdint.h>

/* The note's owner and type. It holds 4 bytes: the distance from them to the word. */
#define SIGNAL_NOTE_OWNER "fdtrail"
enum { SIGNAL_NOTE_TYPE = 1 };

/* The word is this value with the signal's number, which is 0 if no signal requests a snapshot. Any
 * other value: not yet known. */
#define SIGNAL_NOTE_MARK 0xfd7a0000u

/* Sets the word. To be called once, at start. */
void signal_note_set(int signal);
