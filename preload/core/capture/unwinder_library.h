// SPDX-License-Identifier: MIT
/*
 * Loads libunwind, but keeps its symbols out of the program's global scope, where its _Unwind_*
 * would take over every C++ throw.
 */
#pragma once

#define UNWINDER_LIBRARY_STRING_(x) #x
#define UNWINDER_LIBRARY_STRING(x)  UNWINDER_LIBRARY_STRING_(x)
/* UNW_TARGET comes from <libunwind.h>. */
#define UNWINDER_LIBRARY "libunwind-" UNWINDER_LIBRARY_STRING(UNW_TARGET) ".so.8"

/* The system's libunwind; or, if there is none, that in folder, with what it needs. An unpacked
 * archive of fdtrail has it there, for machines without it. Returns a handle of dlopen's, or NULL.
 * Only where dlopen may be called. */
void *unwinder_library_open(const char *folder);
