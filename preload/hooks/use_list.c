// SPDX-License-Identifier: MIT
/* The list of wrappers, for runtime/redirect.c. */
#include "use_wrapper.h"

const struct use_function use_functions[] = {
#define USED(function)             {#function, &use_real.function, (const void *)use_##function},
#define USED_LIKE(function, other) USED(function)
#include "preload/libc/use_names.h"
#undef USED
#undef USED_LIKE
};

const size_t use_function_count = sizeof(use_functions) / sizeof(*use_functions);
