// SPDX-License-Identifier: MIT
/* See socket_state.h. */
#include "socket_state.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "preload/core/base/raw_syscall.h"
#include "address.h"
#include "describe.h"
#include "escape_text.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* The length of an answer that includes the member. */
#define LENGTH_WITH(member)                                                                        \
	(offsetof(struct tcp_info, member) + sizeof(((struct tcp_info *)NULL)->member))

static const char *const state_names[TCP_STATE_COUNT] = {
	[1] = "ESTABLISHED", [2] = "SYN_SENT",  [3] = "SYN_RECV", [4] = "FIN_WAIT1",
	[5] = "FIN_WAIT2",   [6] = "TIME_WAIT", [7] = "CLOSED",   [8] = "CLOSE_WAIT",
	[9] = "LAST_ACK",    [10] = "LISTEN",   [11] = "CLOSING",
};

enum {
	TCP_STATE_ESTABLISHED = 1,
	TCP_STATE_SYN_SENT = 2,
	TCP_STATE_FIN_WAIT1 = 4,
	TCP_STATE_CLOSED = 7,
	TCP_STATE_LAST_ACK = 9,
	TCP_STATE_CLOSING = 11,
};

const char *socket_state_name(unsigned int tcp_state)
{
	return tcp_state < TCP_STATE_COUNT ? state_names[tcp_state] : NULL;
}

static bool get_option(int fd, int level, int option, int *value)
{
	socklen_t length = sizeof(*value);

	return RAW(getsockopt, fd, level, option, value, &length) == 0;
}

static enum kind kind_of(const struct descriptor *descriptor)
{
	switch (descriptor->socket_domain) {
	case AF_INET:
	case AF_INET6:
		if (descriptor->socket_type == SOCK_STREAM &&
		    (descriptor->socket_protocol == IPPROTO_TCP ||
		     descriptor->socket_protocol == IPPROTO_MPTCP))
			return KIND_TCP;
		if (descriptor->socket_type == SOCK_DGRAM &&
		    (descriptor->socket_protocol == IPPROTO_UDP ||
		     descriptor->socket_protocol == IPPROTO_UDPLITE))
			return KIND_UDP;
		return KIND_SOCKET;
	case AF_UNIX:
		return KIND_UNIX;
	case AF_NETLINK:
		return KIND_NETLINK;
	default:
		return KIND_SOCKET;
	}
}

