// SPDX-License-Identifier: MIT
/*
 * Parses IP addresses as inet_pton(3) does, without calling libc: a program may have a function of
 * that name. Async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "10.0.0.1": four decimal numbers without leading zeros. */
bool ipv4_parse(const char *text, size_t length, uint8_t bytes[4]);

/* RFC 4291, section 2.2: "2001:db8::1", "::ffff:10.0.0.1". */
bool ipv6_parse(const char *text, size_t length, uint8_t bytes[16]);
