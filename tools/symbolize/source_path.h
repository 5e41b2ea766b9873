// SPDX-License-Identifier: MIT
/*
 * Makes a source file's path from DWARF readable: joins it to the folder that the compiler ran in
 * and removes "." and "..". Works on the text only; the file need not exist.
 */
#pragma once

enum { SOURCE_PATH_MAX = 4096 };

/* Writes the path of file into path, which has SOURCE_PATH_MAX bytes, and returns it. file is
 * relative to folder (which may be NULL) unless it begins with a slash. If the result does not fit,
 * returns file. */
const char *source_path(char *path, const char *folder, const char *file);
