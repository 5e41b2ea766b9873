// SPDX-License-Identifier: MIT
/* Exports that are text (collapsed stacks, metrics and JSON) from snapshots as the reader
 * delivers them, and the parts that they share: stack ids, tallies, and names that a format
 * can't hold. */
#include "../export_checks.h"
#include "../export_fixture.h"

#include "tools/arguments/format_table.h"
#include "tools/export/clean_text.h"
#include "tools/export/json_writer.h"
#include "tools/export/prometheus.h"
#include "tools/reader/snapshot_time.h"
#include "tools/export/stack_id.h"
#include "tools/export/tally.h"

#define HEADER(number, pid)                                                                        \
	"fdtrail snapshot, format 1\n"                                                             \
	"why: SIGUSR1 from process 1\n"                                                            \
	"number: " number "\n"                                                                     \
	"when: 2026-11-23T11:15:59.689Z\n"                                                         \
	"process: " pid " server, parent 1 (init), user 1000\n"                                    \
	"command: /srv/server --x=\\xff\n"                                                         \
	"uptime: 12.5s\n"                                                                          \
	"descriptors: 12 open, limit 1024 (1 %)\n"                                                 \
	"versions: fdtrail 0.1.0, libunwind 1.6, glibc 2.36, Linux 6.1, x86_64\n"                  \
	"host: box\n"                                                                              \
	"unclosed: 5 in 2 groups; 3 inherited\n"                                                   \
	"\n"

#define GROUP(base, count)                                                                         \
	"group 1: " count " tcp sockets (2 in CLOSE_WAIT, 1 in ESTABLISHED), opened in dial\n"     \
	"  ages: 1.0s to 4.0s\n"                                                                   \
	"  stack: 9 opened, 6 closed, 3 live, +2 since the last snapshot\n"                        \
	"  opened at:\n"                                                                           \
	"    #0 0x" base "11a9 in dial (/srv/server+0x11a9)\n"                                     \
	"    #1 0x" base "12a9 (/srv/server+0x12a9)\n"                                             \
	"    #2 0x7f0000000249 in \"a;b \\n\\\"c\\\" \\xff\" (/lib/libx.so+0x249) (BuildId: "      \
	"93ac)\n"                                                                                  \
	"    (deeper: cut at 3 frames, the most that are kept)\n"                                  \
	"  descriptors:\n"                                                                         \
	"    7 tcp 10.0.0.1:5000 -> 10.0.0.2:80, CLOSE_WAIT, age 4.0s, thread 4712 (w)\n"          \
	"    8 tcp 10.0.0.1:5001 -> 10.0.0.2:80, ESTABLISHED, age 1.0s, thread 4712 (w)\n"         \
	"    and 1 more (FDTRAIL_SHOW=all lists them)\n"                                           \
	"\n"

#define SMALL(count, function, offset)                                                             \
	"group 2: " count " files, opened in " function "\n"                                       \
	"  opened at:\n"                                                                           \
	"    #0 0x55000000" offset " in " function " (/srv/server+0x" offset ")\n"                 \
	"  descriptors:\n"                                                                         \
	"    9 file /tmp/a, read\n"                                                                \
	"    and 1 more (FDTRAIL_SHOW=all lists them)\n"                                           \
	"\n"

#define OTHERS                                                                                     \
	"group 2: 2 files, opened by an untraced call\n"                                           \
	"  reason: no hook saw them open\n"                                                        \
	"  descriptors:\n"                                                                         \
	"    9 file \"/tmp/a\\n\\xfe\\\"\", deleted, read, position 0, size 5\n"                   \
	"    10 file /tmp/\\x1b\\xe2\\x80\\xaebad, read, position 0, size 5\n"                     \
	"\n"                                                                                       \
	"group 3: 3 descriptors, inherited\n"                                                      \
	"  descriptors:\n"                                                                         \
	"    0 terminal /dev/pts/1, read-write\n"                                                  \
	"    1 pipe pipe:[12], write end\n"                                                        \
	"    2 pipe pipe:[12], write end\n"                                                        \
	"\n"

#define MODULES                                                                                    \
	"modules:\n"                                                                               \
	"  0x550000000000-0x550000009000 /srv/server, BuildId 25c3\n"                              \
	"\n"
#define END "end of fdtrail snapshot, format 1\n"

static const char whole[] = HEADER("1", "4711") GROUP("55000000", "3") OTHERS MODULES END;

