// SPDX-License-Identifier: MIT
/* Messages of `fdtrail run` itself. Each is one line, so that it stands out from the program's
 * output on the same stderr. */
#pragma once

/* Writes "fdtrail run: <message>" and a newline to stderr, in one write(2). Control bytes, which
 * names may hold, become '?'. A message that is too long is cut. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
