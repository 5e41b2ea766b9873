// SPDX-License-Identifier: MIT
/* See signal_note.h. */
#include "signal_note.h"

extern uint32_t signal_note_word __attribute__((visibility("hidden")));
uint32_t signal_note_word __attribute__((used));

/* elf(5), "Notes". The distance is known when the library is linked, so it needs no relocation. */
__asm__(".pushsection .note.fdtrail, \"a\", %note\n"
	".balign 4\n"
	".long 8, 4, 1\n"
	".asciz \"" SIGNAL_NOTE_OWNER "\"\n"
	".long signal_note_word - .\n"
	".popsection\n");

void signal_note_set(int signal)
{
	signal_note_word = SIGNAL_NOTE_MARK | (uint32_t)signal;
}