static void bytes_that_are_not_text_become_a_mark(void **state)
{
	static const struct {
		const char *text;
		size_t limit;
		const char *clean;
	} cases[] = {
		{"", 0, ""},
		{"plain \xc3\xa4", 0, "plain \xc3\xa4"},
		{"a\nb\xff\xe2\x80\xae", 0,
		 "a\xef\xbf\xbd"
		 "b\xef\xbf\xbd\xef\xbf\xbd"},
		{"12345678", 8, "12345678"},
		{"123456789", 8, "12345..."},
		{"1234\xc3\xa4"
		 "6789",
		 8, "1234..."},
		{"\xed\xb2\x80", 0, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *clean = clean_text(cases[i].text, cases[i].limit);

		assert_string_equal(clean, cases[i].clean);
		free(clean);
	}
}

static void a_json_string_is_valid_whatever_bytes_it_holds(void **state)
{
	char *text = NULL;
	size_t size;
	struct json_writer json = {.file = open_memstream(&text, &size)};

	json_begin_object(&json, NULL);
	json_string(&json, "a", "q\"b\\s\n\x01\x7f");
	json_string(&json, "b", "\xff/\xc3\xa4");
	json_string(&json, "c", "\xe2\x80\xae\xf3\xa0\x80\x81"); /* U+202E, U+E0001 */
	json_begin_array(&json, "d");
	json_string(&json, NULL, "\xff");
	json_integer(&json, NULL, -3);
	json_begin_object(&json, NULL);
	json_end_object(&json);
	json_end_array(&json);
	json_seconds(&json, "e", 0.0 / 0.0);
	json_seconds_if_known(&json, "f", -1);
	json_integer_if_known(&json, "g", MODEL_UNKNOWN);
	json_string_if_known(&json, "h", NULL);
	json_true_if(&json, "i", false);
	json_address(&json, "j", UINT64_MAX);
	json_end_object(&json);
	json_end_document(&json);
	fclose(json.file);
	assert_string_equal(text, "{\"a\":\"q\\\"b\\\\s\\n\\u0001\\u007f\","
				  "\"b\":\"\xef\xbf\xbd/\xc3\xa4\",\"b_hex\":\"ff2fc3a4\","
				  "\"c\":\"\\u202e\\udb40\\udc01\","
				  "\"d\":[\"\xef\xbf\xbd\",-3,{}],\"e\":null,"
				  "\"j\":\"0xffffffffffffffff\"}\n");
	free(text);
}

static void a_collapsed_stack_begins_at_the_program(void **state)
{
	struct exported *exported = exported_create(whole);

	assert_string_equal(exported_as(exported, "folded", NULL),
			    "server;[incomplete];a:b \xef\xbf\xbd\"c\" "
			    "\xef\xbf\xbd;server+0x12a9;dial;[tcp] 3\n"
			    "server;[opened by an untraced call];[file] 2\n"
			    "server;[inherited] 3\n");
	exported_destroy(exported);
}

static void an_inlined_call_is_a_frame_of_its_own(void **state)
{
	struct exported *exported = exported_create(whole);
	struct model_frame *frames = exported->snapshots[0]->groups[0].stacks[0].frames;
	struct model_location locations[] = {
		{.function = "inner", .file = "/src/a.c", .line = 3, .inlined = true},
		{.function = "outer", .file = "/src/a.c", .line = 30},
	};
	const char *text;

	frames[1].locations = locations;
	frames[1].location_count = 2;
	frames[1].own = true;
	assert_has(exported_as(exported, "folded", NULL), ";outer;inner;dial;[tcp] 3\n");
	text = exported_as(exported, "json", NULL);
	assert_has(text, "\"index\":1,\"address\":\"0x5500000012a9\",\"function\":\"inner\","
			 "\"file\":\"/src/a.c\",\"line\":3,\"module\":\"/srv/server\","
			 "\"offset\":\"0x12a9\",\"build_id\":\"25c3\",\"inlined\":true");
	assert_has(text, "\"function\":\"outer\",\"file\":\"/src/a.c\",\"line\":30,"
			 "\"module\":\"/srv/server\",\"offset\":\"0x12a9\",\"build_id\":\"25c3\","
			 "\"inlined\":false");
	assert_has(exported_as(exported, "prometheus", NULL), "function=\"inner\"");
	exported_destroy(exported);
}

static void frames_of_a_runtime_are_left_out_on_request(void **state)
{
	static const struct export_options collapse = {.collapse_runtime = true};
	struct exported *exported = exported_create(whole);
	const char *text;

	/* Everything is shown as long as no frame is marked as the program's own. */
	assert_has(exported_as(exported, "folded", &collapse), ";server+0x12a9;dial;[tcp] 3\n");
	exported->snapshots[0]->groups[0].stacks[0].frames[1].own = true;
	assert_has(exported_as(exported, "folded", &collapse),
		   "server;[incomplete];server+0x12a9;[tcp] 3\n");
	text = exported_as(exported, "json", &collapse);
	assert_has_not(text, "\"function\":\"dial\"");
	assert_has(text, "0x12a9");
	exported_destroy(exported);
}

static void a_suppressed_group_counts_nowhere(void **state)
{
	struct exported *exported = exported_create(whole);

	exported->snapshots[0]->groups[0].suppressed = true;
	assert_has_not(exported_as(exported, "folded", NULL), "dial");
	assert_has_not(exported_as(exported, "prometheus", NULL), "dial");
	assert_has(exported_as(exported, "json", NULL), "\"suppressed\":true");
	exported_destroy(exported);
}

static void of_one_process_the_newest_snapshot_counts(void **state)
{
	struct exported *exported = exported_create(
		HEADER("2", "7") GROUP("55000000", "5") END HEADER("1", "7") GROUP("55000000", "4")
			END HEADER("1", "8") GROUP("55000000", "3") END);

	assert_int_equal(exported->count, 3);
	assert_string_equal(exported_as(exported, "folded", NULL),
			    "server;[incomplete];a:b \xef\xbf\xbd\"c\" "
			    "\xef\xbf\xbd;server+0x12a9;dial;[tcp] 5\n"
			    "server;[incomplete];a:b \xef\xbf\xbd\"c\" "
			    "\xef\xbf\xbd;server+0x12a9;dial;[tcp] 3\n");
	exported_destroy(exported);
}

static void metrics_have_each_series_once(void **state)
{
	struct exported *exported = exported_create(HEADER("1", "7") GROUP(
		"55000000", "3") OTHERS END HEADER("1", "8") GROUP("56000000", "3") END);
	char id[STACK_ID_SIZE], line[512];
	const char *text;

	stack_id(&exported->snapshots[0]->groups[0].stacks[0], id);
	text = exported_as(exported, "prometheus", NULL);
	/* Two processes of one program at different addresses are added up. */
	snprintf(line, sizeof(line),
		 "fdtrail_open_descriptors{program=\"server\",kind=\"tcp\",state=\"CLOSE_WAIT\","
		 "stack=\"%s\",function=\"dial\"} 4\n",
		 id);
	assert_has(text, line);
	snprintf(line, sizeof(line),
		 "fdtrail_stack_opened_total{program=\"server\",stack=\"%s\",function=\"dial\"} "
		 "18\n",
		 id);
	assert_has(text, line);
	snprintf(line, sizeof(line),
		 "fdtrail_oldest_descriptor_age_seconds{program=\"server\",kind=\"tcp\","
		 "state=\"CLOSE_WAIT\",stack=\"%s\",function=\"dial\"} 4\n",
		 id);
	assert_has(text, line);
	assert_has(text, "fdtrail_open_descriptors{program=\"server\",kind=\"pipe\",state=\"\","
			 "stack=\"\",function=\"[inherited]\"} 2\n");
	assert_has(text, "fdtrail_process_max_descriptors{program=\"server\",pid=\"7\"} 1024\n");
	assert_has(text, "fdtrail_process_max_descriptors{program=\"server\",pid=\"8\"} 1024\n");
	assert_has(text, "fdtrail_snapshot_timestamp_seconds{program=\"server\",pid=\"8\"} "
			 "1795432559.689\n");
	assert_has(text, "fdtrail_snapshot_complete{program=\"server\",pid=\"8\"} 1\n");
	exported_destroy(exported);
}

static void groups_with_one_stack_count_its_figures_once(void **state)
{
	struct exported *exported =
		exported_create(HEADER("1", "7") GROUP("55000000", "3") GROUP("55000000", "3") END);

	assert_has(exported_as(exported, "prometheus", NULL), "function=\"dial\"} 9\n");
	exported_destroy(exported);
}

/* The metrics of all snapshots with these bounds. */
static const char *bounded(struct exported *exported, size_t stacks, size_t processes)
{
	const struct prometheus_bounds bounds = {stacks, processes};
	struct metric_family families[METRIC_NAMES];
	FILE *stream;

	free(exported->text);
	stream = open_memstream(&exported->text, &exported->size);
	assert_non_null(stream);
	metric_names_begin(families);
	assert_int_equal(prometheus_add(families,
					(const struct model_snapshot *const *)exported->snapshots,
					exported->count, &bounds),
			 0);
	metric_names_end(families, stream);
	assert_int_equal(fclose(stream), 0);
	return exported->text;
}

static void the_number_of_series_is_bounded(void **state)
{
	static const char stacks[] = /* in two processes: dial has 3 and 3, serve 5, ask 2 */
		HEADER("1", "7") GROUP("55000000", "3") SMALL("5", "serve", "21a9")
			END HEADER("1", "8") GROUP("56000000", "3") SMALL("2", "ask", "31a9") END;
	struct exported *exported = exported_create(stacks);
	const char *text = bounded(exported, 1, 1);

	assert_has(text, "function=\"dial\"} 4\n"); /* in CLOSE_WAIT */
	assert_has_not(text, "\"serve\"");
	assert_has_not(text, "\"ask\"");
	assert_has(text, "fdtrail_open_descriptors{program=\"server\",kind=\"file\",state=\"\","
			 "stack=\"\",function=\"[other]\"} 7\n");
	assert_has(text, "fdtrail_process_open_descriptors{program=\"server\",pid=\"7\"}");
	assert_has_not(text, "pid=\"8\"");
	text = bounded(exported, 2, 2);
	assert_has(text, "function=\"serve\"} 5\n");
	assert_has(text, "function=\"[other]\"} 2\n");
	assert_has(text, "pid=\"8\"");
	text = bounded(exported, 0, 0);
	assert_has_not(text, "dial");
	assert_has_not(text, "pid=");
	assert_true(metrics_are_sound(exported->text));
	exported_destroy(exported);
}

static void peaks_are_exported_beside_groups(void **state)
{
	struct exported *exported = exported_create(
		"fdtrail snapshot, format 1\nwhy: exit with status 0\nprocess: 7 server, user 0\n"
		"peak: 100 open at once, 0.3s after the start; 103 with the inherited\n"
		"peaks: 1 listed; 2 more stacks, at most 40 open at once\n"
		"unclosed: 0; 3 inherited\n\n"
		"peak 1: 100 open at once, opened in dial\n  reached: 0.3s after the start\n"
		"  until the end: 90\n  stack: 120 opened, 120 closed, 0 live; peak 100\n"
		"  opened at:\n    #0 0x11a9 in dial (/srv/server+0x11a9)\n\n" END);
	const char *text = exported_as(exported, "prometheus", NULL);
	char id[STACK_ID_SIZE], line[256];

	(void)state;
	stack_id(&exported->snapshots[0]->peaks[0].of.stacks[0], id);
	assert_has(text, "fdtrail_process_peak_descriptors{program=\"server\",pid=\"7\"} 103\n");
	snprintf(
		line, sizeof(line),
		"fdtrail_stack_peak_descriptors{program=\"server\",stack=\"%s\",function=\"dial\"} "
		"100\n",
		id);
	assert_has(text, line);
	text = exported_as(exported, "json", NULL);
	assert_has(text, "\"peak\":{\"open\":100,\"with_inherited\":103,\"reached_seconds\":0.3,"
			 "\"unlisted_stacks\":2,\"unlisted_most\":40}");
	assert_has(text, "\"reached_seconds\":0.3,\"until_end\":90,\"figures\":{\"opened\":120,"
			 "\"closed\":120,\"live\":0,\"peak\":100}");
	snprintf(line, sizeof(line), "\"stack_id\":\"%s\"", id);
	assert_has(text, line);
	exported_destroy(exported);
}

static void a_stack_keeps_its_id_wherever_it_is_loaded(void **state)
{
	struct exported *one = exported_create(whole);
	struct exported *moved =
		exported_create(HEADER("1", "7") GROUP("56000000", "3") MODULES END);
	struct model_stack *stack = &moved->snapshots[0]->groups[0].stacks[0];
	char first[STACK_ID_SIZE], second[STACK_ID_SIZE];

	stack_id(&one->snapshots[0]->groups[0].stacks[0], first);
	stack_id(stack, second);
	assert_string_equal(first, second);
	stack->frames[1].offset++;
	stack_id(stack, second);
	assert_string_not_equal(first, second);
	stack->frames[1].offset--;
	stack->frames[1].build_id = "25c4";
	stack_id(stack, second);
	assert_string_not_equal(first, second);
	exported_destroy(one);
	exported_destroy(moved);
}

static void a_tally_adds_up_to_what_the_heading_counts(void **state)
{
	struct exported *exported = exported_create(whole);
	struct tally_row rows[TALLY_ROWS];

	assert_int_equal(tally_group(&exported->snapshots[0]->groups[0], rows), 2);
	assert_int_equal(rows[0].kind, KIND_TCP);
	assert_string_equal(rows[0].state, "CLOSE_WAIT");
	assert_int_equal(rows[0].count, 2);
	assert_int_equal(rows[0].aged, 1);
	assert_true(rows[0].age == 4.0);
	assert_string_equal(rows[1].state, "ESTABLISHED");
	assert_int_equal(rows[1].count, 1);

	assert_int_equal(tally_group(&exported->snapshots[0]->groups[2], rows), 2);
	assert_int_equal(rows[0].kind, KIND_TERMINAL);
	assert_null(rows[0].state);
	assert_int_equal(rows[1].kind, KIND_PIPE);
	assert_int_equal(rows[1].count, 2);

	exported->snapshots[0]->groups[0].count = INT64_MAX;
	exported->snapshots[0]->groups[0].states[0].count = INT64_MAX;
	assert_int_equal(tally_group(&exported->snapshots[0]->groups[0], rows), 2);
	exported_destroy(exported);
}

static void a_tally_of_absurd_states_stays_bounded(void **state)
{
	struct model_descriptor descriptors[3 * TALLY_ROWS];
	struct model_group group = {
		.count = 3 * TALLY_ROWS,
		.kind = KIND_COUNT,
		.descriptors = descriptors,
		.descriptor_count = 3 * TALLY_ROWS,
	};
	struct tally_row rows[TALLY_ROWS];
	char names[3 * TALLY_ROWS][8];
	int64_t sum = 0;

	for (int i = 0; i < 3 * TALLY_ROWS; i++) {
		snprintf(names[i], sizeof(names[i]), "S%d", i);
		descriptors[i] = (struct model_descriptor){
			.kind = (enum kind)(i % KIND_COUNT), .state = names[i], .age = -1};
	}
	size_t count = tally_group(&group, rows);
	for (size_t i = 0; i < count; i++)
		sum += rows[i].count;
	assert_int_equal(sum, group.count);
}

static void json_names_what_has_no_stack(void **state)
{
	struct exported *exported = exported_create(whole);
	const char *text = exported_as(exported, "json", NULL);

	assert_has(text, "\"reason\":\"no hook saw them open\",\"stack\":[]");
	assert_has(text, "\"origin\":\"inherited\",\"inherited\":true,");
	assert_has(text, "\"fd\":9,\"kind\":\"file\",\"path\":\"/tmp/a\\n\xef\xbf\xbd\\\"\","
			 "\"path_hex\":\"2f746d702f610afe22\",\"deleted\":true,");
	assert_has(text, "\"path\":\"/tmp/\\u001b\\u202ebad\"");
	assert_has(text, "\"complete\":true");
	assert_has(text, "\"incomplete\":\"deeper: cut at 3 frames, the most that are kept\"");
	exported_destroy(exported);
}

static void json_says_that_a_snapshot_was_cut(void **state)
{
	struct exported *exported = exported_create(HEADER("1", "7") GROUP("55000000", "3"));

	assert_has(exported_as(exported, "json", NULL), "\"complete\":false");
	assert_has(exported_as(exported, "prometheus", NULL),
		   "fdtrail_snapshot_complete{program=\"server\",pid=\"7\"} 0\n");
	exported_destroy(exported);
}

static void goroutines_follow_each_other(void **state)
{
	struct exported *exported = exported_create(
		HEADER("1", "7") "group 1: 1 tcp socket in ESTABLISHED, opened in dial\n"
				 "  opened at:\n"
				 "    #0 0x11 in dial (/srv/server+0x11)\n"
				 "  created by:\n"
				 "    #0 0x12 in serve (/srv/server+0x12)\n"
				 "    (cut)\n"
				 "  created by:\n"
				 "    #0 0x13 in main (/srv/server+0x13)\n"
				 "  last HTTP request by:\n"
				 "    #0 0x14 in ask (/srv/server+0x14)\n"
				 "  descriptors:\n"
				 "    7 tcp 10.0.0.1:5000 -> 10.0.0.2:80, ESTABLISHED\n"
				 "\n" END);
	const char *text;

	/* The connection counts for the last request, not for the first one. */
	assert_string_equal(exported_as(exported, "folded", NULL),
			    "server;ask;[last HTTP request];[tcp] 1\n");
	assert_has(exported_as(exported, "prometheus", NULL), "function=\"ask\"} 1\n");
	text = exported_as(exported, "json", NULL);
	assert_has(text, "\"created_by\":[{\"frames\":[{\"index\":0,\"address\":\"0x12\","
			 "\"function\":\"serve\",");
	assert_has(text, "\"incomplete\":\"cut\"},{\"frames\":[{\"index\":0,\"address\":\"0x13\",");
	assert_has(text, "\"last_http_request_by\":[{\"frames\":[{\"index\":0,"
			 "\"address\":\"0x14\",\"function\":\"ask\",");
	assert_has(text, "\"last_used_at\":[],");
	exported->snapshots[0]->groups[0].stacks[1].http = false;
	assert_string_equal(exported_as(exported, "folded", NULL),
			    "server;ask;[last use];[tcp] 1\n");
	text = exported_as(exported, "json", NULL);
	assert_has(text, "\"last_http_request_by\":[],\"last_used_at\":[{\"frames\":[{");
	exported->snapshots[0]->groups[0].stack_count = 1;
	assert_string_equal(
		exported_as(exported, "folded", NULL),
		"server;main;[created by];[incomplete];serve;[created by];dial;[tcp] 1\n");
	assert_has(exported_as(exported, "prometheus", NULL), "function=\"dial\"} 1\n");
	exported->snapshots[0]->groups[0].stacks[0].created_by->frames[0].own = true;
	assert_has(exported_as(exported, "prometheus", NULL), "function=\"serve\"} 1\n");
	exported_destroy(exported);
}

static void a_group_that_came_through_fork_says_so(void **state)
{
	struct exported *exported = exported_create(whole);

	exported->snapshots[0]->groups[0].origin = MODEL_INHERITED_FORK;
	assert_has(exported_as(exported, "folded", NULL),
		   "server;[inherited through fork];[incomplete];");
	exported_destroy(exported);
}

static void a_text_with_any_bytes_changed_breaks_no_format(void **state)
{
	static const char *const pieces[] = {
		"-1",
		"18446744073709551615",
		"9223372036854775807",
		"\xff",
		"\\xff",
		"\n",
		"\"",
		"0x",
		"group 1: 9 files, inherited\n",
		"inlined",
		", ",
		"(",
		")",
		" ",
		"\\",
		"\xe2\x80\xae",
		"  created by:\n",
		"end of fdtrail snapshot, format 1\n",
		"fdtrail snapshot, format 1\n",
	};
	static const char *const texts[] = {"folded", "json", "prometheus"};
	uint32_t random = 1;

	for (int round = 0; round < 600; round++) {
		char text[2 * sizeof(whole)];
		size_t size = sizeof(whole) - 1;
		struct exported *exported;

		memcpy(text, whole, sizeof(whole));
		for (int change = 0; change < 1 + round % 6; change++) {
			random = random * 1664525 + 1013904223;
			size_t at = (random >> 8) % size;
			const char *piece =
				pieces[(random >> 3) % (sizeof(pieces) / sizeof(*pieces))];
			size_t length = strlen(piece);

			memmove(text + at + length, text + at, size - at + 1);
			memcpy(text + at, piece, length);
			size += length;
		}
		exported = exported_create(text);
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			exported_as(exported, texts[i], NULL);
			assert_true(export_is_clean(exported->text, exported->size));
		}
		assert_true(metrics_are_sound(exported->text));
		exported_as(exported, "pprof", NULL);
		assert_true(exported->size > 20);
		assert_memory_equal(exported->text, "\x1f\x8b", 2);
		exported_destroy(exported);
	}
}

