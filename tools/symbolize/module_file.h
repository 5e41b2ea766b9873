// SPDX-License-Identifier: MIT
/*
 * Finds the file of a module that a snapshot names: the one that ran, and no other. Used in the
 * child process that reads it (worker.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* What a snapshot says of a module, and where to look. */
struct module_wanted {
	const char *path;
	const char *build_id; /* lower-case hexadecimal, or NULL */
	const char *was;      /* what the snapshot said was wrong with its file; or NULL */
	/* For modules without a build-id: */
	bool same_host;                /* the snapshot was taken on this machine */
	double taken;                  /* when, in seconds since 1970; 0: not known */
	const char *const *debug_dirs; /* absolute paths, NULL-terminated */
};

enum { MODULE_TROUBLE_SIZE = 512 };

/* Opens the module's file, or its separate debug file where that one is gone or has been rebuilt.
 * Returns 0, or a negative errno with trouble filled in: why there is no file to use ("its file was
 * rebuilt since"). File's strings live as long as it. */
int module_file_open(struct module_file *file, const struct module_wanted *wanted,
		     char trouble[MODULE_TROUBLE_SIZE]);
void module_file_close(struct module_file *file);

/* Set while a download may be under way: it is then to be ended by setting module_file_cancel, so
 * that nothing half of it is left. */
extern volatile int module_file_downloading, module_file_cancel;

/* Called now and then while a file is being downloaded; or NULL. */
extern void (*module_file_download_progress)(const char *path);
