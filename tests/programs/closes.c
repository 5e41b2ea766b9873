// SPDX-License-Identifier: MIT
/*
 *     closes NAME
 *
 * Opens /dev/null in opens_before, closes that descriptor through the function NAME in
 * closes_by_NAME, and opens the same number again by a raw system call, unless NAME has already put
 * something there. Prints the number. If a hook missed the close, the new descriptor would have the
 * old stack.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <fts.h>
#include <mntent.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utmp.h>

#include "frame.h"
#include "newer_kernel.h"
#include "raw.h"

int __close(int), _IO_fclose(FILE *), __endmntent(FILE *), __dup2(int, int);

static FILE *stream;
static DIR *dir;
static FTS *tree;
static int number;

enum opened { BY_NUMBER, STREAM, COMMAND, DIRECTORY, QUEUE, TABLE, TREE };

FRAME static void opens_before(enum opened how)
{
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};

	if (how == STREAM)
		number = fileno(stream = fopen("/dev/null", "r"));
	else if (how == TABLE)
		number = fileno(stream = setmntent("/dev/null", "r"));
	else if (how == COMMAND)
		number = fileno(stream = popen("true", "r"));
	else if (how == DIRECTORY)
		number = dirfd(dir = opendir("/"));
	else if (how == TREE)
		number = (tree = fts_open((char *[]){"/", NULL}, FTS_PHYSICAL, NULL))->fts_rfd;
	else if (how == QUEUE)
		number = mq_open("/fdtrail-closes", O_RDWR | O_CREAT, 0600, &attributes);
	else
		number = open("/dev/null", O_RDONLY);
}

/* NAME, how it is opened, the call that closes it */
#define EVERY_END                                                                                  \
	END(close, BY_NUMBER, close(number))                                                       \
	END(__close, BY_NUMBER, __close(number))                                                   \
	END(close_range, BY_NUMBER, close_range(number, number, 0))                                \
	END(close_range_to_the_end, BY_NUMBER, close_range(number, ~0U, 0))                        \
	END(closefrom, BY_NUMBER, (closefrom(number), 0))                                          \
	END(fclose, STREAM, fclose(stream))                                                        \
	END(_IO_fclose, STREAM, _IO_fclose(stream))                                                \
	END(pclose, COMMAND, pclose(stream))                                                       \
	END(endmntent, TABLE, endmntent(stream))                                                   \
	END(__endmntent, TABLE, __endmntent(stream))                                               \
	END(closedir, DIRECTORY, closedir(dir))                                                    \
	END(fts_close, TREE, fts_close(tree))                                                      \
	END(fts64_close, TREE, fts64_close((FTS64 *)tree))                                         \
	END(mq_close, QUEUE, mq_close(number))                                                     \
	END(sys_close, BY_NUMBER, syscall(SYS_close, number))                                      \
	END(sys_close_range, BY_NUMBER, syscall(SYS_close_range, number, number, 0))               \
	END(dup2, BY_NUMBER, dup2(0, number))                                                      \
	END(__dup2, BY_NUMBER, __dup2(0, number))                                                  \
	END(dup3, BY_NUMBER, dup3(0, number, O_CLOEXEC))                                           \
	END(sys_dup2, BY_NUMBER, syscall(SYS_dup2, 0, number))                                     \
	END(sys_dup3, BY_NUMBER, syscall(SYS_dup3, 0, number, 0))                                  \
	END(freopen, STREAM, freopen("/dev/zero", "r", stream) == NULL)                            \
	END(freopen64, STREAM, freopen64("/dev/zero", "r", stream) == NULL)

#define END(name, how, call)                                                                       \
	FRAME static int closes_by_##name(void)                                                    \
	{                                                                                          \
		volatile int result = (int)(call);                                                 \
		return result;                                                                     \
	}
EVERY_END
#undef END

static const struct {
	const char *name;
	enum opened how;
	int (*close)(void);
} cases[] = {
#define END(name, how, call) {#name, how, closes_by_##name},
	EVERY_END
#undef END
};

int main(int count, char **words)
{
	for (size_t i = 0; count == 2 && i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(cases[i].name, words[1]) != 0)
			continue;
		opens_before(cases[i].how);
		if (number < 0 || cases[i].close() < 0)
			return 1;
		if (raw_call(SYS_fcntl, number, F_GETFD, 0, 0) < 0 &&
		    raw_call(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY, 0) != number)
			return 1;
		printf("%d\n", number);
		return 0;
	}
	return 2;
}
