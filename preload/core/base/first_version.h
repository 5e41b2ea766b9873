// SPDX-License-Identifier: MIT
/*
 * Functions that glibc 2.34 moved from libdl and libpthread into libc got a new version there, so a
 * library that is linked with 2.34 or later would need it. FIRST_VERSION(function) asks for the
 * version that every glibc has. The functions are the same. Before 2.34 libdl has them, which
 * meson.build names for that reason. A test program with AddressSanitizer takes the function's name
 * as it is: libasan defines some of them, and binutils 2.35 makes a program of both that the loader
 * refuses.
 */
#pragma once

#include "preload/arch/machine.h"
#include "sanitizer.h"

#if ADDRESS_SANITIZER
#define FIRST_VERSION(function) _Static_assert(sizeof(&(function)), "a function")
#else
#define FIRST_VERSION(function) __asm__(".symver " #function ", " #function "@" MACHINE_FIRST_GLIBC)
#endif
