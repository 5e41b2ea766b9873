// SPDX-License-Identifier: MIT
/*
 * Counts how often V8 may have moved objects or freed them, in any of the process' heaps: a counter
 * in front of each collection. While the count is the same, an object's address stands for the same
 * object, if it was alive before. V8 collects a heap only in the thread that runs its code, or
 * while that thread waits.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

/* 0: V8 isn't counted. */
extern _Atomic uint64_t v8_moves;

/* Begins to count, if the function that begins a collection is found. For start() of struct
 * interpreter only. */
void v8_moves_start(void);
