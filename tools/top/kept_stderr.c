// SPDX-License-Identifier: MIT
/* See kept_stderr.h. */
#include "kept_stderr.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool kept_stderr_hold(struct kept_stderr *kept)
{
	*kept = (struct kept_stderr){
		.before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
		.file = memfd_create("fdtrail messages", MFD_CLOEXEC),
	};
	/* O_APPEND: the file is emptied now and then. */
	if (kept->before >= 0 && kept->file >= 0 && fcntl(kept->file, F_SETFL, O_APPEND) == 0 &&
	    dup2(kept->file, STDERR_FILENO) >= 0)
		return true;
	if (kept->before >= 0)
		close(kept->before);
	if (kept->file >= 0)
		close(kept->file);
	return false;
}

/* Reads the end of the file. Returns the length; text gets a NUL. */
static size_t read_tail(const struct kept_stderr *kept, char text[KEPT_STDERR_TAIL + 1])
{
	off_t end = lseek(kept->file, 0, SEEK_END);
	ssize_t length = pread(kept->file, text, KEPT_STDERR_TAIL,
			       end > KEPT_STDERR_TAIL ? end - KEPT_STDERR_TAIL : 0);

	if (length < 0)
		length = 0;
	text[length] = '\0';
	return (size_t)length;
}

void kept_stderr_once(const struct kept_stderr *kept, char said[KEPT_STDERR_TAIL + 1])
{
	char tail[KEPT_STDERR_TAIL + 1];

	read_tail(kept, tail);
	if (strcmp(tail, said) != 0)
		strcpy(said, tail);
	else if (ftruncate(kept->file, 0) < 0)
		*said = '\0';
}

void kept_stderr_last(struct kept_stderr *kept, char *text, size_t size)
{
	char tail[KEPT_STDERR_TAIL + 1];
	size_t length = read_tail(kept, tail);

	while (length && tail[length - 1] == '\n')
		tail[--length] = '\0';
	const char *line = memrchr(tail, '\n', length);
	line = line ? line + 1 : tail;
	length = strnlen(line, size - 1);
	memcpy(text, line, length);
	text[length] = '\0';
	if (ftruncate(kept->file, 0) < 0)
		*text = '\0';
}

void kept_stderr_release(struct kept_stderr *kept)
{
	char tail[KEPT_STDERR_TAIL + 1];
	size_t length = read_tail(kept, tail);

	dup2(kept->before, STDERR_FILENO);
	for (size_t done = 0; done < length;) {
		ssize_t written = write(STDERR_FILENO, tail + done, length - done);

		if (written <= 0)
			break;
		done += (size_t)written;
	}
	close(kept->before);
	close(kept->file);
}
