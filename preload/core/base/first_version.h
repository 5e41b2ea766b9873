// SPDX-License-Identifier: MIT
/*
 * Functions that glibc 2.34 moved from libdl and libpthread into libc got a new version there, so a
 * library that is linked with 2.34 or later would need it. FIRST_VERSION(function) asks for the
 * version that every glibc has. The functions are the same. Before 2.34 libdl has them, which
 * meson.build names for that reason.
 */
#pragma once

#include "preload/arch/machine.h"

#define FIRST_VERSION(function) __asm__(".symver " #function ", " #function "@" MACHINE_FIRST_GLIBC)
