// SPDX-License-Identifier: MIT
/* Decides whether a process can be attached to, before anything of it is touched. */
#pragma once

#include <stdint.h>

#include "tools/process/process.h"
#include "libc_symbols.h"

/* Examines the process for an order of this enum attach_wish. 0, and symbols are those of its C
 * library, and enter is the address of the loaded library's function, or 0 if it isn't loaded. Or a
 * negative errno (-ESTALE: it may be possible in a moment, because a program is just being started
 * in the process), and text, of ATTACH_TEXT bytes, says in one line why not and what to do. The
 * caller finishes symbols in both cases. */
int attach_target_check(const struct process *process, uint32_t wish, struct libc_symbols *symbols,
			uint64_t *enter, char *text);

/* Says in text that we may not trace the process, and what to do. */
void attach_target_no_rights(const struct process *process, char *text);
