// SPDX-License-Identifier: MIT
/*
 * UTF-8 from outside, one character at a time: which bytes are valid, and which characters must not
 * reach a terminal. The snapshot's text and the command's output use the same two functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the length in bytes of the UTF-8 character at bytes, and stores the character; 0 if the
 * bytes aren't valid UTF-8 (RFC 3629: no surrogates, no overlong forms). size must be > 0.
 * Async-signal-safe. */
size_t utf8_decode(const uint8_t *bytes, size_t size, uint32_t *character);

/* Whether a character is invisible: a control character, or one that has no width or turns the
 * direction of writing, and could make a text look like what it is not. Async-signal-safe. */
bool utf8_is_invisible(uint32_t character);
