// SPDX-License-Identifier: MIT
/* Hooks of pipe(2) and pipe2(2). */
#include "hook.h"

HOOK int pipe(int pipefd[2])
{
	if (thread_state.vforks & THREAD_INSIDE)
		return pipe2(pipefd, 0);
	return opened_pair(REAL(pipe)(pipefd), pipefd, FD_PIPE);
}

HOOK_ALIAS(__pipe, pipe);

HOOK int pipe2(int pipefd[2], int flags)
{
	/* The caller is libunwind. It wants a pipe to test addresses in its own process, which we
	 * never ask it to do. It works without the pipe, and must not take descriptor numbers from
	 * the program. */
	if (thread_state.vforks & THREAD_INSIDE) {
		errno = EMFILE;
		return -1;
	}
	return opened_pair(REAL(pipe2)(pipefd, flags), pipefd, FD_PIPE);
}
