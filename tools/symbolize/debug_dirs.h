// SPDX-License-Identifier: MIT
/*
 * Searches the folders and files of --debug-dir for a module's debug information: any ELF file in
 * one of the folders, or named itself, that has the module's build-id. It may be the program before
 * strip(1), or its debug file under any name. (module_file.c searches .build-id/ in the folders.)
 */
#pragma once

/* Why path can't be a --debug-dir, as in "No such file or directory"; NULL if it can. */
const char *debug_dirs_trouble(const char *path);

/* DEBUG_DIRS_LINES: only a file that has symbols or lines. */
enum debug_dirs_for { DEBUG_DIRS_ANY, DEBUG_DIRS_LINES };

/* Opens the file that has this build-id; a file with the module's own name is tried first. build_id
 * may be NULL: no file has it then. dirs ends with NULL, and may be NULL itself. Returns a
 * descriptor, and in *path its path, which the caller frees; or -1. */
int debug_dirs_find(const char *const *dirs, const char *module, const char *build_id,
		    enum debug_dirs_for what, char **path);
