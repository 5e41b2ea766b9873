// SPDX-License-Identifier: MIT
/*
 * Hooks of the functions that open and close descriptors inside the C library, past the hooks of
 * open and close: streams, directory streams, popen's pipes. Such a descriptor belongs to a FILE or
 * a DIR, and only fclose, pclose or closedir should close it. So the ledger notes the owner.
 */
#include "hook.h"

#include "preload/runtime/enroll.h"
#include "preload/runtime/misuse.h"
#include "preload/core/policy/stderr_lines.h"

/* The descriptor of stream; -1 for a memory stream, which has none, and for NULL. Keeps errno. */
static int number_of(FILE *stream)
{
	int saved = errno, fd = stream ? fileno(stream) : -1;

	errno = saved;
	return fd;
}

static FILE *opened_stream(FILE *stream, enum fd_kind kind, enum fd_owner owner, const char *name,
			   const void *frame)
{
	int fd;

	if (!stream)
		runtime_failed(name);
	else if ((fd = number_of(stream)) >= 0)
		runtime_opened(fd, &(struct opening){.kind = kind, .owner = owner}, frame);
	else
		hook_ends();
	return stream;
}

#define OPENED_STREAM(stream)                                                                      \
	(hook_begins(HERE), opened_stream(stream, FD_FILE, FD_OWNER_FILE, __func__, HERE))

HOOK FILE *fopen(const char *pathname, const char *mode)
{
	return OPENED_STREAM(REAL(fopen)(pathname, mode));
}

HOOK FILE *fopen64(const char *pathname, const char *mode)
{
	return OPENED_STREAM(REAL(fopen64)(pathname, mode));
}

HOOK __typeof__(fopen) _IO_fopen;
FILE *_IO_fopen(const char *pathname, const char *mode)
{
	return OPENED_STREAM(REAL(_IO_fopen)(pathname, mode));
}

HOOK FILE *tmpfile(void)
{
	return OPENED_STREAM(REAL(tmpfile)());
}

HOOK FILE *tmpfile64(void)
{
	return OPENED_STREAM(REAL(tmpfile64)());
}

HOOK FILE *setmntent(const char *filename, const char *type)
{
	return OPENED_STREAM(REAL(setmntent)(filename, type));
}

HOOK_ALIAS(__setmntent, setmntent);

/* freopen closes the stream's descriptor and opens another, mostly with the same number. If it
 * fails, the old one may be closed or not: runtime_still_open asks the kernel. */
static FILE *reopen(FILE *(*function)(const char *, const char *, FILE *), const char *pathname,
		    const char *mode, FILE *stream, const char *name, const void *frame)
{
	int before = number_of(stream);
	struct closing recorded = runtime_closing(before, frame);

	hook_begins(frame);
	FILE *result = function(pathname, mode, stream);

	if (recorded.slot && !result)
		runtime_still_open(before, recorded);
	else if (recorded.slot)
		runtime_closed(recorded);
	if (runtime_on())
		slot_forget_close(&runtime.ledger, before); /* it is reopened on purpose */
	opened_stream(result, FD_FILE, FD_OWNER_FILE, name, frame);
	if (result && number_of(result) == STDERR_FILENO)
		message_note_stderr();
	return result;
}

HOOK FILE *freopen(const char *pathname, const char *mode, FILE *stream)
{
	return reopen(REAL(freopen), pathname, mode, stream, __func__, HERE);
}

HOOK FILE *freopen64(const char *pathname, const char *mode, FILE *stream)
{
	return reopen(REAL(freopen64), pathname, mode, stream, __func__, HERE);
}

/* fdopen opens no descriptor, but from now on only fclose should close fd. */
static FILE *owned(FILE *stream, int fd, const char *name, const void *frame)
{
	if (!stream)
		misuse_use_failed(fd, name, frame);
	else if (runtime_on())
		ledger_set_owner(&runtime.ledger, fd, FD_OWNER_FILE);
	return stream;
}

HOOK FILE *fdopen(int fd, const char *mode)
{
	return owned(REAL(fdopen)(fd, mode), fd, __func__, HERE);
}

HOOK_ALIAS(_IO_fdopen, fdopen);

