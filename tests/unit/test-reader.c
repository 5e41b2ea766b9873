// SPDX-License-Identifier: MIT
/* The reader: text -> model -> text, also for text that is cut or mixed with other output. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../read_back.h"

/* Every form of the grammar, at least once. */
static const char whole[] =
	"fdtrail snapshot, format 1\n"
	"why: EMFILE: socket() failed, \\x1b[31m\n"
	"end: none\n"
	"limit reached: RLIMIT_NOFILE (12) of this process\n"
	"number: 2\n"
	"when: 2026-11-23T11:15:59.689Z\n"
	"process: 4711 \"my server\", parent 1 (init), user 1000, effective user 0\n"
	"asked in: thread 4712 (\"worker, 1\")\n"
	"command: /srv/server \"a \\\"b\\\"\" \"\" --x=\\xff\n"
	"uptime: 3d02h04m02s\n"
	"attached: 13.0s ago\n"
	"forked: 12.1s ago\n"
	"descriptors: 12 open, limit 18446744073709551615\n"
	"versions: fdtrail 0.1.0, libunwind 1.6, glibc 2.36, Linux 6.1, x86_64\n"
	"host: box\n"
	"kinds: tcp,udp\n"
	"unclosed: 9 in 2 groups; 3 inherited\n"
	"\n"
	"group 1: 7 tcp sockets (5 in CLOSE_WAIT, 2 in ESTABLISHED), opened in \"operator new\"\n"
	"  note: In CLOSE_WAIT the peer has closed the connection and this program has not: it\n"
	"  note: stays open until the program calls close().\n"
	"  ages: 0.3s to 4m02s\n"
	"  stack: 9 opened, 2 closed, 7 live, -3 since the last snapshot\n"
	"  opened at:\n"
	"    #0 0x0055d1c4a8e1 in \"operator new\" (/srv/my app (x)+0x1/server+0x11a9)\n"
	"    #1 0x7f2a7dafd249 (/lib/libc.so.6+0x27249) (BuildId: 93ac61)\n"
	"    #2 0x000000000012 (in no known module)\n"
	"    (deeper: cut at 3 frames, the most that are kept)\n"
	"  created by:\n"
	"    #0 0x0055d1c4a8e2 in main.(*Server).Run (/srv/my app (x)+0x1/server+0x11aa)\n"
	"  created by:\n"
	"    #0 0x0055d1c4a8e3 in main.main (/srv/my app (x)+0x1/server+0x11ab)\n"
	"  last HTTP request by:\n"
	"    #0 0x0055d1c4a8e4 in main.ask (/srv/my app (x)+0x1/server+0x11ac)\n"
	"  connected at (3 of 7, 1 other stack):\n"
	"    #0 0x0055d1c4a8e5 in dial (/srv/my app (x)+0x1/server+0x11ad)\n"
	"  descriptors:\n"
	"    7 tcp 10.0.0.1:5000 -> 10.0.0.2:80, CLOSE_WAIT, idle 3.1s, unread 12 B, unsent 3 B, "
	"2 HTTP requests by Transport 0x00c0000ea3c0, age "
	"4m02s, dup of 5, a FILE stream: fclose() closes it, thread 4712 (\"a, b\"), no "
	"close-on-exec\n"
	"    8 tcp unbound, CLOSED, was connected to [2001:db8::1]:80, age 0.3s, received over a "
	"socket, thread 9 ended\n"
	"    and 5 more (FDTRAIL_SHOW=all lists them)\n"
	"\n"
	"group 2: 2 files, opened by an untraced call\n"
	"  reason: no hook saw them open: a raw system call, io_uring, a call inside\n"
	"  reason: libc, or one that had not yet returned\n"
	"  descriptors:\n"
	"    9 file \"/tmp/a, b\", deleted, read, position 0, size 5\n"
	"    10 file /tmp/\\x1b, read, position 0, size 5\n"
	"\n"
	"group 3: 3 descriptors, inherited\n"
	"  descriptors:\n"
	"    0 unix stream @\"a b\" -> \"rel\", peer pid 3\n"
	"    1 epoll, watches 3\n"
	"    2 userfaultfd\n"
	"\n"
	"not listed:\n"
	"  5 inherited (FDTRAIL_INHERITED=1 lists them)\n"
	"\n"
	"not seen:\n"
	"  1 closed by untraced calls since the last snapshot\n"
	"\n"
	"modules:\n"
	"  0x0055d1c4a000-0x0055d1c4b000 \"/srv/my app (x)+0x1/server\", BuildId 25c3, unloaded\n"
	"  0x7f2a7dad6000-0x7f2a7dcb7f50 /lib/libc.so.6, BuildId 93ac61, its file can't be opened\n"
	"  note: A frame without a name can be named where the module has its symbols:\n"
	"\n"
	"end of fdtrail snapshot, format 1\n";

static void text_is_written_as_it_was_read(void **state)
{
	size_t length;
	char *again = read_back(whole, strlen(whole), &length);

	assert_string_equal(again, whole);
	free(again);
}

