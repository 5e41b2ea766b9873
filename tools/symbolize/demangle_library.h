// SPDX-License-Identifier: MIT
/*
 * Demangles C++ names that libiberty can't read, because the compiler is newer or is clang, with
 * the demanglers of the installed C++ libraries. These have no limits of their own, so only a
 * process that may crash calls them (worker_child.c).
 */
#pragma once

/* Writes the name, without a return type, into text, which has DEMANGLE_TEXT_MAX bytes. Returns
 * text, or mangled itself if no library can read it. */
const char *demangle_by_library(const char *mangled, char *text);
