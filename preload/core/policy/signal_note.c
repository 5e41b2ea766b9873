// SPDX-License-Identifier: MIT
/* See signal_note.h. */
#include "signal_note.h"

extern uint32_t published_signal __attribute__((visibility("hidden")));
uint32_t published_signal __attribute__((used));

/* elf(5), "Notes". The distance is known when the library is linked, so that it needs no
 * relocation. */
__asm__(".pushsection .note.fdtrail, \"a\", %note\n"
	".balign 4\n"
	".long 8, 4, 1\n"
	".asciz \"" PUBLISHED_OWNER "\"\n"
	".long published_signal - .\n"
	".popsection\n");

void published_set_signal(int signal)
{
	published_signal = PUBLISHED_MARK | (uint32_t)signal;
}
