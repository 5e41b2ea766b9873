// SPDX-License-Identifier: MIT
/* The processor's instructions at the entry of functions: preload/languages/take_over.c. */
#pragma once

#if defined(__x86_64__)
#include "x86_64/entry_code.h"
#else
#error "entry_code.h is missing for this processor"
#endif
