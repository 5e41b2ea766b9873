// SPDX-License-Identifier: MIT
/*
 * Tells which limit a call met that failed with EMFILE or ENFILE: there are several, and a program
 * whose table has room is helped by another one than RLIMIT_NOFILE. Async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <sys/resource.h>

#include "census.h"
#include "describe.h"

/* Whether EMFILE of the call with this name may come from another limit than RLIMIT_NOFILE. */
bool shortage_has_own_limit(const char *call);

/* Gets RLIMIT_NOFILE of the process. rlim_max is 0 if only the other one is known. */
bool shortage_table_limit(const struct snapshot_request *request, struct rlimit *limit);

/* Writes the header's line "limit reached", if the request is about a call that failed. */
void shortage_put(const struct describe *describe, const struct census *census);