/* The first snapshot of a text. */
static struct model_snapshot *read_one(const char *text)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	struct reader *reader = reader_create(in, "test");
	struct model_snapshot *snapshot = reader_next(reader);

	assert_non_null(snapshot);
	reader_destroy(reader);
	fclose(in);
	return snapshot;
}

static void the_end_is_typed(void **state)
{
	static const struct {
		const char *header;
		enum process_end_kind kind;
		int signal;
	} headers[] = {
		{"why: exit with status 3\nend: exit", PROCESS_EXIT, 0},
		{"why: _exit with status 3\nend: _exit", PROCESS__EXIT, 0},
		{"why: quick_exit\nend: quick_exit", PROCESS_QUICK_EXIT, 0},
		{"why: SIGTERM, which ends the program\nend: signal 15", PROCESS_SIGNAL, 15},
		{"why: SIGUSR1 from process 1\nend: none", PROCESS_RUNS_ON, 0},
		/* The words of why are for people. */
		{"why: reworded\nend: exit", PROCESS_EXIT, 0},
		{"why: exit with status 3, it says\nend: none", PROCESS_RUNS_ON, 0},
		/* Snapshots from before there was an end. */
		{"why: exit with status 3", PROCESS_EXIT, 0},
		{"why: _exit with status 3", PROCESS__EXIT, 0},
		{"why: quick_exit", PROCESS_QUICK_EXIT, 0},
		{"why: SIGTERM, which ends the program", PROCESS_SIGNAL, 0},
		{"why: signal 34, which ends the program", PROCESS_SIGNAL, 34},
		{"why: SIGUSR1 from process 1", PROCESS_RUNS_ON, 0},
		/* No end of ours. */
		{"why: quick_exit\nend: of the world", PROCESS_QUICK_EXIT, 0},
		{"why: SIGUSR1\nend: signal", PROCESS_RUNS_ON, 0},
		{"why: SIGUSR1\nend: signal 99999999999", PROCESS_RUNS_ON, 0},
		{"why: SIGUSR1\nend: exit 1", PROCESS_RUNS_ON, 0},
		{"why:", PROCESS_RUNS_ON, 0},
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		char text[256];

		snprintf(text, sizeof(text), "fdtrail snapshot 1\n%s\n", headers[i].header);
		struct model_snapshot *snapshot = read_one(text);
		assert_int_equal(snapshot->end.kind, headers[i].kind);
		assert_int_equal(snapshot->end.signal, headers[i].signal);
		assert_false(snapshot->own_signal);
		model_destroy(snapshot);
	}
}

static void a_signal_of_the_programs_own_is_known(void **state)
{
	struct model_snapshot *snapshot = read_one(
		"fdtrail snapshot 1\nwhy: SIGUSR1 from process 1, the program's own signal\n");

	assert_true(snapshot->own_signal);
	model_destroy(snapshot);
}

static void the_header_is_in_the_model(void **state)
{
	struct model_snapshot *snapshot = read_one(whole);

	assert_true(snapshot->whole);
	assert_false(snapshot->mixed);
	assert_true(snapshot->traced);
	assert_int_equal(snapshot->version, 1);
	assert_int_equal(snapshot->line, 1);
	assert_string_equal(snapshot->source, "test");
	assert_string_equal(snapshot->why, "EMFILE: socket() failed, \x1b[31m");
	assert_int_equal(snapshot->number, 2);
	assert_string_equal(snapshot->when, "2026-11-23T11:15:59.689Z");
	assert_int_equal(snapshot->pid, 4711);
	assert_string_equal(snapshot->program, "my server");
	assert_int_equal(snapshot->parent, 1);
	assert_int_equal(snapshot->user, 1000);
	assert_int_equal(snapshot->argument_count, 4);
	assert_string_equal(snapshot->arguments[0], "/srv/server");
	assert_string_equal(snapshot->arguments[1], "a \"b\"");
	assert_string_equal(snapshot->arguments[2], "");
	assert_string_equal(snapshot->arguments[3], "--x=\xff");
	assert_false(snapshot->command_cut);
	assert_float_equal(snapshot->uptime, 3 * 86400 + 2 * 3600 + 4 * 60 + 2, 1e-9);
	assert_float_equal(snapshot->forked, 12.1, 1e-9);
	assert_float_equal(snapshot->attached, 13.0, 1e-9);
	assert_int_equal(snapshot->open, 12);
	assert_int_equal(snapshot->limit, INT64_MAX);
	assert_string_equal(snapshot->host, "box");
	assert_int_equal(snapshot->unclosed, 9);
	assert_int_equal(snapshot->inherited, 3);
	assert_string_equal(model_field(snapshot, "kinds"), "tcp,udp");
	assert_null(model_field(snapshot, "color"));
	assert_int_equal(snapshot->unknown_lines, 0);
	assert_int_equal(snapshot->module_count, 2);
	assert_true(snapshot->modules[0].unloaded);
	assert_string_equal(snapshot->modules[0].path, "/srv/my app (x)+0x1/server");
	assert_string_equal(snapshot->modules[1].trouble, "its file can't be opened");
	assert_int_equal(snapshot->not_listed_count, 1);
	assert_int_equal(snapshot->not_seen_count, 1);
	assert_int_equal(snapshot->note_count, 1);
	model_destroy(snapshot);
}

