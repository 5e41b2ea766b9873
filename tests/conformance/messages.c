// SPDX-License-Identifier: MIT
/* Cases of descriptors that travel over sockets. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "case.h"

enum { MOST = 8 };

static int pair[2];

struct letter {
	char byte;
	struct iovec part;
	char control[512] __attribute__((aligned(8)));
	struct mmsghdr message;
};

static struct letter letter(size_t control)
{
	struct letter made = {.part = {.iov_len = 1}};

	made.message.msg_hdr = (struct msghdr){.msg_iovlen = 1, .msg_controllen = control};
	return made;
}

/* Sets the pointers to the letter's own parts, once the letter is at its final place. */
static struct msghdr *address_of(struct letter *letter)
{
	letter->part.iov_base = &letter->byte;
	letter->message.msg_hdr.msg_iov = &letter->part;
	letter->message.msg_hdr.msg_control =
		letter->message.msg_hdr.msg_controllen ? letter->control : NULL;
	return &letter->message.msg_hdr;
}

static void send_numbers(const int *fds, int count, bool credentials)
{
	struct letter sent = letter(CMSG_SPACE(sizeof(int) * (size_t)count) +
				    (credentials ? CMSG_SPACE(sizeof(struct ucred)) : 0));
	struct msghdr *message = address_of(&sent);
	struct cmsghdr *part = CMSG_FIRSTHDR(message);

	if (credentials) {
		struct ucred own = {getpid(), getuid(), getgid()};
		*part = (struct cmsghdr){CMSG_LEN(sizeof(own)), SOL_SOCKET, SCM_CREDENTIALS};
		memcpy(CMSG_DATA(part), &own, sizeof(own));
		part = CMSG_NXTHDR(message, part);
	}
	part->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(part), fds, sizeof(int) * (size_t)count);
	if (sendmsg(pair[0], message, 0) != 1)
		say("sendmsg failed");
}

static void say_rights(struct msghdr *message)
{
	say("flags %x, control %zu", message->msg_flags, message->msg_controllen);
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		int fds[MOST];
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		say("type %d, %zu words", part->cmsg_type, count);
		if (part->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds, CMSG_DATA(part), (count < MOST ? count : (size_t)MOST) * sizeof(int));
		for (size_t i = 0; i < count && i < MOST; i++)
			say("number %d, close-on-exec %d", fds[i], fcntl(fds[i], F_GETFD));
	}
}

static void begin(void)
{
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static void receive(size_t control, int flags)
{
	struct letter got = letter(control);
	struct msghdr *message = address_of(&got);

	if (CALL(recvmsg(pair[1], message, flags)) >= 0)
		say_rights(message);
}

static void receives_one(void)
{
	begin();
	send_numbers((int[]){0}, 1, false);
	receive(CMSG_SPACE(sizeof(int)), 0);
	send_numbers((int[]){0}, 1, false);
	receive(CMSG_SPACE(sizeof(int)), MSG_CMSG_CLOEXEC);
}

static void receives_many(void)
{
	begin();
	send_numbers((int[]){0, 1, 2, 0, 1}, 5, false);
	receive(CMSG_SPACE(5 * sizeof(int)), 0);
	say_open();
}

static void receives_some_of_many(void)
{
	begin();
	send_numbers((int[]){0, 1, 2, 0}, 4, false);
	receive(CMSG_LEN(2 * sizeof(int)), 0);
	say_open();
}

static void receives_none_without_room(void)
{
	begin();
	send_numbers((int[]){0, 1}, 2, false);
	receive(0, 0);
	send_numbers((int[]){0, 1}, 2, false);
	receive(CMSG_LEN(0), 0);
	say_open();
}

static void receives_with_credentials(void)
{
	int on = 1;

	begin();
	setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	send_numbers((int[]){0, 1}, 2, true);
	receive(256, 0);
}

static void peeks_and_receives(void)
{
	begin();
	send_numbers((int[]){0}, 1, false);
	receive(CMSG_SPACE(sizeof(int)), MSG_PEEK);
	receive(CMSG_SPACE(sizeof(int)), 0);
	say_open();
}

static void receives_nothing(void)
{
	struct letter got = letter(64);

	begin();
	receive(64, MSG_DONTWAIT);
	CALL(recvmsg(999, address_of(&got), 0));
	CALL(recvmsg(open("/dev/null", O_RDONLY), address_of(&got), 0));
	close(pair[0]);
	receive(64, 0);
	CALL(syscall(SYS_recvmsg, pair[1], address_of(&got), 0));
}

static void receives_several_messages(void)
{
	struct letter got[3];
	struct mmsghdr messages[3];
	struct timespec soon = {0, 1000000};

	begin();
	for (int i = 0; i < 2; i++)
		send_numbers((int[]){i}, 1, false);
	for (int i = 0; i < 3; i++) {
		got[i] = letter(CMSG_SPACE(sizeof(int)));
		messages[i] = (struct mmsghdr){.msg_hdr = *address_of(&got[i])};
	}
	CALL(recvmmsg(pair[1], messages, 3, MSG_WAITFORONE, NULL));
	for (int i = 0; i < 2; i++)
		say_rights(&messages[i].msg_hdr);
	CALL(recvmmsg(pair[1], messages, 3, MSG_DONTWAIT, &soon));
	CALL(recvmmsg(999, messages, 3, 0, NULL));
	CALL(recvmmsg(pair[1], messages, 0, 0, NULL));
}

static void receives_by_system_call(void)
{
	struct letter got = letter(CMSG_SPACE(sizeof(int)));

	begin();
	send_numbers((int[]){0}, 1, false);
	CALL(syscall(SYS_recvmsg, pair[1], address_of(&got), 0));
	say_rights(&got.message.msg_hdr);
	send_numbers((int[]){0}, 1, false);
	got = letter(CMSG_SPACE(sizeof(int)));
	address_of(&got);
	CALL(syscall(SYS_recvmmsg, pair[1], &got.message, 1, 0, NULL));
	say_rights(&got.message.msg_hdr);
}

CASES(messages) = {
	CASE(receives_one),
	CASE(receives_many),
	CASE(receives_some_of_many),
	CASE(receives_none_without_room),
	CASE(receives_with_credentials),
	CASE(peeks_and_receives),
	CASE(receives_nothing),
	CASE(receives_several_messages),
	CASE(receives_by_system_call),
	CASE_WITHOUT(receives_nothing, "0"),
	END_OF_CASES,
};
