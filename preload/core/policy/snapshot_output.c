// SPDX-License-Identifier: MIT
/* See snapshot_output.h. */
#include "snapshot_output.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "preload/core/base/errno_name.h"
#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/write_signals.h"
#include "preload/core/redact/redact_text.h"
#include "stderr_lines.h"

static void add_two(struct line *line, int64_t number)
{
	char digits[2] = {(char)('0' + number / 10), (char)('0' + number % 10)};

	line_bytes(line, digits, 2);
}

/* 20261123T101112Z: sorts by time and needs no quoting. */
static void add_time(struct line *line)
{
	struct timespec now = {0};

	RAW(clock_gettime, CLOCK_REALTIME, &now);
	int64_t days = now.tv_sec / 86400, rest = now.tv_sec % 86400, year = 1970, month = 0;
	static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	for (;; year++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
		if (days < 365 + leap) {
			for (; days >= lengths[month] + (month == 1 && leap); month++)
				days -= lengths[month] + (month == 1 && leap);
			break;
		}
		days -= 365 + leap;
	}
	line_number(line, year);
	add_two(line, month + 1);
	add_two(line, days + 1);
	line_add(line, "T");
	add_two(line, rest / 3600);
	add_two(line, rest / 60 % 60);
	add_two(line, rest % 60);
	line_add(line, "Z");
}

static void add_file_name(struct line *line, const char *name)
{
	for (; *name; name++)
		line_bytes(line, *name == '/' ? "_" : name, 1);
}

static void expand(struct line *path, const char *pattern, const struct snapshot_request *request)
{
	struct utsname host;

	for (; *pattern; pattern++) {
		if (*pattern != '%') {
			line_bytes(path, pattern, 1);
			continue;
		}
		switch (*++pattern) {
		case 'p':
			line_number(path, request->pid);
			break;
		case 'e':
			add_file_name(path, request->program);
			break;
		case 'n':
			line_number(path, request->number);
			break;
		case 't':
			add_time(path);
			break;
		case 'h':
			add_file_name(path, RAW(uname, &host) == 0 ? host.nodename : "unknown");
			break;
		default:
			line_bytes(path, pattern, 1);
		}
	}
}

static const char *error_text(int error)
{
	/* strerror() allocates and translates. */
	switch (error) {
	case EACCES:
		return "permission denied";
	case EPERM:
		return "operation not permitted";
	case ENOSYS:
		return "the program's seccomp filter forbids it";
	case ENOENT:
		return "no such file or directory";
	case ENOTDIR:
		return "a part of the path is not a directory";
	case EISDIR:
		return "it is a directory";
	case ELOOP:
		return "it is a symbolic link, and is not followed";
	case ENOSPC:
		return "no space left on device";
	case EDQUOT:
		return "disk quota exceeded";
	case EFBIG:
		return "the file would be too large";
	case EROFS:
		return "the file system is read-only";
	case ENXIO:
		return "it is a pipe without a reader";
	case EPIPE:
		return "its reader has closed it";
	case EIO:
		return "input/output error";
	case ETIMEDOUT:
		return "its reader has stopped reading";
	case EMFILE:
	case ENFILE:
		return "no descriptor is left for it";
	case ENOMEM:
		return "no memory";
	case ENAMETOOLONG:
		return "the name is too long";
	case ESRCH:
		return "the process has ended";
	}
	return NULL;
}

static void complain(const struct options *options, const struct snapshot_request *request,
		     const char *before, const char *reason, int error)
{
	LINE(line, LINE_LONG);
	LINE(path, LINE_LONG);

	line_add(&line, before);
	if (*options->output) {
		expand(&path, options->output, request);
		line_quote(&line, path.text);
	} else {
		line_add(&line, "stderr");
	}
	line_add(&line, ": ");
	line_add(&line, reason ? reason : errno_name(error));
	line_add(&line, *options->output ? "; see FDTRAIL_OUTPUT" : "");
	message(&line);
}

void output_failed(const struct options *options, const struct snapshot_request *request, int error)
{
	complain(options, request, "can't write the whole snapshot to ", error_text(error), error);
}

void output_refused(const struct options *options, const struct snapshot_request *request,
		    const struct output_failure *failure)
{
	if (!failure->silent)
		complain(options, request, "can't write a snapshot to ",
			 failure->reason ? failure->reason : error_text(failure->error),
			 failure->error);
}

/* Whether fdtrail may write to the file of fd; if not, fills in failure. */
static bool is_accepted(int fd, struct output_failure *failure)
{
	struct stat status;
	long error = RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH);

	*failure = (struct output_failure){.error = EACCES};
	if (error < 0) {
		*failure = (struct output_failure){.error = (int)-error,
						   .reason = "its status can't be read"};
		return false;
	}
	/* Another user may have put a pipe into a shared folder, to read the user's snapshots. */
	bool own = status.st_uid == (uid_t)RAW(geteuid);
	if (S_ISDIR(status.st_mode))
		failure->error = EISDIR;
	else if (S_ISFIFO(status.st_mode) ? !own && status.st_uid != 0
					  : S_ISREG(status.st_mode) && !own)
		failure->reason = "it belongs to another user, and is not written to";
	else if (S_ISREG(status.st_mode) && status.st_nlink > 1)
		failure->reason = "it has a second name (a hard link), and is not written to";
	else
		return true;
	return false;
}

int output_open(const struct options *options, const struct snapshot_request *request,
		struct output_failure *failure)
{
	/* O_NONBLOCK: opening a pipe without a reader must fail, not wait. */
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	LINE(path, LINE_LONG);

	*failure = (struct output_failure){.error = EBADF, .silent = true};
	if (!*options->output)
		return message_stderr_is_ours() ? 2 : -1;
	expand(&path, options->output, request);
	long fd = RAW(openat, AT_FDCWD, path.text, flags, 0600);
	if (fd < 0) {
		*failure = (struct output_failure){.error = (int)-fd};
		return -1;
	}
	if (is_accepted((int)fd, failure))
		return (int)fd;
	RAW(close, fd);
	return -1;
}

struct note {
	struct redact_output output;
	struct line *line;
};

static void add_piece(struct redact_output *output, const char *bytes, size_t size)
{
	line_bytes(((struct note *)output)->line, bytes, size);
}

/* Adds a note. With FDTRAIL_REDACT its addresses and names are replaced by words without numbers:
 * those of snapshots belong to the thread that takes one. */
static void add_note(struct line *line, const struct options *options, const struct line *note)
{
	struct note redacted = {.output.put = add_piece, .line = line};

	if (options->redact)
		redact_text(NULL, note->text, REDACT_LINE, NULL, &redacted.output);
	else
		line_add(line, note->text);
}

void output_note(const struct options *options, const struct snapshot_request *request,
		 const struct line *note)
{
	struct write_signals held;
	struct output_failure failure;
	LINE(whole, LINE_LONG);
	int fd = output_open(options, request, &failure);

	if (fd < 0) {
		output_refused(options, request, &failure);
		return;
	}
	line_add(&whole, "fdtrail: ");
	add_note(&whole, options, note);
	line_add(&whole, "\n");
	write_signals_hold(&held);
	RAW(write, fd, whole.text, whole.length);
	write_signals_release(&held);
	if (fd > 2)
		RAW(close, fd);
}