/* A line that begins no note continues the one before, also in words that are not known. */
static void notes_are_known_by_their_kind(void **state)
{
	static const enum group_note kinds[] = {NOTE_OTHER, NOTE_USER_NOT_KNOWN,
						NOTE_USER_NOT_KNOWN, NOTE_USER_NOT_KNOWN,
						NOTE_PEER};
	struct model_snapshot *snapshot =
		read_one("fdtrail snapshot, format 1\nwhy: a\n\n"
			 "group 1: 2 tcp sockets, opener unknown\n"
			 "  note: A note of a later version.\n"
			 "  note: net/http keeps connections for the next request: who opened one "
			 "may not be who\n"
			 "  note: leaks it. The last request over each is not known: another "
			 "version of Go than\n"
			 "  note: those that a later version knows.\n"
			 "  note: Connected to 10.0.0.7:80.\n"
			 "  descriptors:\n    3 tcp 10.0.0.1:1 -> 10.0.0.7:80\n");
	const struct model_group *group = snapshot->groups;

	(void)state;
	assert_int_equal(group->note_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(group->notes[i].kind, kinds[i]);
	model_destroy(snapshot);
}

static void groups_are_in_the_model(void **state)
{
	struct model_snapshot *snapshot = read_one(whole);
	const struct model_group *group = snapshot->groups;

	assert_int_equal(snapshot->group_count, 3);
	assert_int_equal(group[0].count, 7);
	assert_int_equal(group[0].kind, KIND_TCP);
	assert_int_equal(group[0].origin, MODEL_OPENED);
	assert_string_equal(group[0].how, "opened");
	assert_string_equal(group[0].place, "operator new");
	assert_int_equal(group[0].note_count, 2);
	assert_int_equal(group[0].notes[0].kind, NOTE_CLOSE_WAIT_UNTRACED);
	assert_int_equal(group[0].notes[1].kind, NOTE_CLOSE_WAIT_UNTRACED);
	assert_string_equal(group[0].notes[1].line, "stays open until the program calls close().");
	assert_int_equal(group[0].state_count, 2);
	assert_int_equal(model_in_state(&group[0], "CLOSE_WAIT"), 5);
	assert_int_equal(model_in_state(&group[0], "ESTABLISHED"), 2);
	assert_int_equal(model_in_state(&group[0], "LISTEN"), 0);
	assert_float_equal(group[0].age_least, 0.3, 1e-9);
	assert_float_equal(group[0].age_most, 242, 1e-9);
	assert_int_equal(group[0].opened, 9);
	assert_int_equal(group[0].closed, 2);
	assert_int_equal(group[0].live, 7);
	assert_true(group[0].has_growth);
	assert_int_equal(group[0].growth, -3);
	assert_int_equal(group[0].descriptor_count, 2);
	assert_int_equal(group[0].more, 5);

	assert_int_equal(group[1].origin, MODEL_UNSEEN);
	assert_int_equal(group[1].kind, KIND_FILE);
	assert_null(group[1].how);
	assert_null(group[1].place);
	assert_int_equal(group[1].opened, MODEL_UNKNOWN);
	assert_true(group[1].age_most < 0);
	assert_string_equal(group[1].reason,
			    "no hook saw them open: a raw system call, io_uring, a call inside "
			    "libc, or one that had not yet returned");

	assert_int_equal(group[2].origin, MODEL_INHERITED);
	assert_int_equal(group[2].kind, KIND_COUNT);
	model_destroy(snapshot);
}

static void stacks_are_in_the_model(void **state)
{
	struct model_snapshot *snapshot = read_one(whole);
	const struct model_group *group = snapshot->groups;
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	const struct model_stack *connected = model_stack(group, MODEL_CONNECTED_AT);

	assert_int_equal(group->stack_count, 3);
	assert_int_equal(opened->frame_count, 3);
	assert_string_equal(opened->frames[0].function, "operator new");
	assert_string_equal(opened->frames[0].module, "/srv/my app (x)+0x1/server");
	assert_int_equal(opened->frames[0].address, 0x55d1c4a8e1);
	assert_int_equal(opened->frames[0].offset, 0x11a9);
	assert_string_equal(opened->frames[0].build_id, "25c3"); /* the build id of its module */
	assert_null(opened->frames[1].function);
	assert_string_equal(opened->frames[1].build_id, "93ac61");
	assert_null(opened->frames[2].module);
	assert_string_equal(opened->incomplete, "deeper: cut at 3 frames, the most that are kept");
	assert_string_equal(opened->created_by->frames[0].function, "main.(*Server).Run");
	assert_string_equal(opened->created_by->created_by->frames[0].function, "main.main");
	assert_null(opened->created_by->created_by->created_by);
	assert_string_equal(connected->share, "3 of 7, 1 other stack");
	assert_string_equal(connected->frames[0].function, "dial");
	assert_string_equal(model_stack(group, MODEL_LAST_USED_AT)->frames[0].function, "main.ask");
	assert_null(model_stack(group + 1, MODEL_OPENED_AT));
	model_destroy(snapshot);
}

static void descriptors_are_in_the_model(void **state)
{
	struct model_snapshot *snapshot = read_one(whole);
	const struct model_descriptor *tcp = snapshot->groups[0].descriptors;
	const struct model_descriptor *file = snapshot->groups[1].descriptors;
	const struct model_descriptor *other = snapshot->groups[2].descriptors;

	assert_int_equal(tcp[0].fd, 7);
	assert_int_equal(tcp[0].kind, KIND_TCP);
	assert_string_equal(tcp[0].protocol, "tcp");
	assert_string_equal(tcp[0].what, "10.0.0.1:5000 -> 10.0.0.2:80");
	assert_string_equal(tcp[0].local, "10.0.0.1:5000");
	assert_string_equal(tcp[0].peer, "10.0.0.2:80");
	assert_string_equal(tcp[0].state, "CLOSE_WAIT");
	assert_float_equal(tcp[0].idle, 3.1, 1e-9);
	assert_float_equal(tcp[0].age, 242, 1e-9);
	assert_int_equal(tcp[0].unread, 12);
	assert_int_equal(tcp[0].unsent, 3);
	assert_int_equal(tcp[0].requests, 2);
	assert_int_equal(tcp[0].transport, 0xc0000ea3c0);
	assert_true(tcp[0].duplicated);
	assert_int_equal(tcp[0].dup_of, 5);
	assert_int_equal(tcp[0].stream, MODEL_FILE);
	assert_int_equal(tcp[0].access, MODEL_ACCESS_UNKNOWN);
	assert_int_equal(tcp[0].thread, 4712);
	assert_string_equal(tcp[0].thread_name, "a, b");
	assert_true(tcp[0].no_cloexec);
	assert_null(tcp[1].what);
	assert_null(tcp[1].local);
	assert_true(tcp[1].idle < 0);
	assert_true(tcp[1].received);
	assert_false(tcp[1].duplicated);
	assert_int_equal(tcp[1].dup_of, MODEL_UNKNOWN);
	assert_int_equal(tcp[1].thread, 9);
	assert_null(tcp[1].thread_name);
	assert_false(tcp[1].no_cloexec);

	assert_string_equal(file[0].what, "/tmp/a, b");
	assert_int_equal(file[0].access, MODEL_READ);
	assert_int_equal(file[0].stream, MODEL_NO_STREAM);
	assert_true(file[0].deleted);
	assert_null(file[0].protocol);
	assert_true(file[0].age < 0);
	assert_string_equal(file[1].what, "/tmp/\x1b");
	assert_false(file[1].deleted);

	assert_string_equal(other[0].protocol, "unix stream");
	assert_string_equal(other[0].local, "@a b");
	assert_string_equal(other[0].peer, "rel");
	assert_string_equal(other[0].what, "@a b -> rel");
	assert_int_equal(other[1].kind, KIND_EPOLL);
	assert_null(other[1].what);
	assert_string_equal(other[1].text, ", watches 3");
	assert_string_equal(other[2].text, "");
	model_destroy(snapshot);
}

static void details_of_every_kind_are_recognized(void **state)
{
	static const struct {
		const char *line, *protocol, *what, *local, *peer, *state;
	} lines[] = {
		{"1 tcp [::]:80, LISTEN, backlog 1 of 5", "tcp", "[::]:80", "[::]:80", 0, "LISTEN"},
		{"1 tcp unbound -> [::1]:80, CLOSE_WAIT", "tcp", "unbound -> [::1]:80", 0,
		 "[::1]:80", "CLOSE_WAIT"},
		{"1 tcp unknown, mptcp", "tcp", 0, 0, 0, 0},
		{"1 udp 0.0.0.0:53, next datagram 3 B", "udp", "0.0.0.0:53", "0.0.0.0:53", 0, 0},
		{"1 unix dgram unnamed", "unix dgram", 0, 0, 0, 0},
		{"1 unix stream /run/x, LISTEN", "unix stream", "/run/x", "/run/x", 0, "LISTEN"},
		{"1 unix stream unnamed -> @\"\"", "unix stream", "unnamed -> @", 0, "@", 0},
		{"1 netlink route port 4711", "netlink route", "port 4711", "port 4711", 0, 0},
		{"1 netlink 22 unbound", "netlink 22", 0, 0, 0, 0},
		{"1 socket inet raw protocol 1 1.2.3.4:1", "inet raw", "1.2.3.4:1", "1.2.3.4:1", 0,
		 0},
		{"1 socket packet raw protocol 768", "packet raw", 0, 0, 0, 0},
		{"1 socket that does not say what it is", "socket", 0, 0, 0, 0},
		{"1 file unknown, read", 0, 0, 0, 0, 0},
		{"1 memfd unknown, read-write", 0, "unknown", 0, 0, 0},
		{"1 memfd unknown, name can't be read: no /proc here, read-write", 0, 0, 0, 0, 0},
		{"1 file unknown, name can't be read: permission denied, inode 7 of device 8:1, "
		 "read",
		 0, 0, 0, 0, 0},
		{"1 file /tmp/LISTEN, write", 0, "/tmp/LISTEN", 0, 0, 0},
		{"1 file \"/tmp/a\\\"b\\\\, age 5.0s\"", 0, "/tmp/a\"b\\, age 5.0s", 0, 0, 0},
		{"1 other uts:[4026531838]", 0, "uts:[4026531838]", 0, 0, 0},
		{"1 timerfd, clock 1, disarmed", 0, 0, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char text[512];
		struct model_snapshot *snapshot;
		const struct model_descriptor *descriptor;
		static const char absent[] = "absent";
#define OR_ABSENT(string) ((string) ? (string) : absent)

		snprintf(text, sizeof(text),
			 "fdtrail snapshot, format 1\n\ngroup 1: 1 descriptor, inherited\n"
			 "  descriptors:\n    %s\n",
			 lines[i].line);
		snapshot = read_one(text);
		assert_int_equal(snapshot->groups[0].descriptor_count, 1);
		descriptor = snapshot->groups[0].descriptors;
		assert_string_equal(OR_ABSENT(descriptor->protocol), OR_ABSENT(lines[i].protocol));
		assert_string_equal(OR_ABSENT(descriptor->what), OR_ABSENT(lines[i].what));
		assert_string_equal(OR_ABSENT(descriptor->local), OR_ABSENT(lines[i].local));
		assert_string_equal(OR_ABSENT(descriptor->peer), OR_ABSENT(lines[i].peer));
		assert_string_equal(OR_ABSENT(descriptor->state), OR_ABSENT(lines[i].state));
		assert_true(descriptor->age < 0);
		model_destroy(snapshot);
	}
}

static void headings_say_in_which_code_and_how(void **state)
{
	static const struct {
		const char *heading;
		enum model_origin origin;
		const char *how, *place, *last_used;
	} headings[] = {
		{"1 file, duplicated at libx.so+0x12", MODEL_OPENED, "duplicated", "libx.so+0x12",
		 NULL},
		{"2 files, received at \"a b.so\"+0x12", MODEL_OPENED, "received", "a b.so+0x12",
		 NULL},
		{"1 file, opened at 0x7f00", MODEL_OPENED, "opened", "0x7f00", NULL},
		{"1 file, opened at an unknown place", MODEL_OPENED, "opened", "absent", NULL},
		{"1 file, opened in f[a,b]", MODEL_OPENED, "opened", "f[a,b]", NULL},
		{"1 tcp socket in CLOSED, inherited through fork, opened in f",
		 MODEL_INHERITED_FORK, "opened", "f", NULL},
		{"1 tcp socket in LISTEN, inherited through exec, opened in f",
		 MODEL_INHERITED_FORK, "opened", "f", NULL},
		{"1 tcp socket in CLOSED, inherited, last used in f", MODEL_INHERITED, "absent",
		 "absent", "f"},
		{"3 descriptors, inherited", MODEL_INHERITED, "absent", "absent", NULL},
		{"3 descriptors, opener unknown", MODEL_UNTRACED, "absent", "absent", NULL},
		{"1 tcp socket in CLOSED, opened in api.(*Client).Do, last used in main.main",
		 MODEL_OPENED, "opened", "api.(*Client).Do", "main.main"},
		{"1 tcp socket in CLOSED, opened in \"a, b\", last used in \"c, d\"", MODEL_OPENED,
		 "opened", "a, b", "c, d"},
		{"1 tcp socket in CLOSED, opened at \"a b\"+0x12, last used at go+0x3",
		 MODEL_OPENED, "opened", "a b+0x12", "go+0x3"},
	};

	for (size_t i = 0; i < sizeof(headings) / sizeof(*headings); i++) {
		char text[512];
		struct model_snapshot *snapshot;
		const struct model_group *group;

		snprintf(text, sizeof(text), "fdtrail snapshot, format 1\n\ngroup 1: %s\n",
			 headings[i].heading);
		snapshot = read_one(text);
		group = snapshot->groups;
		assert_int_equal(snapshot->group_count, 1);
		assert_string_equal(group->sentence, headings[i].heading);
		assert_int_equal(group->origin, headings[i].origin);
		assert_string_equal(group->how ? group->how : "absent", headings[i].how);
		assert_string_equal(group->place ? group->place : "absent", headings[i].place);
		if (headings[i].last_used)
			assert_string_equal(group->last_used, headings[i].last_used);
		else
			assert_null(group->last_used);
		assert_int_equal(snapshot->traced, group->origin != MODEL_UNTRACED);
		model_destroy(snapshot);
	}
}

/* Removes the lines that the writer always adds at an end, whether they were in the text or not. */
static char *without_ends(char *text)
{
	static const char *const ends[] = {"\n", "  descriptors:\n", "not listed:\n", "not seen:\n",
					   "modules:\n"};

	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
			size_t length = strlen(text), end = strlen(ends[i]);
			if (length > end && strcmp(text + length - end, ends[i]) == 0 &&
			    text[length - end - 1] == '\n') {
				text[length - end] = '\0';
				more = true;
			}
		}
	}
	return text;
}

