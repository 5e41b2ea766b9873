// SPDX-License-Identifier: MIT
/*
 * Hooks of fts(3), which walks a tree of folders inside the C library. Without FTS_NOCHDIR,
 * fts_open opens the current folder and keeps it open until fts_close, to come back to it.
 * Descriptors that fts(3) opens for each folder need no hook: it closes them before fts_read
 * returns.
 */
#include "hook.h"

/* The descriptor that a walk with these fields of FTS keeps open, or -1. */
static int number_kept(int options, int fd)
{
	return options & FTS_NOCHDIR ? -1 : fd;
}

static void opened_tree(int fd, const void *frame)
{
	if (fd >= 0)
		runtime_opened(fd, &(struct opening){.kind = FD_FILE}, frame);
}

HOOK FTS *fts_open(char *const *path_argv, int options,
		   int (*compar)(const FTSENT **, const FTSENT **))
{
	FTS *tree = REAL(fts_open)(path_argv, options, compar);

	if (tree)
		opened_tree(number_kept(tree->fts_options, tree->fts_rfd), HERE);
	else
		runtime_failed(__func__);
	return tree;
}

HOOK FTS64 *fts64_open(char *const *path_argv, int options,
		       int (*compar)(const FTSENT64 **, const FTSENT64 **))
{
	FTS64 *tree = REAL(fts64_open)(path_argv, options, compar);

	if (tree)
		opened_tree(number_kept(tree->fts_options, tree->fts_rfd), HERE);
	else
		runtime_failed(__func__);
	return tree;
}

HOOK int fts_close(FTS *ftsp)
{
	int fd = number_kept(ftsp->fts_options, ftsp->fts_rfd);
	struct closing recorded = runtime_closing(fd, HERE);
	int result = REAL(fts_close)(ftsp);

	if (recorded.slot)
		runtime_closed(recorded);
	return result;
}

HOOK int fts64_close(FTS64 *ftsp)
{
	int fd = number_kept(ftsp->fts_options, ftsp->fts_rfd);
	struct closing recorded = runtime_closing(fd, HERE);
	int result = REAL(fts64_close)(ftsp);

	if (recorded.slot)
		runtime_closed(recorded);
	return result;
}
