// SPDX-License-Identifier: MIT
/* Finds out whether the tracer is loaded in a process, and which signal it takes snapshots on, from
 * a note in its library (preload/core/policy/signal_note.h). */
#pragma once

/* The signal's number, or 0: no signal triggers a snapshot; or a negative errno: -ENODATA there is
 * no valid note, or its memory can't be read. */
int loaded_tracer_signal(int pid);

/* Whether libfdtrail.so is loaded in process pid, whatever its file's name: 1, 0, or a negative
 * errno. If the process' memory can't be read, the file's name decides. */
int loaded_tracer_find(int pid);