static void a_text_cut_anywhere_gives_its_whole_lines(void **state)
{
	size_t size = strlen(whole);
	char *expected = malloc(size + 1);

	assert_non_null(expected);
	for (size_t cut = 0; cut <= size; cut++) {
		size_t length;
		char *again = read_back(whole, cut, &length), *end;

		memcpy(expected, whole, cut);
		expected[cut] = '\0';
		/* The last line needs no newline. */
		if (cut < size - 1) {
			end = strrchr(expected, '\n');
			*(end ? end + 1 : expected) = '\0';
			assert_string_equal(without_ends(again), without_ends(expected));
		} else {
			assert_string_equal(again, whole);
		}
		free(again);
	}
	free(expected);
}

static void a_snapshot_that_was_cut_says_so(void **state)
{
	char text[sizeof(whole)];
	struct model_snapshot *snapshot;

	strcpy(text, whole);
	*strstr(text, "\ngroup 3") = '\0';
	snapshot = read_one(text);
	assert_false(snapshot->whole);
	assert_int_equal(snapshot->group_count, 2);
	assert_int_equal(snapshot->groups[1].descriptor_count, 2);
	model_destroy(snapshot);
}

/* Puts words before the end of each line, and other text before each line. */
static char *between_lines(const char *text, const char *line_end, const char *noise,
			   size_t noise_size, size_t *length)
{
	char *made = NULL;
	FILE *to = open_memstream(&made, length);

	assert_non_null(to);
	for (const char *at = text; *at;) {
		size_t size = strcspn(at, "\n");
		fwrite(noise, 1, noise_size, to);
		fwrite(at, 1, size, to);
		fputs(line_end, to);
		at += size + 1;
	}
	fwrite(noise, 1, noise_size, to);
	fclose(to);
	return made;
}

