// SPDX-License-Identifier: MIT
/* See received_message.h. Every length in the program's memory is checked. */
#include "received_message.h"

#include <sys/socket.h>

#include "preload/core/base/control_message.h"

/* Bytes of a control buffer that are read: a message has at most 253 descriptors. */
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

/* The descriptors found so far. */
struct found {
	struct received *received;
	size_t count, room;
};

static void add(int fd, bool is_pidfd, void *data)
{
	struct found *found = data;

	if (found->count < found->room)
		found->received[found->count++] =
			(struct received){.fd = fd, .kind = is_pidfd ? FD_PIDFD : FD_UNKNOWN};
}

static size_t read_message(struct remote_memory *memory, const struct msghdr *message,
			   struct received *received, size_t room)
{
	static char control[CONTROL_MAX];
	struct found found = {.received = received, .room = room};
	size_t size = message->msg_controllen;

	if (!message->msg_control)
		return 0;
	size = remote_memory_copy(memory, (uintptr_t)message->msg_control, control,
				  size < sizeof(control) ? size : sizeof(control));
	control_message_each(control, size, add, &found);
	return found.count;
}

size_t received_message(struct remote_memory *memory, uintptr_t address, struct received *received)
{
	struct msghdr message;

	return read_header(memory, address, &message)
		       ? read_message(memory, &message, received, RECEIVED_MAX)
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
			taken += read_message(memory, &message, received + taken,
					      RECEIVED_MAX - taken);
	return taken;
}