static FILE *opened_command(FILE *stream, const char *name, const void *frame)
{
	return opened_stream(stream, FD_PIPE, FD_OWNER_POPEN, name, frame);
}

HOOK FILE *popen(const char *command, const char *type)
{
	struct enroll_exec executing = enroll_before_shell();

	hook_begins(HERE);
	FILE *stream = REAL(popen)(command, type);

	enroll_after_shell(executing, stream != NULL);
	return opened_command(stream, __func__, HERE);
}

HOOK_ALIAS(_IO_popen, popen);

/* A stream's close may fail while its descriptor is closed: the flush before has failed. */
static void closed_number(struct closing recorded, bool failed, const char *name, const void *frame)
{
	if (recorded.slot)
		runtime_closed(recorded);
	else if (failed)
		misuse_close_failed(recorded.fd, &recorded, name, frame);
}

/* Before a stream with the number fd is closed. */
static struct closing closing_stream(int fd, const char *name, const void *frame)
{
	if (__builtin_expect(atomic_load_explicit(&runtime.misused, memory_order_relaxed), 0))
		misuse_before_stream_close(fd, name, frame);
	return runtime_closing(fd, frame);
}

static int closed_stream(int (*function)(FILE *), FILE *stream, const char *name, const void *frame)
{
	struct closing recorded = closing_stream(number_of(stream), name, frame);
	int result = function(stream);

	closed_number(recorded, result < 0, name, frame);
	return result;
}

HOOK int fclose(FILE *stream)
{
	return closed_stream(REAL(fclose), stream, __func__, HERE);
}

HOOK __typeof__(fclose) _IO_fclose;
int _IO_fclose(FILE *stream)
{
	return closed_stream(REAL(_IO_fclose), stream, __func__, HERE);
}

HOOK int pclose(FILE *stream)
{
	return closed_stream(REAL(pclose), stream, __func__, HERE);
}

HOOK int endmntent(FILE *stream)
{
	return closed_stream(REAL(endmntent), stream, __func__, HERE);
}

HOOK_ALIAS(__endmntent, endmntent);

/* The man page says that fcloseall closes the streams. glibc's only flushes them, and closes no
 * descriptor. So the hook asks the kernel which of them are closed. */
HOOK int fcloseall(void)
{
	int result = REAL(fcloseall)(), saved = errno;

	struct ledger_words words;

	/* Reads the entry before it asks the kernel, and removes only this entry: another thread
	 * may be given the number in between. */
	if (runtime_on())
		for (int fd = ledger_next(&runtime.ledger, 0); fd >= 0;
		     fd = ledger_next(&runtime.ledger, fd + 1))
			if (ledger_read(&runtime.ledger, fd, NULL, &words) &&
			    REAL(fcntl)(fd, F_GETFD) < 0)
				ledger_forget_if(&runtime.ledger, fd, words);
	errno = saved;
	return result;
}

HOOK DIR *opendir(const char *name)
{
	hook_begins(HERE);
	DIR *dir = REAL(opendir)(name);

	if (!dir)
		runtime_failed(__func__);
	else
		runtime_opened(dirfd(dir),
			       &(struct opening){.kind = FD_FILE, .owner = FD_OWNER_DIR}, HERE);
	return dir;
}

HOOK DIR *fdopendir(int fd)
{
	DIR *dir = REAL(fdopendir)(fd);

	if (!dir)
		misuse_use_failed(fd, __func__, HERE);
	else if (runtime_on())
		ledger_set_owner(&runtime.ledger, fd, FD_OWNER_DIR);
	return dir;
}

static int number_of_dir(DIR *dir)
{
	/* closedir(NULL) fails with EINVAL in glibc. The header declares its argument as never
	 * NULL, so without this the compiler would remove the check below. */
	__asm__("" : "+r"(dir));
	return dir ? dirfd(dir) : -1;
}

HOOK int closedir(DIR *dirp)
{
	struct closing recorded = closing_stream(number_of_dir(dirp), __func__, HERE);
	int result = REAL(closedir)(dirp);

	closed_number(recorded, result < 0, __func__, HERE);
	return result;
}
