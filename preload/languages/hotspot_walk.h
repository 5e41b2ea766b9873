// SPDX-License-Identifier: MIT
/*
 * Walks the Java frames of the calling thread. Reads memory only, so it is as safe in a signal
 * handler as anywhere. It is right while the thread is in native code, because HotSpot has then
 * stored where its Java frames begin, and keeps them walkable for its garbage collectors.
 */
#pragma once

#include "preload/core/capture/interpreter.h"
#include "hotspot.h"

/* Whether pc lies in the virtual machine's code cache. */
bool hotspot_owns(const struct hotspot *vm, uintptr_t pc);

/* Fills frames with the Java frames of thread, a JavaThread that is the calling one, innermost
 * first. An inlined function has no frame of its own here: hotspot_name names it. Returns how many,
 * at most room. hotspot_find_heaps must have found the heaps. Async-signal-safe. */
int hotspot_walk(const struct hotspot *vm, uintptr_t thread, struct language_frame *frames,
		 int room);
