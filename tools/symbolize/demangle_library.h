// SPDX-License-Identifier: MIT
/*
 * C++ names that libiberty can't read, because a compiler is newer than it, or because it is clang:
 * by the demanglers of the C++ libraries that are installed. These have no limits of their own, so
 * only a process that may die asks them (worker_child.c).
 */
#pragma once

/* Writes the name as demangle() does, without a return type and with a zero byte, into text, which
 * has DEMANGLE_TEXT_MAX bytes; returns text, or mangled itself when no library reads it. */
const char *demangle_by_library(const char *mangled, char *text);