static void lines_may_end_in_crlf(void **state)
{
	size_t length;
	char *text = between_lines(whole, "\r\n", "", 0, &length);
	char *again = read_back(text, length, &length);

	assert_string_equal(again, whole);
	free(again);
	free(text);
}

static void the_programs_own_lines_may_stand_anywhere(void **state)
{
	static const char noise[] =
		"\n2026-11-23 11:15 [info] accepted 127.0.0.1:5000, fd 7\n"
		"   at java.base/java.net.Socket.connect(Socket.java:633)\n"
		"Nothing to do\nmodules: 3\ngroup 7: of people\nwhy not\nhost\n\xff\xfe\x80 (\"\n"
		"zero \0 byte\n\t\n    \n  \n      #0 0x12 in f (x+0x1)\n";
	size_t length, noisy_length;
	char *text = between_lines(whole, "\n", noise, sizeof(noise) - 1, &noisy_length);
	char *again = read_back(text, noisy_length, &length);
	FILE *in = fmemopen(text, noisy_length, "r");
	struct reader *reader = reader_create(in, "test");
	struct model_snapshot *snapshot = reader_next(reader);

	assert_string_equal(again, whole);
	assert_int_equal(snapshot->line, 15);
	assert_true(snapshot->unknown_lines > 500);
	model_destroy(snapshot);
	reader_destroy(reader);
	fclose(in);
	free(again);
	free(text);
}

