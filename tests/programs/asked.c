// SPDX-License-Identifier: MIT
/*
 *     asked HOW TIMES
 *
 * Opens and closes by HOW (open, dup, dup2, fcntl, socket, pipe, socketpair, recvmsg, fopen,
 * opendir) until a timer has sent SIGALRM TIMES times. This program spends nearly all its time in
 * the kernel, so the signal mostly comes when the call returns with its new descriptors.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "frame.h"

static volatile sig_atomic_t times;
static int post[2];

static void on_alarm(int number)
{
	(void)number;
	times++;
}

static int receive(void)
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof(room)};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	int fd = 0;

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
	if (sendmsg(post[0], &message, 0) != 1 || recvmsg(post[1], &message, MSG_CMSG_CLOEXEC) != 1)
		exit(1);
	memcpy(&fd, CMSG_DATA(part), sizeof(fd));
	return fd;
}

/* In the C library, which does more than one system call. */
static void opens_object(const char *how)
{
	if (strcmp(how, "fopen") == 0) {
		FILE *file = fopen("/dev/zero", "r");

		if (!file || fclose(file) != 0)
			exit(1);
	} else {
		DIR *dir = opendir("/");

		if (!dir || closedir(dir) != 0)
			exit(1);
	}
}

FRAME static void opens(const char *how)
{
	enum { CHOSEN = 50 };
	int fd[2] = {-1, -1};

	if (strcmp(how, "fopen") == 0 || strcmp(how, "opendir") == 0) {
		opens_object(how);
		return;
	}
	if (strcmp(how, "open") == 0)
		fd[0] = open("/dev/zero", O_RDONLY);
	else if (strcmp(how, "dup") == 0)
		fd[0] = dup(0);
	else if (strcmp(how, "dup2") == 0)
		fd[0] = dup2(0, CHOSEN);
	else if (strcmp(how, "fcntl") == 0)
		fd[0] = fcntl(0, F_DUPFD_CLOEXEC, 0);
	else if (strcmp(how, "socket") == 0)
		fd[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	else if (strcmp(how, "pipe") == 0         ? pipe(fd)
		 : strcmp(how, "socketpair") == 0 ? socketpair(AF_UNIX, SOCK_STREAM, 0, fd)
						  : (fd[0] = receive()) < 0)
		exit(1);
	close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
}

int main(int count, char **words)
{
	const struct itimerval once = {.it_value = {.tv_usec = 1000}};
	int armed = -1;
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	if (count < 3 || socketpair(AF_UNIX, SOCK_STREAM, 0, post) != 0)
		return 2;
	sigaction(SIGALRM, &action, NULL);
	while (times < atoi(words[2])) {
		/* A snapshot may take longer than the timer's period, so the timer is started
		 * for each signal. */
		if (armed != times) {
			armed = times; /* set before a signal can change it */
			if (setitimer(ITIMER_REAL, &once, NULL) != 0)
				return 1;
		}
		opens(words[1]);
	}
	return 0;
}