/* Returns false if the socket has no TCP state. */
static bool inspect_tcp(struct descriptor *descriptor)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (RAW(getsockopt, descriptor->fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
		return false;
	descriptor->tcp_state = info.tcpi_state;
	/* Kernels before 4.1 don't have the counters, which then stay 0. The handshake's
	 * acknowledgement counts as a byte, so the first is above 0 after a connection was
	 * established. */
	descriptor->was_connected = info.tcpi_bytes_acked > 0 || info.tcpi_bytes_received > 0;
	/* Linux before 4.6 doesn't have the second count. MPTCP gives those of its first
	 * subflow. */
	descriptor->all_acked =
		descriptor->socket_protocol == IPPROTO_TCP && info.tcpi_unacked == 0 &&
		length >= LENGTH_WITH(tcpi_notsent_bytes) && info.tcpi_notsent_bytes == 0;
	switch (info.tcpi_state) {
	case TCP_STATE_LISTEN:
		descriptor->backlog = info.tcpi_unacked;
		descriptor->backlog_limit = info.tcpi_sacked;
		break;
	case TCP_STATE_SYN_SENT:
		break; /* nothing was sent or received, so the kernel's times mean nothing */
	case TCP_STATE_CLOSED:
		if (!descriptor->was_connected)
			break;
		/* fall through */
	default:
		descriptor->idle_ms = info.tcpi_last_data_recv < info.tcpi_last_data_sent
					      ? info.tcpi_last_data_recv
					      : info.tcpi_last_data_sent;
	}
	return true;
}

static void inspect_outside(struct descriptor *descriptor)
{
	const struct snapshot_outside *outside = descriptor->outside;

	descriptor->kind = KIND_SOCKET;
	if (!outside->domain)
		return;
	descriptor->socket_domain = outside->domain;
	descriptor->socket_type = outside->type;
	descriptor->socket_protocol = outside->protocol;
	descriptor->kind = kind_of(descriptor);
	if (descriptor->kind != KIND_TCP)
		return;
	descriptor->tcp_state = outside->state;
}

void socket_inspect(struct descriptor *descriptor)
{
	if (descriptor->outside) {
		inspect_outside(descriptor);
		return;
	}
	int fd = descriptor->fd, domain = 0, type = 0, protocol = 0;

	descriptor->kind = KIND_SOCKET;
	/* A socket's file that was opened with O_PATH looks like a socket, but all these calls
	 * fail. */
	if (!get_option(fd, SOL_SOCKET, SO_DOMAIN, &domain) ||
	    !get_option(fd, SOL_SOCKET, SO_TYPE, &type) ||
	    !get_option(fd, SOL_SOCKET, SO_PROTOCOL, &protocol))
		return;
	descriptor->socket_domain = (uint16_t)domain;
	descriptor->socket_type = (uint16_t)type;
	descriptor->socket_protocol = (uint16_t)protocol;
	descriptor->kind = kind_of(descriptor);
	if (descriptor->kind == KIND_TCP)
		inspect_tcp(descriptor);
}

/* Only TCP over IP has this protocol, this kind of address and a TCP state: a raw socket has no
 * state, a packet socket has another kind of address. SMC, which passes the calls on to a TCP
 * socket of its own, has another protocol. */
bool socket_inspect_tcp(struct descriptor *descriptor)
{
	struct sockaddr_in6 local;
	socklen_t length = sizeof(local);
	int fd = descriptor->fd, protocol = 0;

	if (!get_option(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) ||
	    (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP))
		return false;
	memset(&local, 0, sizeof(local));
	if (RAW(getsockname, fd, &local, &length) != 0 || length > sizeof(local) ||
	    (local.sin6_family != AF_INET && local.sin6_family != AF_INET6))
		return false;
	descriptor->socket_protocol = (uint16_t)protocol;
	if (!inspect_tcp(descriptor)) {
		descriptor->socket_protocol = 0;
		return false;
	}
	descriptor->kind = KIND_TCP;
	descriptor->stat.mode = S_IFSOCK;
	descriptor->socket_domain = local.sin6_family;
	descriptor->socket_type = SOCK_STREAM;
	descriptor->local = local;
	descriptor->has_local = true;
	return true;
}

void socket_inspect_more(struct descriptor *descriptor)
{
	struct sockaddr_in6 *peer = &descriptor->peer;
	socklen_t length = sizeof(*peer);
	int unread = 0;

	if (!descriptor->has_local)
		return;
	if (RAW(getpeername, descriptor->fd, peer, &length) != 0)
		memset(peer, 0, sizeof(*peer));
	if (RAW(ioctl, descriptor->fd, SIOCINQ, &unread) == 0 && unread > 0)
		descriptor->unread = (uint32_t)unread;
	descriptor->has_more = true;
}

/* Returns an address that was read before. */
static bool kept_name(const struct sockaddr_in6 *kept, struct sockaddr_storage *address,
		      socklen_t *length)
{
	*length = kept->sin6_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(*kept);
	memcpy(address, kept, *length);
	return kept->sin6_family != AF_UNSPEC;
}

bool socket_name(const struct descriptor *descriptor, bool peer, struct sockaddr_storage *address,
		 socklen_t *length)
{
	const struct snapshot_outside *outside = descriptor->outside;

	if (outside) {
		*address = peer ? outside->peer : outside->local;
		*length = peer ? outside->peer_length : outside->local_length;
		return *length;
	}
	if (peer ? descriptor->has_more : descriptor->has_local)
		return kept_name(peer ? &descriptor->peer : &descriptor->local, address, length);
	memset(address, 0, sizeof(*address));
	*length = sizeof(*address);
	return (peer ? RAW(getpeername, descriptor->fd, address, length)
		     : RAW(getsockname, descriptor->fd, address, length)) == 0;
}

/* Writes local address and peer: "10.0.0.1:5000 -> 10.0.0.2:80". True if there is a peer. */
static bool put_addresses(struct writer *writer, const struct descriptor *descriptor)
{
	struct sockaddr_storage address;
	socklen_t length;

	if (descriptor->outside && descriptor->outside->unlisted)
		put_string(writer, "unknown");
	else if (!socket_name(descriptor, false, &address, &length) || address_is_unbound(&address))
		put_string(writer, "unbound");
	else
		put_address(writer, &address, length);
	if (!socket_name(descriptor, true, &address, &length))
		return false;
	put_string(writer, " -> ");
	put_address(writer, &address, length);
	return true;
}

/* Writes the amount that an ioctl counts, minus `less` bytes that aren't data. */
static void put_amount(struct writer *writer, const char *what, const struct descriptor *descriptor,
		       unsigned long request, int less)
{
	const struct snapshot_outside *outside = descriptor->outside;
	int64_t amount = 0;
	int counted = 0;

	if (outside)
		amount = request == SIOCINQ ? outside->unread : outside->unsent;
	else if (descriptor->has_more && request == SIOCINQ)
		amount = descriptor->unread;
	else if (RAW(ioctl, descriptor->fd, request, &counted) == 0)
		amount = counted;
	if (amount <= less)
		return;
	put_string(writer, what);
	put_unsigned(writer, (uint64_t)(amount - less));
	put_string(writer, " B");
}

/* Writes the amount that the program has written and the peer has not acknowledged. The kernel
 * counts in sequence numbers, of which a FIN takes one; without a connection they count the SYNs
 * that were tried. */
static void put_unsent(struct writer *writer, const struct descriptor *descriptor)
{
	if (descriptor->all_acked && !descriptor->outside)
		return;
	switch (descriptor->tcp_state) {
	case TCP_STATE_ESTABLISHED:
	case TCP_STATE_CLOSE_WAIT:
		put_amount(writer, ", unsent ", descriptor, SIOCOUTQ, 0);
		break;
	case TCP_STATE_FIN_WAIT1:
	case TCP_STATE_LAST_ACK:
	case TCP_STATE_CLOSING:
		put_amount(writer, ", unsent ", descriptor, SIOCOUTQ, 1);
		break;
	default:
		break;
	}
}

/* Writes the address of connect(2), because the kernel has no peer for a socket that was reset or
 * isn't connected yet. */
static void put_remembered(const struct describe *describe, const struct descriptor *descriptor)
{
	const struct connection *connection = connection_table_get(
		&describe->request->ledger->connections, descriptor->entry.connection);

	if (!connection || (connection->family != AF_INET && connection->family != AF_INET6))
		return;
	if (descriptor->tcp_state == TCP_STATE_SYN_SENT)
		put_string(describe->writer, ", connecting to ");
	else if (descriptor->was_connected)
		put_string(describe->writer, ", was connected to ");
	else
		put_string(describe->writer, ", not connected to ");
	put_inet(describe->writer, connection->family, connection->address, connection->port, 0);
}

static void put_requests(const struct describe *describe, const struct descriptor *descriptor)
{
	const struct snapshot_request *request = describe->request;
	uint64_t transport = 0;
	uint32_t count =
		descriptor->user != STACK_NONE && request->requests_over
			? request->requests_over(descriptor->fd, &transport, request->requests_data)
			: 0;

	if (!count)
		return;
	put_string(describe->writer, ", ");
	put_unsigned(describe->writer, count);
	put_string(describe->writer,
		   count == 1 ? " HTTP request by Transport " : " HTTP requests by Transport ");
	put_hex(describe->writer, transport, 12);
}

static void describe_tcp(const struct describe *describe, const struct descriptor *descriptor)
{
	struct writer *writer = describe->writer;
	const char *state = socket_state_name(descriptor->tcp_state);
	bool has_peer = put_addresses(writer, descriptor);

	if (state) {
		put_string(writer, ", ");
		put_string(writer, state);
	}
	if (descriptor->tcp_state == TCP_STATE_LISTEN) {
		if (descriptor->outside)
			return;
		put_string(writer, ", backlog ");
		put_unsigned(writer, descriptor->backlog);
		put_string(writer, " of ");
		put_unsigned(writer, descriptor->backlog_limit);
	} else if (!has_peer) {
		put_remembered(describe, descriptor);
	}
	if (descriptor->idle_ms != IDLE_UNKNOWN) {
		put_string(writer, ", idle ");
		put_duration(writer, descriptor->idle_ms);
	}
	put_amount(writer, ", unread ", descriptor, SIOCINQ, 0);
	put_unsent(writer, descriptor);
	if (descriptor->socket_protocol == IPPROTO_MPTCP)
		put_string(writer, ", mptcp");
	put_requests(describe, descriptor);
}

static const char *type_name(unsigned int type)
{
	switch (type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	case SOCK_RAW:
		return "raw";
	case SOCK_RDM:
		return "rdm";
	case SOCK_SEQPACKET:
		return "seqpacket";
	case SOCK_PACKET:
		return "packet";
	default:
		return NULL;
	}
}

static void put_name_or_number(struct writer *writer, const char *name, unsigned int number)
{
	if (name)
		put_string(writer, name);
	else
		put_unsigned(writer, number);
}

static bool hung_up(const struct descriptor *descriptor)
{
	struct pollfd socket = {.fd = descriptor->fd};
	struct timespec at_once = {0};

	return !descriptor->outside && RAW(ppoll, &socket, 1, &at_once, NULL, 0) == 1 &&
	       socket.revents & POLLHUP;
}

static void describe_unix(const struct describe *describe, const struct descriptor *descriptor)
{
	struct writer *writer = describe->writer;
	struct sockaddr_storage address;
	socklen_t length;
	const struct snapshot_outside *outside = descriptor->outside;
	int fd = descriptor->fd, listens = 0;
	bool datagrams = descriptor->socket_type == SOCK_DGRAM;

	put_name_or_number(writer, type_name(descriptor->socket_type), descriptor->socket_type);
	put_char(writer, ' ');
	if (socket_name(descriptor, false, &address, &length))
		put_address(writer, &address, length);
	else
		put_string(writer, "unnamed");
	if (outside ? outside->listens
		    : get_option(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens) && listens) {
		put_string(writer, ", LISTEN");
		return;
	}
	if (socket_name(descriptor, true, &address, &length)) {
		struct ucred peer = {0};

		put_string(writer, " -> ");
		put_address(writer, &address, length);
		length = sizeof(peer);
		/* The kernel gives the process that made the connection or the pair. If that is
		 * this process, nothing is written, because another process may have the other end
		 * by now, like a child. */
		if (!outside && RAW(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
		    peer.pid > 0 && peer.pid != describe->request->pid) {
			put_string(writer, ", peer pid ");
			put_unsigned(writer, (uint64_t)peer.pid);
		}
		if (!datagrams && hung_up(descriptor))
			put_string(writer, ", hung up");
	} else if (!datagrams && !(outside && outside->connected)) {
		put_string(writer, ", not connected");
	}
	put_amount(writer,
		   descriptor->socket_type == SOCK_STREAM ? ", unread " : ", next datagram ",
		   descriptor, SIOCINQ, 0);
}

static const char *netlink_name(unsigned int protocol)
{
	static const char *const names[] = {
		[0] = "route",           [2] = "usersock",   [4] = "sock_diag",
		[5] = "nflog",           [6] = "xfrm",       [7] = "selinux",
		[8] = "iscsi",           [9] = "audit",      [10] = "fib_lookup",
		[11] = "connector",      [12] = "netfilter", [14] = "dnrtmsg",
		[15] = "kobject_uevent", [16] = "generic",   [18] = "scsitransport",
		[20] = "rdma",           [21] = "crypto",
	};

	return protocol < sizeof(names) / sizeof(*names) ? names[protocol] : NULL;
}

/* Writes " port 4711". A process' first socket has its process id as the port. The peer is the
 * kernel. */
static void put_netlink_port(struct writer *writer, const struct descriptor *descriptor)
{
	struct sockaddr_storage address;
	socklen_t length;

	if (!socket_name(descriptor, false, &address, &length))
		return;
	put_char(writer, ' ');
	put_address(writer, &address, length);
}

static const char *domain_name(unsigned int domain)
{
	switch (domain) {
	case AF_INET:
		return "inet";
	case AF_INET6:
		return "inet6";
	case AF_PACKET:
		return "packet";
	case AF_VSOCK:
		return "vsock";
	case AF_ALG:
		return "alg";
	case AF_BLUETOOTH:
		return "bluetooth";
	case AF_CAN:
		return "can";
	case 44:
		return "xdp";
	default:
		return NULL;
	}
}

/* "inet raw protocol 1 0.0.0.0:1", "packet raw protocol 768", "vsock stream protocol 0 2:1024". */
static void describe_other(struct writer *writer, const struct descriptor *descriptor)
{
	unsigned int domain = descriptor->socket_domain;

	if (!domain) {
		put_string(writer, "that does not say what it is");
		return;
	}
	if (!domain_name(domain))
		put_string(writer, "domain ");
	put_name_or_number(writer, domain_name(domain), domain);
	put_char(writer, ' ');
	put_name_or_number(writer, type_name(descriptor->socket_type), descriptor->socket_type);
	put_string(writer, " protocol ");
	put_unsigned(writer, descriptor->socket_protocol);
	if (domain == AF_INET || domain == AF_INET6 || domain == AF_VSOCK) {
		put_char(writer, ' ');
		put_addresses(writer, descriptor);
	}
}

void socket_describe(const struct describe *describe, const struct descriptor *descriptor)
{
	struct writer *writer = describe->writer;

	switch (descriptor->kind) {
	case KIND_TCP:
		describe_tcp(describe, descriptor);
		break;
	case KIND_UDP:
		put_addresses(writer, descriptor);
		put_amount(writer, ", next datagram ", descriptor, SIOCINQ, 0);
		break;
	case KIND_UNIX:
		describe_unix(describe, descriptor);
		break;
	case KIND_NETLINK:
		put_name_or_number(writer, netlink_name(descriptor->socket_protocol),
				   descriptor->socket_protocol);
		put_netlink_port(writer, descriptor);
		break;
	default:
		describe_other(writer, descriptor);
	}
}
