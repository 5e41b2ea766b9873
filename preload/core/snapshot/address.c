// SPDX-License-Identifier: MIT
/* See address.h. */
#include "address.h"

#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "escape_text.h"

static void put_ipv4(struct writer *writer, const uint8_t *bytes)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			put_char(writer, '.');
		put_unsigned(writer, bytes[i]);
	}
}

static void put_plain_hex(struct writer *writer, unsigned int value)
{
	static const char digits[] = "0123456789abcdef";
	bool begun = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned int digit = value >> shift & 15;
		if (digit || begun || shift == 0)
			put_char(writer, digits[digit]);
		begun |= digit != 0;
	}
}

/* RFC 5952: the longest run of two or more zero groups, the first of equals, becomes "::". */
static void put_ipv6(struct writer *writer, const uint8_t *bytes)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	unsigned int groups[8];
	int run = -1, run_length = 1;

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		put_string(writer, "::ffff:");
		put_ipv4(writer, bytes + sizeof(mapped));
		return;
	}
	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned int)bytes[2 * i] << 8 | bytes[2 * i + 1];
	for (int i = 0; i < 8; i++) {
		int length = 0;
		while (i + length < 8 && groups[i + length] == 0)
			length++;
		if (length > run_length) {
			run = i;
			run_length = length;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == run) {
			put_string(writer, "::");
			i += run_length - 1;
			continue;
		}
		if (i && i != run + run_length)
			put_char(writer, ':');
		put_plain_hex(writer, groups[i]);
	}
}

void put_inet(struct writer *writer, int family, const uint8_t *address, uint16_t port,
	      uint32_t scope)
{
	if (family == AF_INET6) {
		put_char(writer, '[');
		put_ipv6(writer, address);
		if (scope) {
			put_char(writer, '%');
			put_unsigned(writer, scope);
		}
		put_char(writer, ']');
	} else {
		put_ipv4(writer, address);
	}
	put_char(writer, ':');
	put_unsigned(writer, ntohs(port));
}

/* An absolute path is written bare, an abstract name after an @. A relative path is always quoted,
 * so that it can't look like either of them, or like "unnamed". */
static void put_unix(struct writer *writer, const struct sockaddr_un *address, socklen_t length)
{
	size_t size = length > offsetof(struct sockaddr_un, sun_path)
			      ? length - offsetof(struct sockaddr_un, sun_path)
			      : 0;
	const char *path = address->sun_path;

	if (size > sizeof(address->sun_path))
		size = sizeof(address->sun_path);
	if (size == 0) {
		put_string(writer, "unnamed");
	} else if (path[0] == '\0') {
		put_char(writer, '@');
		put_word(writer, path + 1, size - 1);
	} else if (path[0] == '/') {
		put_word(writer, path, strnlen(path, size));
	} else {
		put_quoted(writer, path, strnlen(path, size));
	}
}

void put_address(struct writer *writer, const struct sockaddr_storage *address, socklen_t length)
{
	switch (address->ss_family) {
	case AF_INET: {
		const struct sockaddr_in *in = (const void *)address;
		put_inet(writer, AF_INET, (const uint8_t *)&in->sin_addr, in->sin_port, 0);
		break;
	}
	case AF_INET6: {
		const struct sockaddr_in6 *in6 = (const void *)address;
		put_inet(writer, AF_INET6, (const uint8_t *)&in6->sin6_addr, in6->sin6_port,
			 in6->sin6_scope_id);
		break;
	}
	case AF_UNIX:
		put_unix(writer, (const void *)address, length);
		break;
	case AF_NETLINK: {
		const struct sockaddr_nl *nl = (const void *)address;
		if (nl->nl_pid == 0) {
			put_string(writer, "unbound");
			break;
		}
		put_string(writer, "port ");
		put_unsigned(writer, nl->nl_pid);
		break;
	}
	case AF_VSOCK: {
		const struct sockaddr_vm *vm = (const void *)address;
		put_unsigned(writer, vm->svm_cid);
		put_char(writer, ':');
		put_unsigned(writer, vm->svm_port);
		break;
	}
	default:
		put_string(writer, "unnamed");
	}
}

bool address_is_unbound(const struct sockaddr_storage *address)
{
	static const uint8_t zero[16];

	if (address->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;
		return in->sin_port == 0 && in->sin_addr.s_addr == 0;
	}
	if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		return in6->sin6_port == 0 && memcmp(&in6->sin6_addr, zero, sizeof(zero)) == 0;
	}
	return false;
}
