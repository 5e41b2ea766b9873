// SPDX-License-Identifier: MIT
/*
 * FRAME marks a function that is to be found in a stack under its own name, whatever the optimizer
 * would like. Its callers must do something after the call, or it may become their tail.
 */
#pragma once

#if defined(__clang__)
#define FRAME __attribute__((noinline))
#else
#define FRAME __attribute__((noinline, noclone))
#endif