static void a_stack_that_is_cut_in_the_middle_is_incomplete(void **state)
{
	struct exported *exported =
		exported_create(HEADER("1", "7") "group 1: 2 files, opened in dial\n"
						 "  opened at:\n"
						 "    #0 0x11 in dial (/srv/server+0x11)\n"
						 "    #1 0x12 in serve (/srv/ser");

	assert_has(exported_as(exported, "folded", NULL), "server;[incomplete];");
	exported_destroy(exported);
	exported = exported_create(HEADER("1", "7") "group 1: 2 files, opened in dial\n"
						    "  opened at:\n"
						    "    #0 0x11 in dial (/srv/server+0x11)\n"
						    "  descriptors:\n"
						    "    7 file /a, read\n");
	assert_string_equal(exported_as(exported, "folded", NULL), "server;dial;[file] 2\n");
	exported_destroy(exported);
}

static void a_time_is_read_or_refused(void **state)
{
	assert_int_equal(snapshot_time_ms("1970-01-01T00:00:01.5Z"), 1500);
	assert_int_equal(snapshot_time_ms("2026-11-23T11:15:59.689Z"), 1795432559689);
	assert_int_equal(snapshot_time_ms("2026-11-23T11:15:59Z"), 1795432559000);
	assert_int_equal(snapshot_time_ms("2026-11-23"), 0);
	assert_int_equal(snapshot_time_ms("2026-11-23T11:15:59.689Zx"), 0);
	assert_int_equal(snapshot_time_ms("9999-11-23T11:15:59.689Z"), 0);
	assert_int_equal(snapshot_time_ms("2026-11-23T11:15:59.99999999999999999999999999Z"),
			 1795432559999);
	assert_int_equal(snapshot_time_ms(NULL), 0);
}

