// SPDX-License-Identifier: MIT
/* The file that a request for a snapshot names: which files are written to, and which never are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/base/channel.h"
#include "../skip.h"

enum { TMPFS = 0x01021994, STRANGER = 54321, OTHER = 54322 };

static siginfo_t request(pid_t pid, int fd)
{
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};

	info.si_pid = pid;
	info.si_value.sival_ptr = (void *)(uintptr_t)(CHANNEL_MARK | (uint32_t)fd);
	return info;
}

/* Whether the program writes to this file of its own. Closes it. */
static bool is_taken(int fd)
{
	siginfo_t info = request(getpid(), fd);
	int opened = channel_open(&info);

	if (opened >= 0)
		close(opened);
	close(fd);
	return opened >= 0;
}

static int memory_file(void)
{
	int fd = memfd_create("channel", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Makes a file in folder, with a name or without; -1: this is not possible there. */
static int file_in(const char *folder, bool named, char path[64])
{
	snprintf(path, 64, "%s/fdtrail-channel-XXXXXX", folder);
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd >= 0 && !named)
		unlink(path);
	return fd;
}

static void an_empty_file_in_memory_is_taken(void **state)
{
	(void)state;
	assert_true(is_taken(memory_file()));
}

static void a_file_that_holds_something_is_not_written_to(void **state)
{
	int fd = memory_file();

	(void)state;
	assert_int_equal(write(fd, "x", 1), 1);
	assert_false(is_taken(fd));
}

static void a_file_that_has_a_name_is_not_written_to(void **state)
{
	char path[64];
	int fd = file_in("/dev/shm", true, path);

	(void)state;
	assert_true(fd >= 0);
	assert_false(is_taken(fd));
	unlink(path);
	/* Only the name makes the difference. */
	fd = file_in("/dev/shm", false, path);
	assert_true(is_taken(fd));
}

static void a_file_on_a_disk_is_not_written_to(void **state)
{
	static const char *const folders[] = {".", "/tmp", "/var/tmp", "/root", "/home"};
	struct statfs place;
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		if (statfs(folders[i], &place) != 0 || (unsigned long)place.f_type == TMPFS)
			continue;
		int fd = file_in(folders[i], false, path);
		if (fd < 0)
			continue;
		assert_false(is_taken(fd));
		return;
	}
	SKIP("every folder that can be written to lies in memory");
}

static void a_descriptor_that_is_not_a_file_is_not_written_to(void **state)
{
	int ends[2], fd;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_false(is_taken(ends[1]));
	close(ends[0]);
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_false(is_taken(fd));
	fd = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_false(is_taken(fd));
	siginfo_t closed = request(getpid(), 1000000);
	assert_int_equal(channel_open(&closed), -1);
}

static void a_file_of_another_user_is_not_written_to(void **state)
{
	int fd;

	(void)state;
	if (geteuid() != 0)
		SKIP("only root can become another user");
	fd = memory_file();
	assert_int_equal(fchown(fd, STRANGER, STRANGER), 0);
	assert_false(is_taken(fd));
}

/* Whether a program of user writes to the file of a process of owner. private: the program is
 * not dumpable, like a daemon that root started. */
static bool program_takes(uid_t user, bool private, uid_t owner)
{
	int ready[2], done[2], fd = -1, status;
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	pid_t asker = fork();
	if (asker == 0) {
		close(done[1]);
		if ((owner && (setgid(owner) != 0 || setuid(owner) != 0)) ||
		    prctl(PR_SET_DUMPABLE, 1) != 0)
			_exit(1);
		fd = memfd_create("channel", MFD_CLOEXEC);
		if (write(ready[1], &fd, sizeof(fd)) != sizeof(fd) || read(done[0], &byte, 1) != 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &fd, sizeof(fd)), sizeof(fd));
	pid_t program = fork();
	if (program == 0) {
		siginfo_t info = request(asker, fd);

		if ((user && (setgid(user) != 0 || setuid(user) != 0)) ||
		    prctl(PR_SET_DUMPABLE, private ? 0 : 1) != 0)
			_exit(2);
		_exit(channel_open(&info) >= 0);
	}
	assert_int_equal(waitpid(program, &status, 0), program);
	close(done[1]);
	waitpid(asker, NULL, 0);
	close(done[0]);
	close(ready[0]);
	close(ready[1]);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status);
}

