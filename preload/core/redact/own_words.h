// SPDX-License-Identifier: MIT
/*
 * Words of fdtrail's own in the lines of a snapshot: kinds, states, details. A host, a user or an
 * argument may be called like one, as in `./tool thread`. The word tells nothing then, and if it
 * was replaced in all lines they could not be read back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Async-signal-safe. */
bool own_word(const char *word, size_t length);
