// SPDX-License-Identifier: MIT
/* Cases of functions that open files by name, and of descriptors that are used like files. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../programs/newer_kernel.h"
#include "case.h"

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);
int __openat64_2(int dirfd, const char *path, int flags);

static void say_mode(int fd)
{
	struct stat status = {0};

	fstat(fd, &status);
	say("mode %o, flags %x, close-on-exec %d", status.st_mode, fcntl(fd, F_GETFL),
	    fcntl(fd, F_GETFD));
}

static void opens_and_creates(void)
{
	unlink("file");
	CALL(open("file", O_RDONLY));
	say_mode((int)CALL(open("file", O_RDWR | O_CREAT, 0640)));
	CALL(open("file", O_RDWR | O_CREAT | O_EXCL, 0600));
	say_mode((int)CALL(open("file", O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK)));
	unlink("file");
	umask(077);
	say_mode((int)CALL(open("file", O_RDWR | O_CREAT, 0666)));
}

static void opens_with_large_files(void)
{
	say_mode((int)CALL(open64("file", O_RDWR | O_CREAT, 0600)));
	say_mode((int)CALL(openat64(AT_FDCWD, "file", O_RDWR | O_CREAT, 0600)));
	say_mode((int)CALL(creat64("file", 0600)));
	CALL(open64("none/file", O_RDWR | O_CREAT, 0600));
	CALL(creat64("none/file", 0600));
	CALL(openat64(-5, "file", O_RDONLY));
}

static void opens_nothing_that_is_not_there(void)
{
	CALL(open("none", O_RDONLY));
	CALL(open("", O_RDONLY));
	CALL(open("none/none", O_RDONLY | O_CREAT, 0600));
	CALL(openat(AT_FDCWD, "none", O_RDONLY));
	CALL(creat("none/none", 0600));
}

static void opens_no_folder_for_writing(void)
{
	CALL(open(".", O_RDWR));
	CALL(open(".", O_RDONLY | O_CREAT, 0600));
	CALL(creat(".", 0600));
	say_mode((int)CALL(open(".", O_RDONLY | O_DIRECTORY)));
	CALL(open("/dev/null", O_RDONLY | O_DIRECTORY));
	CALL(open("/dev/null/none", O_RDONLY));
}

static void opens_links(void)
{
	unlink("link"), unlink("loop");
	(void)!symlink("/dev/null", "link");
	(void)!symlink("loop", "loop");
	CALL(open("link", O_RDONLY | O_NOFOLLOW));
	CALL(open("loop", O_RDONLY));
	CALL(open("link", O_PATH | O_NOFOLLOW));
	CALL(open("link", O_RDONLY));
}

static void opens_too_long_a_name(void)
{
	char name[5000];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CALL(open(name, O_RDONLY));
	name[300] = '\0';
	CALL(open(name, O_RDONLY | O_CREAT, 0600));
	CALL(creat(name, 0600));
	CALL(openat(AT_FDCWD, name, O_RDONLY));
}

static void opens_relative_to_a_folder(void)
{
	int folder = (int)CALL(open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int path = (int)CALL(open("/dev", O_PATH));
	int file = (int)CALL(open("/dev/null", O_RDONLY));

	CALL(openat(folder, "null", O_RDONLY));
	CALL(openat(path, "zero", O_RDONLY));
	CALL(openat(file, "null", O_RDONLY));
	CALL(openat(999, "null", O_RDONLY));
	CALL(openat(999, "/dev/null", O_RDONLY));
	CALL(openat(-1, "null", O_RDONLY));
}

static void opens_nameless_files(void)
{
	say_mode((int)CALL(open(".", O_TMPFILE | O_RDWR, 0640)));
	say_mode((int)CALL(openat(AT_FDCWD, ".", O_TMPFILE | O_WRONLY, 0600)));
	CALL(open(".", O_TMPFILE | O_RDONLY, 0600));
	CALL(open("/dev/null", O_TMPFILE | O_RDWR, 0600));
}

static void opens_fortified(void)
{
	CALL(__open_2("/dev/null", O_RDONLY));
	CALL(__open64_2("/dev/null", O_RDONLY));
	CALL(__openat_2(AT_FDCWD, "/dev/null", O_RDONLY));
	CALL(__openat64_2(AT_FDCWD, "/dev/null", O_RDONLY));
	CALL(__open_2("none", O_RDONLY));
	CALL(__openat_2(999, "none", O_RDONLY));
}

/* The mode is missing, so the C library ends the program. */
static void dies_of_a_missing_mode(void)
{
	CALL(__open_2("file", O_RDWR | O_CREAT));
}

