// SPDX-License-Identifier: MIT
/* See holder.h. */
#include "holder.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/snapshot/proc.h"

struct kept {
	int files[HOLDER_FILES + 1];
	int count;
};

struct credentials {
	uint64_t uid, gid; /* the effective ones */
};

/* "Uid: real effective saved fs" */
static void take_credentials(const char *line, size_t length, void *data)
{
	struct credentials *credentials = data;
	bool user = length > 4 && memcmp(line, "Uid:", 4) == 0;

	if (!user && !(length > 4 && memcmp(line, "Gid:", 4) == 0))
		return;
	const char *tab = memchr(line + 5, '\t', length - 5);
	if (tab)
		proc_field(tab, length - (size_t)(tab - line), "", 10,
			   user ? &credentials->uid : &credentials->gid);
}

static void keep_files(int fd, void *data)
{
	const struct kept *kept = data;

	for (int i = 0; i < kept->count; i++)
		if (kept->files[i] == fd)
			return;
	close(fd);
}

/* Overwrites all strings of a list that ends in NULL: the environment. */
static void wipe(char **strings)
{
	for (; strings && *strings; strings++)
		explicit_bzero(*strings, strlen(*strings));
}

/* Runs in the child that holds the files for a program of another user. That user's processes may
 * do with the child what they like, so it keeps nothing of ours: no other file, terminal, group,
 * key or variable. */
static void hold(const struct credentials *credentials, const struct kept *kept, int told)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};
	gid_t gid = (gid_t)credentials->gid;
	uid_t uid = (uid_t)credentials->uid;
	bool done;

	descriptors_each(keep_files, (void *)kept);
	wipe(environ);
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	done = setsid() >= 0 && chdir("/") == 0 && setgroups(0, NULL) == 0 &&
	       setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0 &&
	       syscall(SYS_capset, &header, none) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
	if (write(told, &(char){(char)done}, 1) != 1)
		_exit(1);
	close(told);
	for (;;)
		pause();
}

void holder_release(int holder)
{
	if (holder == getpid())
		return;
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
}

int holder_find(int pid, const int *files, int count)
{
	struct credentials credentials = {.uid = geteuid(), .gid = getegid()};
	struct kept kept = {.count = count + 1};
	char path[PROC_PATH_SIZE], done = 0;
	int told[2];

	proc_each_line(proc_pid_path(path, pid, "status"), 16384, take_credentials, &credentials);
	if (geteuid() != 0)
		return getpid();
	if (pipe2(told, O_CLOEXEC) != 0)
		return -errno;
	memcpy(kept.files, files, (size_t)count * sizeof(*files));
	kept.files[count] = told[1];
	pid_t parent = getpid(), child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		hold(&credentials, &kept, told[1]);
	}
	int error = child < 0 ? -errno : 0;
	close(told[1]);
	if (child > 0 && (read(told[0], &done, 1) != 1 || !done)) {
		holder_release(child);
		error = -EPERM;
	}
	close(told[0]);
	return error ? error : child;
}
