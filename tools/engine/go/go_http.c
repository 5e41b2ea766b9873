// SPDX-License-Identifier: MIT
/* clang-format off */
/*
 * See go_http.h. A connection of net/http is a persistConn, which holds a net.Conn: an interface,
 * so a pair of a method table and a pointer. The names of the methods in that table, which Go's
 * function table has, tell the type of the net.Conn, and so where in it the descriptor lies. No
 * offset is used without that check.
 *
 *     persistConn.conn -> *net.TCPConn, *net.UnixConn {fd *netFD}
 *                             -> netFD {pfd poll.FD {fdmu, Sysfd}}
 *                      -> *tls.Conn {conn net.Conn} -> the same again
 *                      -> a type of the user's own, with a net.Conn among its first fields
 */
/* clang-format on */
#include "go_http.h"

#include <string.h>

#include "preload/arch/registers.h"
#include "go_layout.h"

enum {
	METHODS = 24,     /* offset in an itab (src/runtime/runtime2.go), after type words and
			   * hash */
	METHODS_READ = 8, /* the number of net.Conn's methods */
	NET_FD = 0,       /* offset in a net.TCPConn */
	SYSFD = 16,       /* offset in a net.netFD: after poll.FD.fdmu (16 bytes) */
	TLS_CONN = 0,     /* offset in a tls.Conn */
	FIELDS_MOST = 8,  /* words that are examined of a type of the user's own */
	NESTED_MOST = 4,
	TRANSPORT_OF_SHARED = 0, /* offset in an http2ClientConn; its net.Conn is the next word */
	KEY_WORDS = 6,           /* a connectMethodKey is three strings: proxy, scheme, address */
	KEY_SCHEME = 2,
	CONNECTION_FIRST = 0, /* offsets of the net.Conn in a persistConn or http2ClientConn */
	CONNECTION_LAST = 256,
};

/* The functions in which requests begin. Their receiver is the connection. HTTP/2: if there is a
 * roundTrip, RoundTrip only calls it, and may be inlined. */
static const struct {
	const char *function, *older;
	bool shared;
} entries[] = {
	{"net/http.(*persistConn).roundTrip", NULL, false},
	{"net/http.(*http2ClientConn).roundTrip", "net/http.(*http2ClientConn).RoundTrip", true},
	{"net/http/internal/http2.(*ClientConn).roundTrip", NULL, true},
	{"golang.org/x/net/http2.(*ClientConn).roundTrip",
	 "golang.org/x/net/http2.(*ClientConn).RoundTrip", true},
};

enum { ENTRIES = sizeof(entries) / sizeof(*entries) };

/* Before Go 1.17 arguments are on the stack. Go 1.16 has the same table as 1.17, but its functions
 * have no flags. */
static bool has_stack_arguments(const struct go_program *program)
{
	struct pclntab_function function;

	return pclntab_version(program->table) == PCLNTAB_GO_1_16 &&
	       pclntab_find(program->table, program->exit_entry, &function) &&
	       !(function.flags & PCLNTAB_TOP_FRAME);
}

bool go_http_breakpoints(struct go_program *program, struct breakpoints *breakpoints)
{
	const char *names[2 * ENTRIES];
	uint64_t found[2 * ENTRIES];

	*breakpoints = (struct breakpoints){0};
	program->http_count = 0;
	program->stack_arguments = has_stack_arguments(program);
	for (size_t i = 0; i < ENTRIES; i++) {
		names[i] = entries[i].function;
		names[ENTRIES + i] = entries[i].older ? entries[i].older : entries[i].function;
	}
	pclntab_entries(program->table, names, found, 2 * ENTRIES);
	for (size_t i = 0; i < ENTRIES; i++) {
		uint64_t entry = found[i] ? found[i] : found[ENTRIES + i];

		if (!entry || program->http_count == BREAKPOINTS_MAX)
			continue;
		program->http_shared[program->http_count] = entries[i].shared;
		program->http[program->http_count] = entry;
		breakpoints->addresses[program->http_count++] = entry + program->bias;
	}
	breakpoints->count = program->http_count;
	return breakpoints->count > 0 && !program->http_shared[0];
}

enum group_note go_http_note(const struct go_program *program,
			     const struct breakpoints *breakpoints, bool asked)
{
	if (!asked)
		return NOTE_USER_NOT_ASKED;
	if (breakpoints->trouble)
		return NOTE_USER_NOT_STOPPED;
	if (program->http_count == 0 || program->http_shared[0] || program->http_missed)
		return NOTE_USER_NOT_KNOWN;
	return NOTE_OTHER;
}

enum conn { CONN_NONE, CONN_SOCKET, CONN_TLS, CONN_OTHER };

/* The kind of net.Conn that an interface with this table of methods is. */
static enum conn kind_of(const struct go_program *program, struct memory *memory, uintptr_t table)
{
	static const struct {
		const char *receiver;
		enum conn kind;
	} kinds[] = {
		{"net.(*TCPConn).", CONN_SOCKET},
		{"net.(*UnixConn).", CONN_SOCKET},
		{"net.(*conn).", CONN_SOCKET},
		{"crypto/tls.(*Conn).", CONN_TLS},
	};
	uintptr_t methods[METHODS_READ];
	struct pclntab_function function;
	bool other = false;

	if (table < 4096 || table % sizeof(table) ||
	    !go_read(memory, table + METHODS, methods, METHODS_READ))
		return CONN_NONE;
	for (size_t i = 0; i < METHODS_READ; i++) {
		if (!go_program_function(program, methods[i], &function) ||
		    function.entry + program->bias != methods[i])
			continue;
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
			if (strncmp(function.name, kinds[k].receiver, strlen(kinds[k].receiver)) ==
			    0)
				return kinds[k].kind;
		/* A type that we don't know, but it is a net.Conn if it has RemoteAddr. */
		const char *method = strrchr(function.name, '.');
		other = other || (method && strcmp(method, ".RemoteAddr") == 0);
	}
	return other ? CONN_OTHER : CONN_NONE;
}

