// SPDX-License-Identifier: MIT
/* The kind of a descriptor as the call that opened it tells it: from the ledger to the snapshot. */
#pragma once

#include <stdbool.h>

#include "preload/core/ledger/ledger.h"
#include "kind.h"

/* The kind that such a call makes; KIND_OTHER where it can't be told. Async-signal-safe. */
enum kind opened_kind(enum fd_kind opened);

/* Whether such a call makes no other kind: then a descriptor that is of another one was opened by a
 * later call. (open(2) makes files, devices, FIFOs, ...) Async-signal-safe. */
bool opened_kind_is_exact(enum fd_kind opened);
