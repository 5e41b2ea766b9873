// SPDX-License-Identifier: MIT
/* See ending_signals.h. */
#include "ending_signals.h"

#include <errno.h>
#include <stddef.h>
#include <sys/signalfd.h>

int ending_signals_hold(sigset_t *before)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigaddset(&ending, SIGQUIT);
	sigprocmask(SIG_BLOCK, &ending, before);
	int fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