static void dies_of_a_missing_mode_at(void)
{
	CALL(__openat64_2(AT_FDCWD, "file", O_RDWR | O_CREAT));
}

static void opens_pipes_by_name(void)
{
	unlink("pipe");
	CALL(mkfifo("pipe", 0600));
	CALL(open("pipe", O_WRONLY | O_NONBLOCK));
	CALL(open("pipe", O_RDONLY | O_NONBLOCK));
	CALL(open("pipe", O_WRONLY | O_NONBLOCK));
	CALL(open("pipe", O_RDWR));
}

static void opens_devices(void)
{
	CALL(open("/dev/full", O_WRONLY));
	CALL(open("/dev/tty", O_RDWR | O_NOCTTY));
	CALL(open("/proc/self/fd/999", O_RDONLY));
	CALL(open("/proc/self/stat", O_RDONLY));
	CALL(open("/proc/self/stat", O_WRONLY | O_CREAT | O_EXCL, 0600));
}

static void makes_unique_files(void)
{
	char good[] = "unique-XXXXXX", end[] = "unique-XXXXXX.end", bad[] = "unique",
	     none[] = "none/XXXXXX";

	CALL(mkstemp(good));
	say("%zu %d", strlen(good), strcmp(good, "unique-XXXXXX") != 0);
	CALL(mkstemps(end, 4));
	CALL(mkstemp(bad));
	CALL(mkstemp(none));
	CALL(mkstemps(end, 400));
	unlink(good), unlink(end);
}

static void makes_unique_files_with_flags(void)
{
	char good[] = "unique-XXXXXX", end[] = "unique-XXXXXX.end", bad[] = "XXX";

	say_mode((int)CALL(mkostemp(good, O_CLOEXEC | O_APPEND)));
	say_mode((int)CALL(mkostemps(end, 4, O_CLOEXEC)));
	CALL(mkostemp64(bad, 0));
	CALL(mkostemps64(bad, -1, 0));
	unlink(good), unlink(end);
	strcpy(good, "unique-XXXXXX");
	CALL(mkstemp64(good));
	unlink(good);
}