static void formats_are_found_by_name(void **state)
{
	for (size_t i = 0; i < format_count; i++) {
		assert_ptr_equal(format_find(formats[i].name), &formats[i]);
		assert_true(i == 0 || strcmp(formats[i - 1].name, formats[i].name) < 0);
	}
	assert_null(format_find("xml"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "bytes that are not text become a mark",
		 .test_func = bytes_that_are_not_text_become_a_mark},
		{.name = "a JSON string is valid whatever bytes it holds",
		 .test_func = a_json_string_is_valid_whatever_bytes_it_holds},
		{.name = "a collapsed stack begins at the program",
		 .test_func = a_collapsed_stack_begins_at_the_program},
		{.name = "an inlined call is a frame of its own",
		 .test_func = an_inlined_call_is_a_frame_of_its_own},
		{.name = "frames of a runtime are left out on request",
		 .test_func = frames_of_a_runtime_are_left_out_on_request},
		{.name = "a suppressed group counts nowhere",
		 .test_func = a_suppressed_group_counts_nowhere},
		{.name = "of one process the newest snapshot counts",
		 .test_func = of_one_process_the_newest_snapshot_counts},
		{.name = "metrics have each series once",
		 .test_func = metrics_have_each_series_once},
		{.name = "peaks are exported beside groups",
		 .test_func = peaks_are_exported_beside_groups},
		{.name = "the number of series is bounded, over all processes of a program",
		 .test_func = the_number_of_series_is_bounded},
		{.name = "groups with one stack count its figures once",
		 .test_func = groups_with_one_stack_count_its_figures_once},
		{.name = "a stack keeps its id wherever it is loaded",
		 .test_func = a_stack_keeps_its_id_wherever_it_is_loaded},
		{.name = "a tally adds up to what the heading counts",
		 .test_func = a_tally_adds_up_to_what_the_heading_counts},
		{.name = "a tally of absurd states stays bounded",
		 .test_func = a_tally_of_absurd_states_stays_bounded},
		{.name = "JSON names what has no stack", .test_func = json_names_what_has_no_stack},
		{.name = "JSON says that a snapshot was cut",
		 .test_func = json_says_that_a_snapshot_was_cut},
		{.name = "the stacks of goroutines follow each other",
		 .test_func = goroutines_follow_each_other},
		{.name = "a group that came through fork says so",
		 .test_func = a_group_that_came_through_fork_says_so},
		{.name = "a text with any bytes changed breaks no format",
		 .test_func = a_text_with_any_bytes_changed_breaks_no_format},
		{.name = "a stack that is cut in the middle is incomplete",
		 .test_func = a_stack_that_is_cut_in_the_middle_is_incomplete},
		{.name = "a time is read or refused", .test_func = a_time_is_read_or_refused},
		{.name = "formats are found by name", .test_func = formats_are_found_by_name},
	};

	return cmocka_run_group_tests_name("export-text", tests, NULL, NULL);
}
