// SPDX-License-Identifier: MIT
/*
 * UTF-8 from outside, a character at a time: what is valid, and what must not reach a terminal as
 * it is. The snapshot's words and the command's outputs go by the same two answers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the UTF-8 character at bytes, and the character; 0 when what is there is not valid
 * UTF-8 (RFC 3629: no surrogates, no overlong forms). Takes size > 0. Async-signal-safe. */
size_t utf8_decode(const uint8_t *bytes, size_t size, uint32_t *character);

/* Whether a character is invisible: a control character, or one that has no width or turns the
 * direction of writing, and could make a text look like what it is not. Async-signal-safe. */
bool utf8_is_invisible(uint32_t character);
