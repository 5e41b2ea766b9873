// SPDX-License-Identifier: MIT
/* The reader: text -> model -> text, and what it makes of text that is not whole, or not its own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "reader/reader.h"

/* Every form that the grammar has, at least once. */
static const char whole[] =
	"fdtrail snapshot 1\n"
	"why: EMFILE: socket() failed, \\x1b[31m\n"
	"number: 2\n"
	"when: 2026-11-23T11:15:59.689Z\n"
	"process: 4711 \"my server\", parent 1 (init), user 1000, effective user 0\n"
	"asked in: thread 4712 (\"worker, 1\")\n"
	"command: /srv/server \"a \\\"b\\\"\" \"\" --x=\\xff\n"
	"uptime: 3d02h04m02s\n"
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
	"age "
	"4m02s, dup of 5, a FILE stream: fclose() closes it, thread 4712 (\"a, b\"), no "
	"close-on-exec\n"
	"    8 tcp unbound, CLOSED, was connected to [2001:db8::1]:80, age 0.3s, received over a "
	"socket, thread 9 ended\n"
	"    and 5 more (FDTRAIL_SHOW=all lists them)\n"
	"\n"
	"group 2: 2 files, opened behind fdtrail's back\n"
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
	"  1 closed behind fdtrail's back since the last snapshot\n"
	"\n"
	"modules:\n"
	"  0x0055d1c4a000-0x0055d1c4b000 \"/srv/my app (x)+0x1/server\", BuildId 25c3, unloaded\n"
	"  0x7f2a7dad6000-0x7f2a7dcb7f50 /lib/libc.so.6, BuildId 93ac61, its file can't be opened\n"
	"  note: A frame without a name can be named where the module has its symbols:\n"
	"\n"
	"end of fdtrail snapshot 1\n";

/* All snapshots of a text, as one. */
static char *written(const char *text, size_t size, size_t *length)
{
	FILE *in = size ? fmemopen((void *)(uintptr_t)text, size, "r") : fopen("/dev/null", "r");
	char *out = NULL;
	FILE *to = open_memstream(&out, length);
	struct reader *reader;
	struct model_snapshot *snapshot;

	assert_non_null(in);
	assert_non_null(to);
	reader = reader_create(in, "test");
	while ((snapshot = reader_next(reader)) != NULL) {
		model_write(snapshot, to);
		model_destroy(snapshot);
	}
	reader_destroy(reader);
	fclose(in);
	fclose(to);
	return out;
}

static void text_is_written_as_it_was_read(void **state)
{
	size_t length;
	char *again = written(whole, strlen(whole), &length);

	assert_string_equal(again, whole);
	free(again);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "text is written as it was read",
		 .test_func = text_is_written_as_it_was_read},
	};
	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