static void output_without_a_newline_may_stand_before_a_snapshot(void **state)
{
	char text[2 * sizeof(whole)];
	size_t length;
	char *again;

	snprintf(text, sizeof(text), "Waiting... %s", whole);
	again = read_back(text, strlen(text), &length);
	assert_string_equal(again, whole);
	free(again);

	/* Other text stands before the end line, too. */
	strcpy(text, whole);
	strcpy(strstr(text, "end of"), "Waiting... end of fdtrail snapshot, format 1\n");
	again = read_back(text, strlen(text), &length);
	assert_string_equal(again, whole);
	free(again);

	/* A line that only mentions a snapshot begins none. */
	strcpy(text, "took fdtrail snapshot 1\nreading fdtrail snapshot 1\n\n");
	again = read_back(text, strlen(text), &length);
	assert_string_equal(again, "");
	free(again);
}

static void a_snapshot_ends_where_the_next_one_begins(void **state)
{
	/* The text is cut after a line, and inside of one. */
	static const char *const ends[] = {"\nnot listed", "-> 10.0.0.2:80"};

	for (size_t i = 0; i < 2; i++) {
		char text[3 * sizeof(whole)];
		size_t length, cut = (size_t)(strstr(whole, ends[i]) - whole);
		struct reader *reader;
		struct model_snapshot *first, *second;
		FILE *in;

		length = (size_t)snprintf(text, sizeof(text), "noise\n%.*s%s", (int)cut, whole,
					  whole);
		in = fmemopen(text, length, "r");
		reader = reader_create(in, "test");
		first = reader_next(reader);
		second = reader_next(reader);
		assert_false(first->whole);
		assert_int_equal(first->line, 2);
		assert_int_equal(first->group_count, i == 0 ? 3 : 1);
		assert_int_equal(first->groups[0].descriptor_count, i == 0 ? 2 : 0);
		assert_true(second->whole);
		assert_int_equal(second->group_count, 3);
		assert_string_equal(second->why, "EMFILE: socket() failed, \x1b[31m");
		assert_null(reader_next(reader));
		model_destroy(first);
		model_destroy(second);
		reader_destroy(reader);
		fclose(in);
	}
}

