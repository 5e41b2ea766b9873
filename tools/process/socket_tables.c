// SPDX-License-Identifier: MIT
/*
 * See socket_tables.h. The tables are described in proc_net(5). A unix socket's name may hold a
 * newline, and so fake a line: an inode that is there twice is not used.
 */
#include "socket_tables.h"

#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/core/snapshot/proc.h"

enum {
	FIELDS_MAX = 16,
	TABLE_LIMIT = 256 * 1024 * 1024, /* bytes: a million sockets */
	TCP_CLOSE_WAIT = 8,
	TCP_LAST_ACK = 9,
	TCP_LISTEN = 10,
	TCP_CLOSING = 11,
	UNIX_LISTENS = 0x10000, /* __SO_ACCEPTCON */
	UNIX_CONNECTED = 3,     /* SS_CONNECTED */
};

struct field {
	const char *text;
	size_t length;
};

struct lookup {
	struct snapshot_outside **sorted;
	size_t count;
	uint16_t domain, type, protocol; /* of the table that is being read */
};

static size_t split(const char *line, size_t length, struct field *fields)
{
	size_t count = 0, at = 0;

	while (count < FIELDS_MAX) {
		while (at < length && line[at] == ' ')
			at++;
		if (at == length)
			break;
		size_t first = at;
		while (at < length && line[at] != ' ')
			at++;
		fields[count++] = (struct field){line + first, at - first};
	}
	return count;
}

static uint64_t number(struct field field, unsigned int base)
{
	uint64_t value = 0;

	proc_field(field.text, field.length, "", base, &value);
	return value;
}

/* Takes hexadecimal digits, which are capitals in the tables of IP. */
static bool take_hex(struct field *field, size_t digits, uint32_t *value)
{
	*value = 0;
	if (field->length < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		char c = field->text[i];
		uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
				 : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
							: 16;
		if (digit > 15)
			return false;
		*value = *value << 4 | digit;
	}
	field->text += digits;
	field->length -= digits;
	return true;
}

/* The first of the descriptors with this inode; NULL: there is none. */
static struct snapshot_outside **find(const struct lookup *lookup, uint64_t inode)
{
	size_t low = 0, high = lookup->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lookup->sorted[middle]->stat.inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == lookup->count || lookup->sorted[low]->stat.inode != inode)
		return NULL;
	return &lookup->sorted[low];
}

/* Parses "0100007F:1F90": the address as words in this machine's byte order, the port as a number.
 * Returns the length of the address; 0: it can't be parsed. */
static socklen_t take_address(struct field field, int family, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (void *)address;
	struct sockaddr_in6 *in6 = (void *)address;
	uint32_t words[4] = {0}, port;
	size_t count = family == AF_INET ? 1 : 4;

	for (size_t i = 0; i < count; i++)
		if (!take_hex(&field, 8, &words[i]))
			return 0;
	if (!field.length || *field.text != ':')
		return 0;
	field.text++;
	field.length--;
	if (!take_hex(&field, 4, &port))
		return 0;
	memset(address, 0, sizeof(*address));
	address->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		memcpy(&in->sin_addr, words, sizeof(in->sin_addr));
		in->sin_port = htons((uint16_t)port);
		return sizeof(*in);
	}
	memcpy(&in6->sin6_addr, words, sizeof(in6->sin6_addr));
	in6->sin6_port = htons((uint16_t)port);
	return sizeof(*in6);
}

/* Whether the peer's FIN has come. The kernel counts it as a byte until the program has read up to
 * it. */
static bool has_fin(uint8_t state)
{
	return state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING;
}

static bool is_zero(struct field field)
{
	for (size_t i = 0; i < field.length; i++)
		if (field.text[i] != '0' && field.text[i] != ':')
			return false;
	return true;
}

/* sl local_address rem_address st tx_queue:rx_queue tr:tm retrnsmt uid timeout inode */
static void take_inet(const char *line, size_t length, void *data)
{
	const struct lookup *lookup = data;
	struct field fields[FIELDS_MAX];
	uint32_t state, unsent, unread;

	if (split(line, length, fields) < 10)
		return;
	uint64_t inode = number(fields[9], 10);
	struct snapshot_outside **at = inode ? find(lookup, inode) : NULL;
	if (!at || !take_hex(&fields[3], 2, &state) || !take_hex(&fields[4], 8, &unsent) ||
	    !fields[4].length || *fields[4].text++ != ':' || !fields[4].length-- ||
	    !take_hex(&fields[4], 8, &unread))
		return;
	for (; at < lookup->sorted + lookup->count && (*at)->stat.inode == inode; at++) {
		struct snapshot_outside *outside = *at;

		if (outside->domain)
			continue;
		outside->domain = lookup->domain;
		outside->type = lookup->type;
		outside->protocol = lookup->protocol;
		outside->local_length = take_address(fields[1], lookup->domain, &outside->local);
		if (!is_zero(fields[2]))
			outside->peer_length =
				take_address(fields[2], lookup->domain, &outside->peer);
		outside->connected = outside->peer_length;
		if (lookup->type == SOCK_STREAM) {
			outside->state = (uint8_t)state;
			outside->listens = state == TCP_LISTEN;
		}
		if (outside->listens) /* there the field counts the backlog */
			continue;
		outside->unread = unread - (unread && has_fin(outside->state));
		outside->unsent = unsent;
	}
}

