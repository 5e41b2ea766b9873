// SPDX-License-Identifier: MIT
/* Finds out whether the tracer is loaded in a process, and which signal it takes snapshots on, from
 * a note in its library (preload/core/policy/signal_note.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/policy/answer_box.h"
#include "preload/core/policy/attach_door.h"

/* The signal's number, or 0: no signal triggers a snapshot; or a negative errno: -ENODATA there is
 * no valid note, or its memory can't be read. */
int loaded_tracer_signal(int pid);

/* Finds our note of this type among size bytes of ELF notes. Sets *target to the place that it
 * refers to, as an offset from notes. False: it isn't there. */
bool tracer_note_find(const uint8_t *notes, size_t size, uint32_t type, int64_t *target);

/* Reads the door of the library in process pid, and sets *place to its address there. 0, or a
 * negative errno: -ENOENT the library isn't loaded, or has no door that can be read. */
int loaded_tracer_door(int pid, struct attach_door *door, uintptr_t *place);

/* Sets *place to the address of the box in which the library in process pid leaves answers. 0, or a
 * negative errno: -ENOENT the library isn't loaded, or has no box of this version that can be
 * read. */
int loaded_tracer_answer(int pid, uintptr_t *place);

/* Whether libfdtrail.so is loaded in process pid, whatever its file's name: 1, 0, or a negative
 * errno. 0 also if it was attached and is detached. If the process' memory can't be read, the
 * file's name decides. */
int loaded_tracer_find(int pid);
