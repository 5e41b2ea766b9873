// SPDX-License-Identifier: MIT
/*
 * The folders and files of --debug-dir: besides .build-id/ in them, which is looked for elsewhere
 * (module_file.c), any ELF file that lies in one of the folders, or is named itself, and has the
 * module's build-id: a program before strip(1), or its debug file under any name.
 */
#pragma once

/* Why path can't be a --debug-dir: "No such file or directory"; NULL when it can. */
const char *debug_dirs_trouble(const char *path);

/* DEBUG_DIRS_LINES: a file without symbols and lines is of no use. */
enum debug_dirs_for { DEBUG_DIRS_ANY, DEBUG_DIRS_LINES };

/* Opens the file that has this build-id (NULL: none has): that of the module's own name first. dirs
 * ends with NULL, and may be NULL itself. A descriptor, with *path to be freed; or -1. */
int debug_dirs_find(const char *const *dirs, const char *module, const char *build_id,
		    enum debug_dirs_for what, char **path);
