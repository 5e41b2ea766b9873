// SPDX-License-Identifier: MIT
/* A file that is written appears whole or not at all, also after failures and signals, and over
 * unusual targets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/export/output.h"

/* Makes a folder for the test and changes into it. */
struct place {
	char folder[64];
	int before;
};

static int enter(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/fdtrail-test-XXXXXX");
	place->before = open(".", O_PATH | O_CLOEXEC);
	*state = place;
	umask(022);
	return mkdtemp(place->folder) && chdir(place->folder) == 0 ? 0 : -1;
}

/* Returns the number of files in the folder; prints their names if there are more than expected. */
static int files(int expected)
{
	DIR *folder = opendir(".");
	int count = 0;

	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    ++count > expected)
			print_message("# there is also %s\n", entry->d_name);
	closedir(folder);
	return count;
}

static int leave(void **state)
{
	struct place *place = *state;
	DIR *folder = opendir(".");

	for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
	closedir(folder);
	int result = fchdir(place->before);
	close(place->before);
	rmdir(place->folder);
	free(place);
	return result;
}

static struct output *begin(const char *path, mode_t mode)
{
	const char *reason;
	struct output *output = output_begin(path, mode, &reason);

	if (!output)
		fail_msg("%s: %s", path, reason);
	return output;
}

static void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void assert_holds(const char *path, const char *text)
{
	char there[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, there, sizeof(there) - 1) >= 0);
	close(fd);
	assert_string_equal(there, text);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

static void the_old_file_stays_until_the_new_one_is_whole(void **state)
{
	struct output *output;

	put("a.prom", "old", 0644);
	output = begin("a.prom", 0644);
	fputs("new", output_file(output));
	fflush(output_file(output));
	assert_holds("a.prom", "old");
	assert_int_equal(files(2), 2);
	assert_int_equal(output_commit(output), 0);
	assert_holds("a.prom", "new");
	assert_int_equal(files(1), 1);
}

static void a_collector_never_sees_the_temporary_file(void **state)
{
	struct output *output = begin("a.prom", 0644);
	DIR *folder = opendir(".");

	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		const char *dot = strrchr(entry->d_name, '.');

		assert_true(entry->d_name[0] == '.');
		assert_true(!dot || strcmp(dot, ".prom") != 0);
	}
	closedir(folder);
	output_discard(output);
	assert_int_equal(files(0), 0);
}

static void a_file_has_the_mode_of_its_format(void **state)
{
	assert_int_equal(output_commit(begin("a", 0600)), 0);
	assert_int_equal(mode_of("a"), 0600);
	assert_int_equal(output_commit(begin("b", 0644)), 0);
	assert_int_equal(mode_of("b"), 0644);
	/* Stricter permissions that somebody chose are kept, wider ones are not. */
	chmod("b", 0640);
	assert_int_equal(output_commit(begin("b", 0644)), 0);
	assert_int_equal(mode_of("b"), 0640);
	chmod("a", 0666);
	assert_int_equal(output_commit(begin("a", 0600)), 0);
	assert_int_equal(mode_of("a"), 0600);
}

static void a_file_with_the_longest_possible_name_can_be_written(void **state)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	assert_int_equal(output_commit(begin(name, 0600)), 0);
	assert_int_equal(mode_of(name), 0600);
}

static void anything_but_a_regular_file_is_refused(void **state)
{
	static const struct {
		const char *path, *reason;
	} cases[] = {
		{"link", "symbolic link"},
		{"dangling", "symbolic link"},
		{"fifo", "not a regular file"},
		{"folder", "folder"},
		{"folder/", "folder"},
		{"/dev/null", "not a regular file"},
		{".", "folder"},
		{"", "folder"},
		{"none/a", "No such file"},
		{"victim/a", "Not a directory"},
	};

	put("victim", "untouched", 0644);
	assert_int_equal(symlink("victim", "link"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("folder", 0700), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *reason;

		assert_null(output_begin(cases[i].path, 0600, &reason));
		if (!strstr(reason, cases[i].reason))
			fail_msg("%s: %s", cases[i].path, reason);
	}
	assert_holds("victim", "untouched");
	assert_int_equal(files(5), 5);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
	struct output *output;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	put("a", "old", 0600);
	output = begin("a", 0600);
	/* The writes go to /dev/full, as if the file lay on a full disk. */
	assert_true(full >= 0 && dup2(full, fileno(output_file(output))) >= 0);
	close(full);
	fputs("new", output_file(output));
	assert_int_equal(output_commit(output), -ENOSPC);
	assert_holds("a", "old");
	assert_int_equal(files(1), 1);
}

/* Runs until a signal arrives in the middle of writing; returns the status, as waitpid(2) has
 * it. */
static int interrupted(int number, bool ignored)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		const char *reason;
		struct output *output;

		signal(number, ignored ? SIG_IGN : SIG_DFL);
		output = output_begin("a", 0600, &reason);
		fputs("half", output_file(output));
		fflush(output_file(output));
		raise(number);
		_exit(output_commit(output) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void a_signal_leaves_nothing_behind(void **state)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	put("a", "old", 0600);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		int status = interrupted(numbers[i], false);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), numbers[i]);
		assert_holds("a", "old");
		assert_int_equal(files(1), 1);
	}
}

static void an_ignored_signal_stays_ignored(void **state)
{
	int status = interrupted(SIGHUP, true);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_holds("a", "half");
}

static void a_forked_process_removes_nothing(void **state)
{
	struct output *output = begin("a", 0600);
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		raise(SIGTERM);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	fputs("whole", output_file(output));
	assert_int_equal(output_commit(output), 0);
	assert_holds("a", "whole");
}

static void signal_handlers_are_restored(void **state)
{
	struct sigaction action;

	signal(SIGINT, SIG_DFL);
	output_discard(begin("a", 0600));
	assert_int_equal(sigaction(SIGINT, NULL, &action), 0);
	assert_ptr_equal(action.sa_handler, SIG_DFL);
	output_discard(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(promise, function) {promise, function, enter, leave, NULL}
		TEST("the old file stays until the new one is whole",
		     the_old_file_stays_until_the_new_one_is_whole),
		TEST("a collector never sees the temporary file",
		     a_collector_never_sees_the_temporary_file),
		TEST("a file has the mode of its format", a_file_has_the_mode_of_its_format),
		TEST("a file with the longest possible name can be written",
		     a_file_with_the_longest_possible_name_can_be_written),
		TEST("anything but a regular file is refused",
		     anything_but_a_regular_file_is_refused),
		TEST("a full disk leaves the old file", a_full_disk_leaves_the_old_file),
		TEST("a signal leaves nothing behind", a_signal_leaves_nothing_behind),
		TEST("an ignored signal stays ignored", an_ignored_signal_stays_ignored),
		TEST("a forked process removes nothing", a_forked_process_removes_nothing),
		TEST("signal handlers are restored", signal_handlers_are_restored),
	};

	return cmocka_run_group_tests_name("export-output", tests, NULL, NULL);
}