/* The descriptor of the net.Conn at place; -1: there is no net.Conn, or none with a descriptor that
 * we can find. */
static int descriptor_of(const struct go_program *program, struct memory *memory, uintptr_t place,
			 unsigned int nested)
{
	uintptr_t interface[2], netfd, sysfd;
	int fd = -1;

	if (nested == NESTED_MOST || !go_read(memory, place, interface, 2) || interface[1] < 4096)
		return -1;
	switch (kind_of(program, memory, interface[0])) {
	case CONN_SOCKET:
		if (!go_read(memory, interface[1] + NET_FD, &netfd, 1) || netfd < 4096 ||
		    !go_read(memory, netfd + SYSFD, &sysfd, 1) || sysfd > INT32_MAX)
			return -1;
		return (int)sysfd;
	case CONN_TLS:
		return descriptor_of(program, memory, interface[1] + TLS_CONN, nested + 1);
	case CONN_OTHER:
		for (unsigned int i = 0; i < FIELDS_MOST; i++) {
			int one = descriptor_of(program, memory, interface[1] + i * sizeof(place),
						nested + 1);

			/* Two different connections: it isn't known which one is used. */
			if (one >= 0 && fd >= 0 && one != fd)
				return -1;
			fd = one >= 0 ? one : fd;
		}
		return fd;
	case CONN_NONE:
		break;
	}
	return -1;
}

/* Whether these words are the connectMethodKey that follows the Transport in a persistConn: its
 * second string is "http" or "https". */
static bool is_key(struct memory *memory, const uintptr_t words[KEY_WORDS])
{
	static const char scheme[] = "http";
	uintptr_t text, length = words[KEY_SCHEME + 1];

	return (length == 4 || length == 5) && words[KEY_SCHEME] >= 4096 &&
	       go_read(memory, words[KEY_SCHEME], &text, 1) &&
	       memcmp(&text, scheme, sizeof(scheme) - 1) == 0;
}

/* The Transport of the connection at receiver, whose net.Conn is at offset connection in it; 0: not
 * known. */
static uint64_t transport_of(struct memory *memory, uintptr_t receiver, uint32_t connection,
			     bool shared)
{
	uintptr_t words[CONNECTION_LAST / sizeof(uintptr_t)];
	size_t count = connection / sizeof(*words), at = 0;

	if (!go_read(memory, receiver, words, count))
		return 0;
	if (shared && connection != TRANSPORT_OF_SHARED + sizeof(*words))
		return 0;
	while (!shared && at + KEY_WORDS < count && !is_key(memory, &words[at + 1]))
		at++;
	if (!shared && at + KEY_WORDS >= count)
		return 0;
	return words[at] >= 4096 && words[at] % sizeof(*words) == 0 ? words[at] : 0;
}

bool go_http_use(struct go_program *program, int index, const struct user_regs_struct *registers,
		 struct memory *memory, struct go_http_use *use)
{
	uintptr_t receiver = regs_go_receiver(registers);
	uint32_t *known;

	if (index < 0 || (size_t)index >= program->http_count)
		return false;
	/* The first argument follows the return address. */
	if (program->stack_arguments &&
	    !go_read(memory, regs_sp(registers) + sizeof(receiver), &receiver, 1))
		return false;
	use->shared = program->http_shared[index];
	use->transport = 0;
	known = use->shared ? &program->shared_connection : &program->connection;
	if (*known) {
		use->fd = descriptor_of(program, memory, receiver + *known - 1, 0);
		if (use->fd >= 0) {
			use->transport = transport_of(memory, receiver, *known - 1, use->shared);
			return true;
		}
	}
	for (uint32_t at = CONNECTION_FIRST; at < CONNECTION_LAST; at += sizeof(uintptr_t)) {
		use->fd = descriptor_of(program, memory, receiver + at, 0);
		if (use->fd < 0)
			continue;
		*known = at + 1;
		use->transport = transport_of(memory, receiver, at, use->shared);
		return true;
	}
	/* A single connection may have no descriptor; but if none of this type was ever found, the
	 * type isn't understood. */
	program->http_missed = program->http_missed || !*known;
	return false;
}

static void keep_socket(struct go_http_layout *layout, uintptr_t table)
{
	for (size_t i = 0; i < 2; i++) {
		if (layout->sockets[i] == table)
			return;
		if (!layout->sockets[i]) {
			layout->sockets[i] = table;
			return;
		}
	}
}

void go_http_learn(const struct go_program *program, struct memory *memory, uintptr_t receiver,
		   const struct go_http_use *use, struct go_http_layout *layout)
{
	uintptr_t interface[2], word;

	if (!program->connection || use->shared || !use->transport ||
	    !go_read(memory, receiver + program->connection - 1, interface, 2))
		return;
	enum conn kind = kind_of(program, memory, interface[0]);
	if (kind == CONN_SOCKET)
		keep_socket(layout, interface[0]);
	uintptr_t wrapper = kind == CONN_TLS ? interface[0] : 0;
	if (wrapper && go_read(memory, interface[1] + TLS_CONN, interface, 2) &&
	    kind_of(program, memory, interface[0]) == CONN_SOCKET) {
		keep_socket(layout, interface[0]);
		layout->wrapper = wrapper;
	}
	layout->connection = program->connection;
	for (uint32_t at = 0; !layout->transport && at < program->connection - 1;
	     at += sizeof(word))
		if (go_read(memory, receiver + at, &word, 1) && word == use->transport)
			layout->transport = at + 1;
}