static void snapshots_of_several_processes_are_read_one_by_one(void **state)
{
	char text[3 * sizeof(whole)];
	size_t length;
	char *again;

	snprintf(text, sizeof(text), "%snoise\n%s", whole, whole);
	again = read_back(text, strlen(text), &length);
	snprintf(text, sizeof(text), "%s%s", whole, whole);
	assert_string_equal(again, text);
	free(again);
}

static void two_interleaved_snapshots_are_marked(void **state)
{
	struct model_snapshot *snapshot =
		read_one("fdtrail snapshot, format 1\nwhy: a\n\ngroup 1: 1 file, inherited\n"
			 "group 2: 1 file, inherited\ngroup 2: 1 file, inherited\n");

	assert_true(snapshot->mixed);
	model_destroy(snapshot);
}

static void lost_lines_are_counted(void **state)
{
	struct model_snapshot *snapshot =
		read_one("fdtrail snapshot, format 1\nwhy: a\n\ngroup 1: 9 files, opened in f\n"
			 "  opened at:\n    #1 0x01 in f (/x+0x1)\n    #3 0x01 in g (/x+0x1)\n"
			 "    #3 0x01 in h (/x+0x1)\n"
			 "    5 file /x, read\n    and 3 more (FDTRAIL_SHOW=all lists them)\n");
	const struct model_group *group = snapshot->groups;

	assert_int_equal(group->stacks[0].frame_count, 2);
	assert_int_equal(group->stacks[0].lost, 2);
	assert_int_equal(group->count - (int64_t)group->descriptor_count - group->more, 5);
	assert_int_equal(snapshot->unknown_lines, 1);
	model_destroy(snapshot);
}

static void a_frame_has_the_build_id_of_the_module_at_its_address(void **state)
{
	struct model_snapshot *snapshot = read_one(
		"fdtrail snapshot, format 1\nwhy: a\n\ngroup 1: 9 files, opened in f\n"
		"  opened at:\n    #0 0x2010 in f (/x+0x10)\n    #1 0x5010 in f (/x+0x10)\n"
		"    #2 0x7010 in f (/y+0x10)\n    #3 0x7010 in f (/z+0x10)\n\nmodules:\n"
		"  0x5000-0x6000 /x, BuildId bb\n  0x2000-0x3000 /x, BuildId aa, unloaded\n"
		"  0x7000-0x8000 /y\n");
	const struct model_frame *frames = snapshot->groups[0].stacks[0].frames;

	assert_string_equal(frames[0].build_id, "aa");
	assert_string_equal(frames[1].build_id, "bb");
	assert_null(frames[2].build_id);
	assert_null(frames[3].build_id);
	model_destroy(snapshot);
}

static void characters_that_could_drive_a_terminal_are_escaped(void **state)
{
	struct model_snapshot *snapshot = read_one(
		"fdtrail snapshot, format 1\nwhy: \x1b[31mred\n\ngroup 1: 1 file, inherited\n"
		"  note: \x9b\xe2\x80\xae\r.\n  descriptors:\n    3 file /caf\xe9, read\n");
	const struct model_descriptor *descriptor = snapshot->groups[0].descriptors;

	assert_string_equal(snapshot->fields[0].value, "\\x1b[31mred");
	assert_string_equal(snapshot->why, "\x1b[31mred");
	assert_string_equal(snapshot->groups[0].notes[0].line, "\\x9b\\xe2\\x80\\xae\\x0d.");
	assert_string_equal(descriptor->text, "/caf\\xe9, read");
	assert_string_equal(descriptor->what, "/caf\xe9");
	model_destroy(snapshot);
}

static uint32_t random_state;

/* xorshift, G. Marsaglia 2003: the same numbers in every run. */
static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

static void any_bytes_can_be_read_and_the_result_reads_the_same_again(void **state)
{
	static const char pieces[] = "\n\n\n  \"\\(),+#:;0x1>-";
	char text[sizeof(whole)];
	size_t size = strlen(whole);

	random_state = 4711;
	for (int round = 0; round < 3000; round++) {
		size_t length, again_length;
		char *once, *again;

		memcpy(text, whole, size);
		for (uint32_t changes = 1 + random_below(20); changes; changes--)
			text[random_below((uint32_t)size)] =
				(char)(random_below(2) ? pieces[random_below(sizeof(pieces))]
						       : (char)random_below(256));
		once = read_back(text, size, &length);
		again = read_back(once, length, &again_length);
		assert_string_equal(once, again);
		free(once);
		free(again);
	}
}

static void ten_thousand_descriptors_in_two_hundred_stacks_are_read(void **state)
{
	char *text = NULL, *again;
	size_t length, again_length;
	FILE *to = open_memstream(&text, &length);

	fputs("fdtrail snapshot, format 1\nwhy: a test\n", to);
	for (int group = 1; group <= 200; group++) {
		fprintf(to, "\ngroup %d: 50 files, opened in f%d\n  opened at:\n", group, group);
		for (int frame = 0; frame < 20; frame++)
			fprintf(to, "    #%d 0x%012x in f%d (/srv/x+0x%x)\n", frame, frame, group,
				frame);
		fputs("  descriptors:\n", to);
		for (int i = 0; i < 50; i++)
			fprintf(to, "    %d file /tmp/%d, read, age 0.3s\n", group * 50 + i, i);
	}
	fputs("\nend of fdtrail snapshot, format 1\n", to);
	fclose(to);
	again = read_back(text, length, &again_length);
	assert_string_equal(again, text);
	free(again);
	free(text);
}

