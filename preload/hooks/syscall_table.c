// SPDX-License-Identifier: MIT
/* The system calls that hook_syscall.S passes to syscall_hook. See syscall_hook.h. */
#include <stdint.h>

#include "preload/core/base/syscall_numbers.h"
#include "preload/libc/syscall_hook.h"

_Static_assert(sizeof(*syscall_hooked) == 1, "hook_syscall.S compares bytes");

#define OPENS(name, kind) [SYS_##name] = 1,
#define ALSO(name)        [SYS_##name] = 1,

/* clang-format off */
const uint8_t syscall_hooked[SYSCALL_NUMBERS] = {
#include "preload/libc/syscall.list"
	ALSO(io_uring_setup)
	ALSO(bpf)
	ALSO(getsockopt)
	ALSO(socketpair)
	ALSO(pipe2)
	ALSO(signalfd4)
	ALSO(dup)
	ALSO(dup3)
	ALSO(fcntl)
	ALSO(ioctl)
	ALSO(connect)
	ALSO(close)
	ALSO(recvmsg)
	ALSO(recvmmsg)
	ALSO(exit_group)
	ALSO(prctl)
	ALSO(seccomp)
#ifdef SYS_pipe
	ALSO(pipe)
	ALSO(dup2)
	ALSO(signalfd)
#endif
	ALSO(landlock_create_ruleset)
	ALSO(close_range)
};
/* clang-format on */
