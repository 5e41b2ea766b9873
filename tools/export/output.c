// SPDX-License-Identifier: MIT
/* See output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const int ending_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

enum { ENDING_SIGNALS = sizeof(ending_signals) / sizeof(*ending_signals) };

struct output {
	FILE *file;
	bool is_stdout;
	int folder; /* renaming works in it even if its path changes while the file is written */
	char *name; /* final name in folder */
	char *temporary; /* temporary name in folder */
	pid_t owner;     /* a forked child has the handlers, but must not remove the file */
	bool handles[ENDING_SIGNALS];
	struct sigaction before[ENDING_SIGNALS];
};

/* The file that ending signals remove. Changed only while they are blocked. */
static struct output *unfinished;

static void block(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ENDING_SIGNALS; i++)
		sigaddset(&set, ending_signals[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

/* Async-signal-safe. */
static void restore_handlers(const struct output *output)
{
	for (size_t i = 0; i < ENDING_SIGNALS; i++)
		if (output->handles[i])
			sigaction(ending_signals[i], &output->before[i], NULL);
}

/* Removes the file, then lets the signal do what it would have done without this handler. */
static void on_signal(int number)
{
	int error = errno;

	if (unfinished) {
		if (unfinished->owner == getpid())
			unlinkat(unfinished->folder, unfinished->temporary, 0);
		restore_handlers(unfinished);
	}
	raise(number); /* arrives when this handler returns */
	errno = error;
}

static void install_handlers(struct output *output)
{
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < ENDING_SIGNALS; i++)
		sigaddset(&action.sa_mask, ending_signals[i]);
	for (size_t i = 0; i < ENDING_SIGNALS; i++) {
		if (sigaction(ending_signals[i], NULL, &output->before[i]) != 0 ||
		    (!(output->before[i].sa_flags & SA_SIGINFO) &&
		     output->before[i].sa_handler == SIG_IGN))
			continue; /* ignored: by nohup(1), or in a shell's background job */
		output->handles[i] = sigaction(ending_signals[i], &action, NULL) == 0;
	}
}

static void destroy(struct output *output)
{
	if (output->folder >= 0)
		close(output->folder);
	free(output->name);
	free(output->temporary);
	free(output);
}

/* Opens the folder of path, and copies the name in it. */
static int take_path(struct output *output, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *folder = slash == path ? strdup("/")
		       : slash       ? strndup(path, (size_t)(slash - path))
				     : strdup(".");

	output->name = strdup(name);
	if (!folder || !output->name) {
		free(folder);
		return -ENOMEM;
	}
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		free(folder);
		return -EISDIR;
	}
	output->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	return output->folder < 0 ? -errno : 0;
}

/* Creates a file with a name that is not in use. */
static int create_temporary(struct output *output, mode_t mode)
{
	for (int attempt = 0; attempt < 16; attempt++) {
		uint32_t random;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return -EIO;
		free(output->temporary);
		/* Without the file's own ending, so that nothing collects it as *.prom, and without
		 * its name, which could make this one too long. */
		if (asprintf(&output->temporary, ".fdtrail-%08x.tmp", (unsigned int)random) < 0) {
			output->temporary = NULL;
			return -ENOMEM;
		}
		int fd = openat(output->folder, output->temporary,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd >= 0) {
			output->file = fdopen(fd, "w");
			if (output->file)
				return 0;
			int error = -errno;
			close(fd);
			unlinkat(output->folder, output->temporary, 0);
			return error;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int begin_file(struct output *output, const char *path, mode_t mode, const char **reason)
{
	struct stat there;
	sigset_t before;
	int error = take_path(output, path);

	if (error == -EISDIR)
		*reason = "that is the name of a folder; name a file";
	if (error)
		return error;
	if (fstatat(output->folder, output->name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!S_ISREG(there.st_mode)) {
			*reason =
				S_ISLNK(there.st_mode)
					? "it is a symbolic link; name the file itself, or use `>`"
				: S_ISDIR(there.st_mode)
					? "it is a folder; name a file in it"
					: "it is not a regular file; use `>` to write to it";
			return -EINVAL;
		}
		mode &= there.st_mode;
	} else if (errno != ENOENT) {
		return -errno;
	}

	block(&before);
	error = create_temporary(output, mode);
	if (error == 0) {
		output->owner = getpid();
		unfinished = output;
		install_handlers(output);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error;
}

FILE *output_stdout(void)
{
	static char buffer[1024 * 1024];

	/* Otherwise terminals get one line at a time, and pipes 4096 bytes. */
	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	return stdout;
}

struct output *output_begin(const char *path, mode_t mode, const char **reason)
{
	struct output *output = calloc(1, sizeof(*output));

	*reason = NULL;
	if (!output) {
		*reason = strerror(ENOMEM);
		return NULL;
	}
	output->folder = -1;
	if (!path || strcmp(path, "-") == 0) {
		output->file = output_stdout();
		output->is_stdout = true;
		return output;
	}
	int error = begin_file(output, path, mode, reason);
	if (error) {
		if (!*reason)
			*reason = strerror(-error);
		destroy(output);
		return NULL;
	}
	return output;
}

FILE *output_file(const struct output *output)
{
	return output->file;
}

/* Closes the file, and gives it its name (keep) or removes it. */
static int finish_file(struct output *output, bool keep)
{
	sigset_t before;
	int error = 0;

	errno = 0;
	if (fflush(output->file) != 0 || ferror(output->file))
		error = errno ? -errno : -EIO;
	if (fclose(output->file) != 0 && error == 0)
		error = -errno;

	block(&before);
	if (keep && error == 0 &&
	    renameat(output->folder, output->temporary, output->folder, output->name) != 0)
		error = -errno;
	if (!keep || error)
		unlinkat(output->folder, output->temporary, 0);
	unfinished = NULL;
	restore_handlers(output);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error;
}

int output_commit(struct output *output)
{
	int error = 0;

	if (!output->is_stdout) {
		error = finish_file(output, true);
	} else {
		errno = 0;
		if (fflush(stdout) != 0 || ferror(stdout))
			error = errno ? -errno : -EIO;
	}
	destroy(output);
	return error;
}

void output_discard(struct output *output)
{
	if (!output)
		return;
	if (!output->is_stdout)
		finish_file(output, false);
	destroy(output);
}
