// SPDX-License-Identifier: MIT
/*
 * Finds the file of a module that a snapshot names: the file that ran, and no other. Used in the
 * child process that reads it (worker.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* A module as the snapshot describes it, and the folders to search. */
struct module_wanted {
	const char *path;
	const char *root;     /* the folder to look for path in first; or NULL */
	const char *build_id; /* lower-case hexadecimal, or NULL */
	const char *was;      /* the snapshot's remark on its file ("its file can't be opened");
			       * or NULL */
	/* For modules without a build-id: */
	bool same_host;                /* the snapshot was taken on this machine */
	double taken;                  /* time of the snapshot, in seconds since 1970; 0: not
				        * known */
	const char *const *debug_dirs; /* absolute paths, NULL-terminated */
};

enum { MODULE_TROUBLE_SIZE = 512 };

/* Opens the module's file; if that is gone or was rebuilt, its separate debug file. Returns 0, or a
 * negative errno and in trouble why no file can be used ("its file was rebuilt since"). The strings
 * in file live as long as file. */
int module_file_open(struct module_file *file, const struct module_wanted *wanted,
		     char trouble[MODULE_TROUBLE_SIZE]);
void module_file_close(struct module_file *file);

/* module_file_downloading is set while a download may be in progress. A signal handler ends it by
 * setting module_file_cancel, so that no partial file is left. */
extern volatile int module_file_downloading, module_file_cancel;

/* Called several times while a file is being downloaded; or NULL. */
extern void (*module_file_download_progress)(const char *path);
