// SPDX-License-Identifier: MIT
/* What `fdtrail run` itself has to tell: one line a message, so that it stands out from what the
 * program writes on the same stderr. */
#pragma once

/* Writes "fdtrail run: <message>" and a newline to stderr, in one write. Control bytes, which names
 * may hold, become '?'. Too much is cut. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
