// SPDX-License-Identifier: MIT
/*
 * The path of a source file as the compiler left it, made readable: joined to the folder that the
 * compiler ran in, without "." and "..". A text: the file need not be there.
 */
#pragma once

enum { SOURCE_PATH_MAX = 4096 };

/* Writes the path of file, relative to folder (or NULL) unless it begins with a slash, into path,
 * which has SOURCE_PATH_MAX bytes. What does not fit comes back as it is: file. */
const char *source_path(char *path, const char *folder, const char *file);