static void take_unix_name(struct snapshot_outside *outside, const char *name, size_t length)
{
	struct sockaddr_un *address = (void *)&outside->local;

	memset(&outside->local, 0, sizeof(outside->local));
	address->sun_family = AF_UNIX;
	if (length > sizeof(address->sun_path))
		length = sizeof(address->sun_path);
	memcpy(address->sun_path, name, length);
	if (length &&
	    name[0] == '@') /* an abstract name; its other zero bytes are written as @, too */
		address->sun_path[0] = '\0';
	outside->local_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* Num: RefCount Protocol Flags Type St Inode Path */
static void take_unix(const char *line, size_t length, void *data)
{
	const struct lookup *lookup = data;
	struct field fields[FIELDS_MAX];
	size_t count = split(line, length, fields);

	if (count < 7)
		return;
	uint64_t inode = number(fields[6], 10);
	struct snapshot_outside **at = inode ? find(lookup, inode) : NULL;
	for (; at && at < lookup->sorted + lookup->count && (*at)->stat.inode == inode; at++) {
		struct snapshot_outside *outside = *at;
		bool twice = outside->domain == AF_UNIX;

		if (outside->domain && !twice)
			continue;
		outside->domain = AF_UNIX;
		outside->type = (uint16_t)number(fields[4], 16);
		outside->listens = number(fields[3], 16) & UNIX_LISTENS;
		outside->connected = number(fields[5], 16) == UNIX_CONNECTED;
		outside->local_length = 0;
		if (twice) /* one of them is fake */
			outside->type = 0;
		else if (count > 7) /* up to the line's end: a name may have blanks in it */
			take_unix_name(outside, fields[7].text,
				       length - (size_t)(fields[7].text - line));
	}
}

/* sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode */
static void take_netlink(const char *line, size_t length, void *data)
{
	const struct lookup *lookup = data;
	struct field fields[FIELDS_MAX];

	if (split(line, length, fields) < 10)
		return;
	uint64_t inode = number(fields[9], 10);
	struct snapshot_outside **at = inode ? find(lookup, inode) : NULL;
	for (; at && at < lookup->sorted + lookup->count && (*at)->stat.inode == inode; at++) {
		struct snapshot_outside *outside = *at;
		struct sockaddr_nl *address = (void *)&outside->local;

		outside->domain = AF_NETLINK;
		outside->type = SOCK_RAW;
		outside->protocol = (uint16_t)number(fields[1], 10);
		address->nl_family = AF_NETLINK;
		address->nl_pid = (uint32_t)number(fields[2], 10);
		outside->local_length = sizeof(*address);
	}
}

static void read_table(const struct lookup *lookup, int pid, const char *name,
		       void (*take)(const char *line, size_t length, void *data))
{
	char path[PROC_PATH_SIZE];

	proc_each_line(proc_pid_path(path, pid, name), TABLE_LIMIT, take, (void *)lookup);
}

void socket_tables_look_up(struct snapshot_outside **sorted, size_t count, int pid)
{
	static const struct {
		const char *name;
		uint16_t domain, type, protocol;
	} tables[] = {
		{"net/tcp", AF_INET, SOCK_STREAM, IPPROTO_TCP},
		{"net/tcp6", AF_INET6, SOCK_STREAM, IPPROTO_TCP},
		{"net/udp", AF_INET, SOCK_DGRAM, IPPROTO_UDP},
		{"net/udp6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP},
		{"net/udplite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE},
		{"net/udplite6", AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE},
	};
	struct lookup lookup = {.sorted = sorted, .count = count};

	if (!count)
		return;
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		lookup.domain = tables[i].domain;
		lookup.type = tables[i].type;
		lookup.protocol = tables[i].protocol;
		read_table(&lookup, pid, tables[i].name, take_inet);
	}
	read_table(&lookup, pid, "net/netlink", take_netlink);
	read_table(&lookup, pid, "net/unix", take_unix);
}
