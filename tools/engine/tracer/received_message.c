// SPDX-License-Identifier: MIT
/* See received_message.h. Nothing that the program's memory says is believed without a check. */
#include "received_message.h"

#include <string.h>
#include <sys/socket.h>

#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04 /* Linux 6.5: include/linux/socket.h */
#endif

/* Most of a control buffer that is looked at: a message brings at most 253 descriptors. */
enum { CONTROL_MAX = 16 * 1024 };

static bool read_header(struct remote_memory *memory, uintptr_t address, struct msghdr *message)
{
	return memory &&
	       remote_memory_copy(memory, address, message, sizeof(*message)) == sizeof(*message);
}

int received_has_room(struct remote_memory *memory, uintptr_t address)
{
	struct msghdr message;

	if (!read_header(memory, address, &message))
		return -1;
	return message.msg_control && message.msg_controllen >= CMSG_LEN(sizeof(int));
}

static size_t take_part(const struct cmsghdr *part, const char *data, size_t size,
			struct received *received, size_t room)
{
	bool rights = part->cmsg_type == SCM_RIGHTS;
	size_t count = size / sizeof(int);

	if (part->cmsg_level != SOL_SOCKET || (!rights && part->cmsg_type != SCM_PIDFD))
		return 0;
	if (count > room)
		count = room;
	for (size_t i = 0; i < count; i++) {
		memcpy(&received[i].fd, data + i * sizeof(int), sizeof(int));
		received[i].kind = rights ? FD_UNKNOWN : FD_PIDFD;
	}
	return count;
}

static size_t take_message(struct remote_memory *memory, const struct msghdr *message,
			   struct received *received, size_t room)
{
	static char control[CONTROL_MAX];
	size_t size = message->msg_controllen, taken = 0, at = 0;
	struct cmsghdr part;

	if (!message->msg_control || size < sizeof(part))
		return 0;
	size = remote_memory_copy(memory, (uintptr_t)message->msg_control, control,
				  size < sizeof(control) ? size : sizeof(control));
	while (at + sizeof(part) <= size) {
		memcpy(&part, control + at, sizeof(part));
		if (part.cmsg_len < sizeof(part) || part.cmsg_len > size - at)
			break;
		taken += take_part(&part, control + at + sizeof(part), part.cmsg_len - sizeof(part),
				   received + taken, room - taken);
		at += CMSG_ALIGN(part.cmsg_len);
	}
	return taken;
}

size_t received_message(struct remote_memory *memory, uintptr_t address, struct received *received)
{
	struct msghdr message;

	return read_header(memory, address, &message)
		       ? take_message(memory, &message, received, RECEIVED_MAX)
		       : 0;
}

size_t received_messages(struct remote_memory *memory, uintptr_t address, size_t count,
			 struct received *received)
{
	struct msghdr message;
	size_t taken = 0;

	for (size_t i = 0; i < count && taken < RECEIVED_MAX;
	     i++, address += sizeof(struct mmsghdr))
		if (read_header(memory, address, &message))
			taken += take_message(memory, &message, received + taken,
					      RECEIVED_MAX - taken);
	return taken;
}
