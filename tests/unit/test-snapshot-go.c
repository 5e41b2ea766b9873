// SPDX-License-Identifier: MIT
/*
 * Snapshots of Go programs: the stacks that created a goroutine, the last HTTP request over a
 * connection, and headings that point to the program's own code.
 */
#include "../snapshot_fixture.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "preload/core/snapshot/frame.h"

enum { LEAKS = 4 };

static struct fixture *fixture;

enum { SOCKET, DIAL, API, DISCONNECT, GOOD, MARK = 1000 };

/* Names an address by its number, because no functions of this program lie there. */
static bool find_name(const struct frame_namer *namer, const struct module *module,
		      struct named_frame *named)
{
	static const struct {
		const char *name;
		bool standard;
	} names[] = {
		{"net.socket", true},           {"net/http.(*Transport).dialConnFor", true},
		{"api.(*Client).Close", false}, {"main.(*Server).Disconnect", false},
		{"main.(*Server).Good", false},
	};
	uint64_t offset = FRAME_OFFSET(named->frame);

	if (offset >= sizeof(names) / sizeof(*names))
		return false;
	named->name = names[offset].name;
	named->name_length = strlen(named->name);
	named->standard = names[offset].standard;
	named->pools = offset == DIAL;
	return true;
}

static const struct frame_namer namer = {.find = find_name};

static int begin(void **state)
{
	fixture = fixture_create();
	fixture->request.namer = &namer;
	return 0;
}

static int end(void **state)
{
	fixture_destroy(fixture);
	return 0;
}

/* Makes a stack of these frames. MARK + n: the frames after it created the goroutine of those
 * before it, whose stack ended with n. */
static uint32_t stack_of(const int *places, uint32_t depth, enum stack_end stack_end)
{
	frame_t frames[16];

	for (uint32_t i = 0; i < depth; i++)
		frames[i] = places[i] >= MARK ? FRAME_CREATED_BY(places[i] - MARK)
					      : FRAME_MAKE(fixture->module, (uint64_t)places[i]);
	return stack_table_intern(&fixture->ledger.stacks, frames, depth, stack_end);
}

#define STACK(stack_end, ...)                                                                      \
	stack_of((const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int),     \
		 stack_end)

static int connection(uint32_t stack)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fixture_keep(fixture, fd);
	fixture_opened(fixture, fd, stack, FD_SOCKET);
	return fd;
}

/* Finds words in the text from at on; returns the place after them. */
static const char *after_words(const char *at, const char *words)
{
	const char *found = strstr(at, words);

	if (!found)
		fail_msg("lacks \"%s\":\n%s", words, fixture->text);
	return found + strlen(words);
}

static void lacks(const char *words)
{
	if (strstr(fixture->text, words))
		fail_msg("has \"%s\":\n%s", words, fixture->text);
}

static void creators_follow_the_stack(void **state)
{
	connection(STACK(STACK_MORE_CREATORS, SOCKET, DIAL, MARK + STACK_COMPLETE, API, DISCONNECT,
			 MARK + STACK_COMPLETE, GOOD));
	const char *at = after_words(fixture_take(fixture), "  opened at:\n    #0 ");
	at = after_words(at, " in net.socket (");
	at = after_words(at, "    #1 ");
	at = after_words(at, "  created by:\n    #0 ");
	at = after_words(at, " in api.(*Client).Close (");
	at = after_words(at, "    #1 ");
	at = after_words(at, "  created by:\n    #0 ");
	at = after_words(at, " in main.(*Server).Good (");
	after_words(
		at,
		"\n    (the goroutines before this one are not kept: --go-ancestors allows more)\n"
		"  descriptors:\n");
}

static void each_creators_stack_says_why_it_is_incomplete(void **state)
{
	connection(STACK(STACK_CREATOR_ONLY, SOCKET, MARK + STACK_DEEPER, API));
	const char *at = after_words(fixture_take(fixture), "  opened at:\n    #0 ");
	at = after_words(at, "    (deeper: cut at 1 frames; ");
	at = after_words(at, "  created by:\n    #0 ");
	after_words(at, "    (incomplete: only the go statement is known");

	connection(STACK(STACK_NO_CREATOR, SOCKET, DIAL));
	after_words(fixture_take(fixture), "    (what created this goroutine is not known");
}

static void the_heading_points_to_the_programs_own_code(void **state)
{
	connection(STACK(STACK_COMPLETE, SOCKET, DIAL, MARK + STACK_COMPLETE, DIAL, API, GOOD));
	after_words(fixture_take(fixture),
		    "1 tcp socket in CLOSED, opened in api.(*Client).Close\n");
}

static void without_own_code_the_heading_points_next_to_it(void **state)
{
	connection(STACK(STACK_COMPLETE, SOCKET, DIAL, MARK + STACK_COMPLETE, DIAL));
	after_words(fixture_take(fixture),
		    "1 tcp socket in CLOSED, opened in net/http.(*Transport).dialConnFor\n");
}

