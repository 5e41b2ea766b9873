// SPDX-License-Identifier: MIT
/* Whether the tracer is in a process, and the signal that it goes by, as it says itself
 * (preload/runtime/signal_note.h).
 */
#pragma once

/* The signal's number, 0 when none asks; or a negative errno: -ENODATA it does not say, or what
 * reading its memory failed with. */
int loaded_tracer_signal(int pid);

/* Whether libfdtrail.so is loaded in process pid, whatever its file is called: 1, 0, or a negative
 * errno. Where the process' memory can't be read, the name alone tells. */
int loaded_tracer_find(int pid);
