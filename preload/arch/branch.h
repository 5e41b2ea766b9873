// SPDX-License-Identifier: MIT
/* The processor's calls and jumps, as code of the program has them. */
#pragma once

#if defined(__x86_64__)
#include "x86_64/branch.h"
#else
#error "branch.h is missing for this processor"
#endif