static void a_program_answers_root_and_its_own_user_a_private_one_only_root(void **state)
{
	(void)state;
	if (geteuid() != 0)
		SKIP("only root can become another user");
	assert_true(program_takes(0, false, 0));
	assert_true(program_takes(0, true, 0));
	assert_true(program_takes(STRANGER, false, STRANGER));
	/* A user who may not read the program's memory gets no snapshot either. */
	assert_false(program_takes(STRANGER, true, STRANGER));
	assert_false(program_takes(0, false, STRANGER));
	assert_false(program_takes(STRANGER, false, OTHER));
}

static void only_a_queued_signal_with_the_mark_requests_a_snapshot(void **state)
{
	siginfo_t info = request(getpid(), 7);

	(void)state;
	assert_true(channel_asks(&info));
	assert_int_equal(channel_file(&info), 7);
	info.si_code = SI_USER;
	assert_false(channel_asks(&info));
	assert_int_equal(channel_open(&info), -1);
	info = request(0, 7);
	assert_false(channel_asks(&info));
	info = request(getpid(), 7);
	info.si_value.sival_ptr = (void *)(uintptr_t)7;
	assert_false(channel_asks(&info));
	info.si_value.sival_ptr = (void *)(uintptr_t)((CHANNEL_MARK ^ UINT64_C(1) << 63) | 7);
	assert_false(channel_asks(&info));
}

static void a_request_for_an_answer_in_memory_has_a_token_and_no_file(void **state)
{
	siginfo_t info = request(0, 0);

	(void)state;
	channel_set_token(&info, CHANNEL_TOKEN_MAX);
	/* The kernel takes the id from a sender that the program's PID namespace doesn't have. */
	assert_true(channel_asks(&info));
	assert_int_equal(channel_token(&info), CHANNEL_TOKEN_MAX);
	channel_set_blocked(&info);
	assert_true(channel_was_blocked(&info));
	assert_int_equal(channel_token(&info), CHANNEL_TOKEN_MAX);
	info.si_pid = getpid();
	assert_int_equal(channel_open(&info), -1);
	info.si_code = SI_USER;
	assert_int_equal(channel_token(&info), 0);
	info = request(getpid(), 7);
	assert_int_equal(channel_token(&info), 0);
}

static void the_request_notes_beside_the_file_that_the_thread_blocks_the_signal(void **state)
{
	siginfo_t info = request(getpid(), INT32_MAX);

	(void)state;
	assert_false(channel_was_blocked(&info));
	channel_set_blocked(&info);
	assert_true(channel_was_blocked(&info));
	assert_true(channel_asks(&info));
	assert_int_equal(channel_file(&info), INT32_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "an empty file in memory, without a name, is written to",
		 .test_func = an_empty_file_in_memory_is_taken},
		{.name = "a file that holds something is not written to",
		 .test_func = a_file_that_holds_something_is_not_written_to},
		{.name = "a file that has a name is not written to",
		 .test_func = a_file_that_has_a_name_is_not_written_to},
		{.name = "a file on a disk is not written to",
		 .test_func = a_file_on_a_disk_is_not_written_to},
		{.name = "a descriptor that is not a file is not written to",
		 .test_func = a_descriptor_that_is_not_a_file_is_not_written_to},
		{.name = "a file of another user is not written to",
		 .test_func = a_file_of_another_user_is_not_written_to},
		{.name = "a program answers root and its own user, a private one only root",
		 .test_func = a_program_answers_root_and_its_own_user_a_private_one_only_root},
		{.name = "only a queued signal with the mark requests a snapshot",
		 .test_func = only_a_queued_signal_with_the_mark_requests_a_snapshot},
		{.name = "a request for an answer in memory has a token and no file",
		 .test_func = a_request_for_an_answer_in_memory_has_a_token_and_no_file},
		{.name = "the request notes beside the file that the thread blocks the signal",
		 .test_func = the_request_notes_beside_the_file_that_the_thread_blocks_the_signal},
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