static void the_last_request_splits_a_group(void **state)
{
	uint32_t opening = STACK(STACK_COMPLETE, SOCKET, DIAL, MARK + STACK_COMPLETE, API, GOOD);
	uint32_t bad = STACK(STACK_COMPLETE, DIAL, DISCONNECT);
	uint32_t good = STACK(STACK_COMPLETE, DIAL, GOOD);

	for (int i = 0; i < LEAKS; i++) {
		int fd = connection(opening);
		ledger_used(&fixture->ledger, fd, good, false);
		ledger_used(&fixture->ledger, fd, bad, false);
	}
	ledger_used(&fixture->ledger, connection(opening), good, false);
	const char *at =
		after_words(fixture_take(fixture), "\ngroup 1: 4 tcp sockets in CLOSED, opened "
						   "in api.(*Client).Close, last used in "
						   "main.(*Server).Disconnect\n");
	at = after_words(at, "  last HTTP request by:\n    #0 ");
	at = after_words(at, " in main.(*Server).Disconnect (");
	after_words(
		at,
		"\ngroup 2: 1 tcp socket in CLOSED, opened in api.(*Client).Close, last used in "
		"main.(*Server).Good\n");
}

static void the_same_place_is_not_named_twice(void **state)
{
	int fd = connection(STACK(STACK_COMPLETE, SOCKET, DISCONNECT));

	ledger_used(&fixture->ledger, fd, STACK(STACK_COMPLETE, DIAL, DISCONNECT), false);
	after_words(fixture_take(fixture), "opened in main.(*Server).Disconnect\n");
	after_words(fixture->text, "  last HTTP request by:\n");
}

static void a_shared_connection_names_nobody_in_its_heading(void **state)
{
	int fd = connection(STACK(STACK_COMPLETE, SOCKET, API));

	ledger_used(&fixture->ledger, fd, STACK(STACK_COMPLETE, DIAL, GOOD), true);
	after_words(fixture_take(fixture), "opened in api.(*Client).Close\n  note: HTTP/2: ");
	after_words(fixture->text, "  last HTTP request by (one of several):\n    #0 ");
	lacks("last used");
}

static void a_forgotten_user_is_not_named(void **state)
{
	int fd = connection(STACK(STACK_COMPLETE, SOCKET, API));

	ledger_used(&fixture->ledger, fd, STACK(STACK_COMPLETE, DIAL, GOOD), false);
	ledger_used(&fixture->ledger, fd, STACK_NONE, false);
	fixture_take(fixture);
	lacks("last HTTP request by");
	lacks("Good");
}

static void the_address_outlives_a_request(void **state)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = 0x5000, .sin_addr.s_addr = 0x0100007f};
	int fd = connection(STACK(STACK_COMPLETE, SOCKET, API));

	ledger_set_connection(&fixture->ledger, fd,
			      connection_table_intern(&fixture->ledger.connections, STACK_NONE,
						      (void *)&address, sizeof(address)));
	ledger_used(&fixture->ledger, fd, STACK(STACK_COMPLETE, DIAL, DISCONNECT), false);
	after_words(fixture_take(fixture), "not connected to 127.0.0.1:80");
	after_words(fixture->text, "  last HTTP request by:\n");
}

static void a_full_table_names_nobody_not_somebody_else(void **state)
{
	struct connection_table *table = &fixture->ledger.connections;
	uint32_t good = STACK(STACK_COMPLETE, DIAL, GOOD);
	uint32_t bad = STACK(STACK_COMPLETE, DIAL, DISCONNECT);
	int fd = connection(STACK(STACK_COMPLETE, SOCKET, API));

	ledger_used(&fixture->ledger, fd, good, false);
	for (uint32_t i = 0; i < CONNECTION_LIMIT; i++) {
		struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = i};
		connection_table_intern(table, STACK_NONE, (void *)&address, sizeof(address));
	}
	ledger_used(&fixture->ledger, fd, bad, false);
	fixture_take(fixture);
	lacks("Good");
}

static void a_note_tells_when_no_request_is_known(void **state)
{
	fixture->request.unknown_user = NOTE_USER_NOT_ASKED;
	connection(STACK(STACK_COMPLETE, SOCKET, API));
	fixture_take(fixture);
	lacks("may not be");
	connection(STACK(STACK_COMPLETE, SOCKET, DIAL, API));
	after_words(fixture_take(fixture), "may not be who\n  note: leaks it. The last request "
					   "over each is not noted: --no-http.\n");
}

#define PROMISE(words, function)                                                                   \
	{                                                                                          \
		.name = words, .test_func = function, .setup_func = begin, .teardown_func = end    \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROMISE("creators follow the stack", creators_follow_the_stack),
		PROMISE("each creator's stack says why it is incomplete",
			each_creators_stack_says_why_it_is_incomplete),
		PROMISE("the heading points to the program's own code",
			the_heading_points_to_the_programs_own_code),
		PROMISE("without own code the heading points next to it",
			without_own_code_the_heading_points_next_to_it),
		PROMISE("the last request splits a group", the_last_request_splits_a_group),
		PROMISE("the same place is not named twice", the_same_place_is_not_named_twice),
		PROMISE("a shared connection names nobody in its heading",
			a_shared_connection_names_nobody_in_its_heading),
		PROMISE("a forgotten user is not named", a_forgotten_user_is_not_named),
		PROMISE("the address outlives a request", the_address_outlives_a_request),
		PROMISE("a full table names nobody, not somebody else",
			a_full_table_names_nobody_not_somebody_else),
		PROMISE("a note tells when no request is known",
			a_note_tells_when_no_request_is_known),
	};

	return cmocka_run_group_tests_name("snapshot-go", tests, NULL, NULL);
}
