// SPDX-License-Identifier: MIT
/*
 * Suppression patterns as LeakSanitizer has them, limits checked against complete and incomplete
 * snapshots, and matching the groups of two snapshots.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/check/limits.h"
#include "tools/check/pattern.h"
#include "tools/check/suppressions.h"
#include "tools/diff/diff.h"
#include "tools/reader/reader.h"

static struct model_snapshot *read_text(const char *text)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct reader *reader = reader_create(in, "test");
	struct model_snapshot *snapshot = reader_next(reader);

	assert_non_null(snapshot);
	reader_destroy(reader);
	fclose(in);
	return snapshot;
}

/* A complete snapshot with these groups. */
static struct model_snapshot *snapshot_of(const char *header, const char *groups,
					  const char *modules)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "fdtrail snapshot, format 1\nwhy: test\nprocess: 7 server, user 0\n%s\n%s\n%s\n"
		 "end of fdtrail snapshot, format 1\n",
		 header, groups, modules);
	return read_text(text);
}

static void patterns_match_as_leak_sanitizers_do(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"foo", "foo", true},
		{"foo", "a foo b", true},
		{"foo", "fo", false},
		{"^foo", "foobar", true},
		{"^foo", "afoo", false},
		{"foo$", "afoo", true},
		{"foo$", "foob", false},
		{"foo$", "foofoo", true},
		{"^foo$", "foo", true},
		{"^foo$", "foofoo", false},
		{"f*r", "foobar", true},
		{"f*r", "xfoobarx", true},
		{"^f*r$", "foobar", true},
		{"^f*r$", "foobarx", false},
		{"^*bar$", "foobar", true},
		{"^a*b*c$", "aXbYbZc", true},
		{"^a*b*c$", "aXcYbZ", false},
		{"*", "x", true},
		{"*", "", false},
		{"**", "x", true},
		{"foo*", "foo", true},
		/* The star gives back what it has matched, down to the last letter. */
		{"*o", "foo", true},
		{"^*o$", "foo", true},
		{"^f*$", "foo", true},
		{"foo*$", "afoobar", true},
		{"a*c", "abbc", true},
		{"^foo*$", "foo", true},
		{"", "x", false},
		{"^", "x", false},
		{"$", "x", false},
		{"^$", "x", false},
		{"$_0", "main::$_0::operator()", true},
		{"a^b", "a^b", true},
		{"foo(char*)", "foo(char*)", true},
		{"foo", "", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (pattern_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
			fail_msg("%s in %s", cases[i].pattern, cases[i].text);
}

static void a_pattern_of_many_stars_is_matched_in_bounded_time(void **state)
{
	char pattern[2001], text[10001];

	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[sizeof(pattern) - 1] = '\0';
	pattern[sizeof(pattern) - 2] = 'b';
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(pattern_matches(pattern, text));
}

/* The verdict on a snapshot, which is then freed. */
static enum limits_verdict verdict_on(struct model_snapshot *snapshot, struct limits limits)
{
	enum limits_verdict verdict = limits_check(&limits, snapshot, NULL, NULL);

	model_destroy(snapshot);
	return verdict;
}

static const char two_files[] = "group 1: 2 files, opened in f\n  ages: 3.0s to 9.0s\n"
				"  opened at:\n    #0 0x10 in f (/x+0x10)\n  descriptors:\n"
				"    3 file /a, read, age 9.0s\n    4 file /b, read, age 3.0s\n";
static const char unseen[] = "group 1: 2 files, opened by an untraced call\n  descriptors:\n"
			     "    3 file /a, read\n    4 file /b, read\n";
static const char of_all_kinds[] = "group 1: 5 descriptors, opener unknown\n  descriptors:\n"
				   "    3 file /a, read\n    4 tcp unbound, CLOSE_WAIT\n"
				   "    and 3 more (FDTRAIL_SHOW=all lists them)\n";

static void a_groups_age_limit_looks_at_all_of_its_descriptors(void **state)
{
	struct limits limits = LIMITS_INIT;

	limits.age = 8.9;
	assert_int_equal(verdict_on(snapshot_of("", two_files, ""), limits), LIMITS_BROKEN);
	limits.age = 9;
	assert_int_equal(verdict_on(snapshot_of("", two_files, ""), limits), LIMITS_KEPT);
}

static void an_unknown_age_does_not_count_as_young(void **state)
{
	struct limits limits = LIMITS_INIT;

	limits.age = 100;
	assert_int_equal(verdict_on(snapshot_of("", unseen, ""), limits), LIMITS_UNKNOWN);
	/* But a descriptor that a program of 50 seconds opened is at most 50 seconds old. */
	assert_int_equal(verdict_on(snapshot_of("uptime: 50.0s\n", unseen, ""), limits),
			 LIMITS_KEPT);
	limits.age = 49;
	assert_int_equal(verdict_on(snapshot_of("uptime: 50.0s\n", unseen, ""), limits),
			 LIMITS_UNKNOWN);
}

static void kinds_that_are_not_listed_do_not_count_as_others(void **state)
{
	struct limits limits = LIMITS_INIT;

	limits.open = 5;
	assert_int_equal(verdict_on(snapshot_of("", of_all_kinds, ""), limits), LIMITS_KEPT);
	limits.kinds = KIND_BIT(KIND_FILE);
	assert_int_equal(verdict_on(snapshot_of("", of_all_kinds, ""), limits), LIMITS_UNKNOWN);
	limits.open = 0;
	assert_int_equal(verdict_on(snapshot_of("", of_all_kinds, ""), limits), LIMITS_BROKEN);
	limits = (struct limits)LIMITS_INIT;
	limits.close_wait = 0;
	assert_int_equal(verdict_on(snapshot_of("", of_all_kinds, ""), limits), LIMITS_BROKEN);
	limits.close_wait = 1;
	assert_int_equal(verdict_on(snapshot_of("", of_all_kinds, ""), limits), LIMITS_UNKNOWN);
}

static void an_unknown_state_does_not_count_as_another_one(void **state)
{
	static const struct {
		const char *groups;
		int64_t waiting; /* at most this many wait */
	} cases[] = {
		{"group 1: 3 tcp sockets (1 in CLOSE_WAIT), opener unknown\n  descriptors:\n"
		 "    3 tcp unknown\n    4 tcp unknown\n    5 tcp 1.2.3.4:5, CLOSE_WAIT\n",
		 3},
		{"group 1: 1 socket, opened in f\n  descriptors:\n"
		 "    3 socket that does not say what it is\n",
		 1},
		{"group 1: 2 descriptors, inherited\n  descriptors:\n    0 other unknown\n"
		 "    7 other unknown\n",
		 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct limits limits = LIMITS_INIT;

		limits.close_wait = cases[i].waiting;
		assert_int_equal(verdict_on(snapshot_of("", cases[i].groups, ""), limits),
				 LIMITS_KEPT);
		limits.close_wait--;
		assert_int_equal(verdict_on(snapshot_of("", cases[i].groups, ""), limits),
				 LIMITS_UNKNOWN);
		/* A socket whose protocol is not known may be a TCP socket. */
		limits.kinds = KIND_BIT(KIND_TCP);
		assert_int_equal(verdict_on(snapshot_of("", cases[i].groups, ""), limits),
				 LIMITS_UNKNOWN);
		limits.kinds = KIND_BIT(KIND_FILE);
		assert_int_equal(verdict_on(snapshot_of("", cases[i].groups, ""), limits),
				 LIMITS_KEPT);
	}
}

static void a_descriptor_whose_name_cant_be_read_may_be_of_any_kind(void **state)
{
	static const char unreadable[] =
		"group 1: 2 other descriptors, opener unknown\n  descriptors:\n"
		"    3 other unknown, name can't be read: permission denied\n    4 other "
		"uts:[4026531838]\n";
	struct limits limits = LIMITS_INIT;

	limits.open = 2;
	assert_int_equal(verdict_on(snapshot_of("", unreadable, ""), limits), LIMITS_KEPT);
	limits.kinds = KIND_BIT(KIND_FILE);
	assert_int_equal(verdict_on(snapshot_of("", unreadable, ""), limits), LIMITS_UNKNOWN);
	limits = (struct limits)LIMITS_INIT;
	limits.close_wait = 0;
	assert_int_equal(verdict_on(snapshot_of("", unreadable, ""), limits), LIMITS_UNKNOWN);
}

static void no_limit_passes_for_a_process_that_could_not_be_inspected(void **state)
{
	struct limits limits = LIMITS_INIT;

	limits.open = limits.group = limits.close_wait = 100;
	assert_int_equal(
		verdict_on(snapshot_of("unclosed: unknown: process 7 is private\n", "", ""),
			   limits),
		LIMITS_UNKNOWN);
	assert_int_equal(verdict_on(snapshot_of("unclosed: 0; 3 inherited\n", "", ""), limits),
			 LIMITS_KEPT);
}

static void a_group_without_a_stack_does_not_count_as_one_stacks(void **state)
{
	struct limits limits = LIMITS_INIT;

	limits.group = 1;
	assert_int_equal(verdict_on(snapshot_of("", unseen, ""), limits), LIMITS_UNKNOWN);
	assert_int_equal(verdict_on(snapshot_of("", two_files, ""), limits), LIMITS_BROKEN);
	limits.group = 2;
	assert_int_equal(verdict_on(snapshot_of("", unseen, ""), limits), LIMITS_KEPT);
}

static void a_group_that_is_lost_makes_the_answer_unknown(void **state)
{
	struct limits limits = LIMITS_INIT;

	limits.open = 2;
	assert_int_equal(
		verdict_on(snapshot_of("unclosed: 2 in 1 group; 0 inherited\n", two_files, ""),
			   limits),
		LIMITS_KEPT);
	assert_int_equal(
		verdict_on(snapshot_of("unclosed: 5 in 2 groups; 0 inherited\n", two_files, ""),
			   limits),
		LIMITS_UNKNOWN);
}

static void counts_of_an_absurd_file_do_not_overflow(void **state)
{
	static const char groups[] =
		"group 1: 9223372036854775807 files, opened in f\ngroup 2: 9223372036854775807 "
		"files, opened in f\n";
	struct limits limits = LIMITS_INIT;
	struct model_snapshot *old = snapshot_of("", groups, ""),
			      *new = snapshot_of("", groups, "");
	struct diff *diff = diff_create(old, new);

	assert_int_equal(diff->count, 1);
	assert_int_equal(diff->entries[0].new_count, INT64_MAX);
	assert_int_equal(diff_growth(&diff->entries[0]), 0);
	diff_destroy(diff);
	model_destroy(old);
	limits.open = INT64_MAX - 1;
	assert_int_equal(verdict_on(new, limits), LIMITS_BROKEN);
}

static void a_suppressed_group_does_not_count(void **state)
{
	struct suppressions *suppressions = suppressions_create();
	struct model_snapshot *snapshot = snapshot_of("", two_files, "");
	struct limits limits = LIMITS_INIT;
	char path[] = "/tmp/fdtrail-check-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");

	fputs("# all of x\r\nleak:^/x$\r\n", file);
	fclose(file);
	assert_true(suppressions_read(suppressions, path, ""));
	remove(path);
	suppressions_apply(suppressions, snapshot);
	assert_true(snapshot->groups[0].suppressed);
	limits.open = 0;
	assert_int_equal(verdict_on(snapshot, limits), LIMITS_KEPT);
	suppressions_destroy(suppressions);
}

static void without_limits_nothing_is_checked(void **state)
{
	struct limits limits = LIMITS_INIT;

	assert_false(limits_any(&limits));
	assert_int_equal(verdict_on(snapshot_of("", two_files, ""), limits), LIMITS_KEPT);
	limits.age = 0;
	assert_true(limits_any(&limits));
}

/* The changes from old_groups to new_groups, as one text. */
static char *changes(const char *old_groups, const char *old_modules, const char *new_groups,
		     const char *new_modules)
{
	struct model_snapshot *old = snapshot_of("", old_groups, old_modules);
	struct model_snapshot *new = snapshot_of("", new_groups, new_modules);
	struct diff *diff = diff_create(old, new);
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	for (size_t i = 0; i < diff->count; i++)
		fprintf(to, "%s%s %d -> %d", i ? ", " : "",
			diff_change_name(diff->entries[i].change), (int)diff->entries[i].old_count,
			(int)diff->entries[i].new_count);
	if (diff_rebuilt(diff))
		fprintf(to, "; %s is rebuilt", diff_rebuilt(diff));
	fclose(to);
	diff_destroy(diff);
	model_destroy(old);
	model_destroy(new);
	return text;
}

#define assert_changes(expected, ...)                                                              \
	do {                                                                                       \
		char *got = changes(__VA_ARGS__);                                                  \
		assert_string_equal(got, expected);                                                \
		free(got);                                                                         \
	} while (0)

#define GROUP(count, address, offset)                                                              \
	"group 1: " count " files, opened in f\n  opened at:\n    #0 " address " in f (/x+" offset \
	")\n"
#define MODULES(start, path, id) "modules:\n  " start "-0xffffff " path ", BuildId " id "\n"

static void stacks_are_the_same_if_build_id_and_offset_are(void **state)
{
	assert_changes("grown 2 -> 5", GROUP("2", "0x1010", "0x10"), MODULES("0x1000", "/x", "aa"),
		       GROUP("5", "0x9010", "0x10"), MODULES("0x9000", "/x", "aa"));
	assert_changes("new 0 -> 5, gone 2 -> 0", GROUP("2", "0x1010", "0x10"),
		       MODULES("0x1000", "/x", "aa"), GROUP("5", "0x1020", "0x20"),
		       MODULES("0x1000", "/x", "aa"));
	assert_changes("new 0 -> 5, gone 2 -> 0; /x is rebuilt", GROUP("2", "0x1010", "0x10"),
		       MODULES("0x1000", "/x", "aa"), GROUP("5", "0x1010", "0x10"),
		       MODULES("0x1000", "/x", "bb"));
}

static void without_a_module_list_stacks_are_matched_by_path(void **state)
{
	assert_changes("shrunk 5 -> 2", GROUP("5", "0x1010", "0x10"), "",
		       GROUP("2", "0x9010", "0x10"), MODULES("0x9000", "/x", "aa"));
}

static void groups_of_other_kinds_or_origins_are_different_groups(void **state)
{
	assert_changes("new 0 -> 3, gone 2 -> 0", "group 1: 2 files, opened by an untraced call\n",
		       "", "group 1: 3 pipe ends, opened by an untraced call\n", "");
	assert_changes("new 0 -> 3, gone 2 -> 0", "group 1: 2 files, opened by an untraced call\n",
		       "", "group 1: 3 files, opener unknown\n", "");
	assert_changes("grown 2 -> 3", "group 1: 2 files, opened by an untraced call\n", "",
		       "group 1: 3 files, opened by an untraced call\n", "");
}

static void inherited_descriptors_are_no_change(void **state)
{
	assert_changes("", "group 1: 2 descriptors, inherited\n", "",
		       "group 1: 3 descriptors, inherited\n", "");
}

static void groups_with_different_last_http_requests_are_different_groups(void **state)
{
#define USED(count, offset)                                                                        \
	GROUP(count, "0x1010", "0x10")                                                             \
	"  last HTTP request by:\n    #0 0x1010 in f (/x+" offset ")\n"
	assert_changes("grown 2 -> 3", USED("2", "0x20"), "", USED("3", "0x20"), "");
	assert_changes("new 0 -> 3, gone 2 -> 0", USED("2", "0x20"), "", USED("3", "0x30"), "");
	assert_changes("new 0 -> 3, gone 2 -> 0", USED("2", "0x20"), "",
		       GROUP("3", "0x1010", "0x10"), "");
}

static void the_group_that_grew_most_comes_first(void **state)
{
	assert_changes("grown 1 -> 9, new 0 -> 4, gone 3 -> 0, shrunk 5 -> 4, same 6 -> 6",
		       "group 1: 1 file, opened by an untraced call\n"
		       "group 2: 3 pipe ends, opened by an untraced call\n"
		       "group 3: 5 eventfds, opened by an untraced call\n"
		       "group 4: 6 memfds, opened by an untraced call\n",
		       "",
		       "group 1: 6 memfds, opened by an untraced call\n"
		       "group 2: 4 eventfds, opened by an untraced call\n"
		       "group 3: 4 pidfds, opened by an untraced call\n"
		       "group 4: 9 files, opened by an untraced call\n",
		       "");
}

static const char peak_of_others[] =
	"peak 1: 100 open at once, opened in main\n  reached: 0.3s after the start\n"
	"  stack: 100 opened, 100 closed, 0 live; peak 100\n  opened at:\n"
	"    #0 0x1 in main (/srv/app+0x1)\n",
		  bounded_peak[] = "peak 1: at most 100 open at once, opened in main\n"
				   "  stack: 100 opened, 100 closed, 0 live; peak at most 100\n";

static enum limits_verdict verdict_of(const struct limits *limits, const char *header,
				      const char *peaks, bool *broken)
{
	char whole[512];
	struct model_snapshot *snapshot;
	enum limits_verdict verdict;

	snprintf(whole, sizeof(whole), "%s\nunclosed: 0; 3 inherited\n", header);
	snapshot = snapshot_of(whole, peaks, "");
	verdict = limits_check(limits, snapshot, NULL, NULL);
	if (broken)
		*broken = snapshot->peak_count && snapshot->peaks[0].of.broken;
	model_destroy(snapshot);
	return verdict;
}

static void peaks_are_checked_against_limits(void **state)
{
	struct limits peak = LIMITS_INIT, percent = LIMITS_INIT, group = LIMITS_INIT;
	static const char header[] =
		"descriptors: 3 open, limit 128 (2 %)\n"
		"peak: 100 open at once, 0.3s after the start; 103 with the inherited",
			  bounded[] =
				  "descriptors: 3 open, limit 128 (2 %)\n"
				  "peak: at most 100 open at once, 0.3s after the start; 103 with "
				  "the inherited",
			  hidden[] = "peak: 100 open at once, 0.3s after the start\n"
				     "peaks: 1 listed; 7 more stacks, at most 40 open at once",
			  old[] = "descriptors: 3 open, limit 128 (2 %)";
	bool broken;

	(void)state;
	peak.peak = 100;
	assert_int_equal(verdict_of(&peak, header, peak_of_others, NULL), LIMITS_KEPT);
	peak.peak = 99;
	assert_int_equal(verdict_of(&peak, header, peak_of_others, NULL), LIMITS_BROKEN);
	assert_int_equal(verdict_of(&peak, bounded, "", NULL), LIMITS_UNKNOWN);
	/* A snapshot of an older version has no peak line, which does not mean that there was no
	 * peak. */
	assert_int_equal(verdict_of(&peak, old, "", NULL), LIMITS_UNKNOWN);
	/* The snapshot does not tell how many of these were files. */
	peak.kinds = KIND_BIT(KIND_FILE);
	assert_int_equal(verdict_of(&peak, header, "", NULL), LIMITS_UNKNOWN);

	/* 103 of 128 are 80.5 %. */
	percent.peak_percent = 81;
	assert_int_equal(verdict_of(&percent, header, "", NULL), LIMITS_KEPT);
	percent.peak_percent = 80;
	assert_int_equal(verdict_of(&percent, header, "", NULL), LIMITS_BROKEN);
	assert_int_equal(verdict_of(&percent, old, "", NULL), LIMITS_UNKNOWN);
	assert_int_equal(verdict_of(&percent, hidden, "", NULL), LIMITS_UNKNOWN);

	group.peak_group = 100;
	assert_int_equal(verdict_of(&group, header, peak_of_others, &broken), LIMITS_KEPT);
	assert_false(broken);
	group.peak_group = 99;
	assert_int_equal(verdict_of(&group, header, peak_of_others, &broken), LIMITS_BROKEN);
	assert_true(broken);
	assert_int_equal(verdict_of(&group, header, bounded_peak, &broken), LIMITS_UNKNOWN);
	assert_false(broken);
	assert_int_equal(verdict_of(&group, old, "", NULL), LIMITS_UNKNOWN);
	group.peak_group = 40;
	assert_int_equal(verdict_of(&group, hidden, "", NULL), LIMITS_KEPT);
	group.peak_group = 39;
	assert_int_equal(verdict_of(&group, hidden, "", NULL), LIMITS_UNKNOWN);
	/* The peak of a stack that still has open descriptors stands in its group. */
	assert_int_equal(verdict_of(&group, header,
				    "group 1: 1 file, opened in main\n"
				    "  stack: 9 opened, 8 closed, 1 live; peak 40\n  opened at:\n"
				    "    #0 0x1 in main (/srv/app+0x1)\n  descriptors:\n"
				    "    3 file /x\n",
				    NULL),
			 LIMITS_BROKEN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "peaks are checked against limits",
		 .test_func = peaks_are_checked_against_limits},
		{.name = "patterns match as LeakSanitizer's do",
		 .test_func = patterns_match_as_leak_sanitizers_do},
		{.name = "a pattern of many stars is matched in bounded time",
		 .test_func = a_pattern_of_many_stars_is_matched_in_bounded_time},
		{.name = "a group's age limit looks at all of its descriptors",
		 .test_func = a_groups_age_limit_looks_at_all_of_its_descriptors},
		{.name = "an unknown age does not count as young",
		 .test_func = an_unknown_age_does_not_count_as_young},
		{.name = "kinds that are not listed do not count as others",
		 .test_func = kinds_that_are_not_listed_do_not_count_as_others},
		{.name = "an unknown state does not count as another one",
		 .test_func = an_unknown_state_does_not_count_as_another_one},
		{.name = "a descriptor whose name can't be read may be of any kind",
		 .test_func = a_descriptor_whose_name_cant_be_read_may_be_of_any_kind},
		{.name = "no limit passes for a process that could not be inspected",
		 .test_func = no_limit_passes_for_a_process_that_could_not_be_inspected},
		{.name = "a group without a stack does not count as one stack's",
		 .test_func = a_group_without_a_stack_does_not_count_as_one_stacks},
		{.name = "a group that is lost makes the answer unknown",
		 .test_func = a_group_that_is_lost_makes_the_answer_unknown},
		{.name = "counts of an absurd file do not overflow",
		 .test_func = counts_of_an_absurd_file_do_not_overflow},
		{.name = "a suppressed group does not count",
		 .test_func = a_suppressed_group_does_not_count},
		{.name = "without limits nothing is checked",
		 .test_func = without_limits_nothing_is_checked},
		{.name = "stacks are the same if build id and offset are",
		 .test_func = stacks_are_the_same_if_build_id_and_offset_are},
		{.name = "without a module list stacks are matched by path",
		 .test_func = without_a_module_list_stacks_are_matched_by_path},
		{.name = "groups of other kinds or origins are different groups",
		 .test_func = groups_of_other_kinds_or_origins_are_different_groups},
		{.name = "inherited descriptors are no change",
		 .test_func = inherited_descriptors_are_no_change},
		{.name = "groups with different last HTTP requests are different groups",
		 .test_func = groups_with_different_last_http_requests_are_different_groups},
		{.name = "the group that grew most comes first",
		 .test_func = the_group_that_grew_most_comes_first},
	};
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
