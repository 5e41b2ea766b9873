// SPDX-License-Identifier: MIT
/*
 * FRAME marks a function that must appear in stacks under its own name, whatever the optimizer
 * does. Its callers must do something after the call, or the call may become a jump.
 */
#pragma once

#if defined(__clang__)
#define FRAME __attribute__((noinline))
#else
#define FRAME __attribute__((noinline, noclone))
#endif