static void text_without_a_snapshot_gives_none(void **state)
{
	static const char *const texts[] = {"\n",
					    "hello\n",
					    "end of fdtrail snapshot, format 1\n",
					    "fdtrail snapshot x\n",
					    "fdtrail snapshot 0\n",
					    "fdtrail snapshot, format 1 \n",
					    "fdtrail snapshot, format x\n",
					    "fdtrail snapshot\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t length;
		char *again = read_back(texts[i], strlen(texts[i]), &length);

		assert_string_equal(again, "");
		free(again);
	}
}

static void the_words_of_the_first_snapshots_are_known(void **state)
{
	struct model_snapshot *snapshot =
		read_one("server: ready. fdtrail snapshot 1\nwhy: SIGUSR1\n"
			 "process: 7 server, user 0\n\n"
			 "group 1: 2 files, opened behind fdtrail's back\n  descriptors:\n"
			 "    3 file /a\n    4 file /b\n\n"
			 "group 2: 1 file, of unknown origin\n  descriptors:\n    5 file /c\n\n"
			 "bye end of fdtrail snapshot 1\n");

	assert_true(snapshot->whole);
	assert_int_equal(snapshot->version, 1);
	assert_int_equal(snapshot->unknown_lines, 0);
	assert_int_equal(snapshot->group_count, 2);
	assert_int_equal(snapshot->groups[0].origin, MODEL_UNSEEN);
	assert_int_equal(snapshot->groups[1].origin, MODEL_UNTRACED);
	model_destroy(snapshot);
}

static void a_file_that_can_not_be_read_says_why(void **state)
{
	FILE *folder = fopen("/", "r");
	struct reader *reader = reader_create(folder, "/");

	assert_null(reader_next(reader));
	assert_int_equal(errno, EISDIR);
	reader_destroy(reader);
	fclose(folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "the words of the first snapshots are known",
		 .test_func = the_words_of_the_first_snapshots_are_known},
		{.name = "text is written as it was read",
		 .test_func = text_is_written_as_it_was_read},
		{.name = "the end of the process is typed, also where only why tells it",
		 .test_func = the_end_is_typed},
		{.name = "a signal of the program's own is known",
		 .test_func = a_signal_of_the_programs_own_is_known},
		{.name = "the header is in the model", .test_func = the_header_is_in_the_model},
		{.name = "groups are in the model", .test_func = groups_are_in_the_model},
		{.name = "notes are known by their kind",
		 .test_func = notes_are_known_by_their_kind},
		{.name = "stacks are in the model", .test_func = stacks_are_in_the_model},
		{.name = "descriptors are in the model", .test_func = descriptors_are_in_the_model},
		{.name = "details of every kind are recognized",
		 .test_func = details_of_every_kind_are_recognized},
		{.name = "headings say in which code and how",
		 .test_func = headings_say_in_which_code_and_how},
		{.name = "a text cut anywhere gives its whole lines",
		 .test_func = a_text_cut_anywhere_gives_its_whole_lines},
		{.name = "a snapshot that was cut says so",
		 .test_func = a_snapshot_that_was_cut_says_so},
		{.name = "lines may end in crlf", .test_func = lines_may_end_in_crlf},
		{.name = "the program's own lines may stand anywhere",
		 .test_func = the_programs_own_lines_may_stand_anywhere},
		{.name = "output without a newline may stand before a snapshot",
		 .test_func = output_without_a_newline_may_stand_before_a_snapshot},
		{.name = "a snapshot ends where the next one begins",
		 .test_func = a_snapshot_ends_where_the_next_one_begins},
		{.name = "snapshots of several processes are read one by one",
		 .test_func = snapshots_of_several_processes_are_read_one_by_one},
		{.name = "two interleaved snapshots are marked",
		 .test_func = two_interleaved_snapshots_are_marked},
		{.name = "lost lines are counted", .test_func = lost_lines_are_counted},
		{.name = "a frame has the build id of the module at its address",
		 .test_func = a_frame_has_the_build_id_of_the_module_at_its_address},
		{.name = "characters that could drive a terminal are escaped",
		 .test_func = characters_that_could_drive_a_terminal_are_escaped},
		{.name = "any bytes can be read, and the result reads the same again",
		 .test_func = any_bytes_can_be_read_and_the_result_reads_the_same_again},
		{.name = "ten thousand descriptors in two hundred stacks are read",
		 .test_func = ten_thousand_descriptors_in_two_hundred_stacks_are_read},
		{.name = "text without a snapshot gives none",
		 .test_func = text_without_a_snapshot_gives_none},
		{.name = "a file that can't be read says why",
		 .test_func = a_file_that_can_not_be_read_says_why},
	};
	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