static void makes_memory_files(void)
{
	char name[300];

	memset(name, 'm', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	say_mode((int)CALL(memfd_create("memory", 0)));
	say_mode((int)CALL(memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
	CALL(memfd_create("memory", 1u << 30));
	CALL(memfd_create(name, 0));
	CALL(memfd_create("", 0));
}

static void opens_shared_memory(void)
{
	shm_unlink("/fdtrail-conformance");
	CALL(shm_open("/fdtrail-conformance", O_RDWR, 0600));
	say_mode((int)CALL(shm_open("/fdtrail-conformance", O_RDWR | O_CREAT, 0640)));
	CALL(shm_open("/fdtrail-conformance", O_RDWR | O_CREAT | O_EXCL, 0600));
	CALL(shm_open("/fdtrail/conformance", O_RDWR | O_CREAT, 0600));
	CALL(shm_open("/", O_RDWR | O_CREAT, 0600));
	shm_unlink("/fdtrail-conformance");
}

static void opens_message_queues(void)
{
	struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16}, bad = {.mq_maxmsg = -1};

	mq_unlink("/fdtrail-conformance");
	CALL(mq_open("/fdtrail-conformance", O_RDWR));
	int queue = (int)CALL(mq_open("/fdtrail-conformance", O_RDWR | O_CREAT, 0600, &attributes));
	CALL(mq_open("/fdtrail-conformance", O_RDWR | O_CREAT | O_EXCL, 0600, &attributes));
	CALL(mq_open("/fdtrail-conformance-2", O_RDWR | O_CREAT, 0600, &bad));
	CALL(mq_open("fdtrail", O_RDWR));
	memset(&attributes, 0, sizeof(attributes));
	CALL(mq_getattr(queue, &attributes));
	say("%ld %ld", attributes.mq_maxmsg, attributes.mq_msgsize);
	CALL(mq_close(queue));
	CALL(mq_close(queue));
	mq_unlink("/fdtrail-conformance");
}

static void opens_terminals(void)
{
	int master = -1, slave = -1;

	CALL(posix_openpt(O_RDWR | O_NOCTTY));
	CALL(getpt());
	CALL(openpty(&master, &slave, NULL, NULL, NULL));
	say("%d %d %d", master, slave, isatty(slave));
	CALL(posix_openpt(-1));
}

static void opens_by_handle(void)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} file = {.handle.handle_bytes = MAX_HANDLE_SZ};
	int mount;

	close(open("file", O_RDWR | O_CREAT, 0600));
	CALL(name_to_handle_at(AT_FDCWD, "file", &file.handle, &mount, 0));
	CALL(open_by_handle_at(AT_FDCWD, &file.handle, O_RDONLY));
	CALL(open_by_handle_at(999, &file.handle, O_RDONLY));
	file.handle.handle_bytes = 999;
	CALL(open_by_handle_at(AT_FDCWD, &file.handle, O_RDONLY));
}

static void opens_by_system_call(void)
{
	struct {
		unsigned long flags, mode, resolve;
	} how = {.flags = O_RDONLY};

	CALL(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY));
	CALL(syscall(SYS_open, "/dev/null", O_RDONLY));
	CALL(syscall(SYS_creat, "file", 0600));
	CALL(syscall(SYS_openat2, AT_FDCWD, "/dev/null", &how, sizeof(how)));
	CALL(syscall(SYS_openat2, AT_FDCWD, "/dev/null", &how, 3));
	CALL(syscall(SYS_openat, AT_FDCWD, "none", O_RDONLY));
	CALL(syscall(SYS_memfd_create, "memory", 0));
	CALL(syscall(SYS_getpid) == getpid());
	CALL(syscall(-1));
	CALL(syscall(100000));
}

CASES(files) = {
	CASE(opens_and_creates),
	CASE(opens_with_large_files),
	CASE(opens_nothing_that_is_not_there),
	CASE(opens_no_folder_for_writing),
	CASE(opens_links),
	CASE(opens_too_long_a_name),
	CASE(opens_relative_to_a_folder),
	CASE(opens_nameless_files),
	CASE(opens_fortified),
	CASE(dies_of_a_missing_mode),
	CASE(dies_of_a_missing_mode_at),
	CASE(opens_pipes_by_name),
	CASE(opens_devices),
	CASE(makes_unique_files),
	CASE(makes_unique_files_with_flags),
	CASE(makes_memory_files),
	CASE(opens_shared_memory),
	CASE(opens_message_queues),
	CASE(opens_terminals),
	CASE(opens_by_handle),
	CASE(opens_by_system_call),
	CASE_WITHOUT(opens_and_creates, "0"),
	CASE_WITHOUT(opens_and_creates, "1"),
	CASE_WITHOUT(opens_and_creates, "2"),
	CASE_WITHOUT(opens_and_creates, "012"),
	CASE_WITHOUT(opens_message_queues, "02"),
	CASE_WITHOUT(opens_terminals, "012"),
	CASE_WITHOUT(makes_memory_files, "12"),
	END_OF_CASES,
};
