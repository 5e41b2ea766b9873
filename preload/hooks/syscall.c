// SPDX-License-Identifier: MIT
/*
 * The hook of syscall(2), for the numbers that make, copy, receive or close descriptors, connect,
 * set up a seccomp filter or end the process. hook_syscall.S jumps to the real function for all
 * others. Programs use syscall(2) because their C library is older than the kernel, or because a
 * system call has no function in the C library: io_uring_setup, userfaultfd and their like.
 */
#include "hook.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/runtime/exit.h"
#include "preload/runtime/sandbox.h"
#include "close_range.h"
#include "connect.h"
#include "dup.h"
#include "ioctl.h"
#include "preload/libc/new_descriptor.h"
#include "preload/libc/received_fds.h"
#include "preload/libc/socket_option.h"
#include "preload/libc/syscall_hook.h"

/* Not the real close_range, which the C library may lack. */
static int close_by_number(unsigned int first, unsigned int last, int flags)
{
	return (int)REAL(syscall)(SYS_close_range, first, last, flags);
}

/* hook_syscall.S jumps here with nothing of its own on the stack, so HERE works as in any hook. */
long syscall_hook(long number, long a, long b, long c, long d, long e, long f)
{
#define CALL() REAL(syscall)(number, a, b, c, d, e, f)
	switch (number) {
#define OPENS(name, kind)                                                                          \
	case SYS_##name:                                                                           \
		return (hook_begins(HERE), runtime_result((int)CALL(), kind, #name, HERE));
#include "preload/libc/syscall.list"
#undef OPENS
	case SYS_landlock_create_ruleset: {
		int result = (int)CALL();
		return landlock_opens((uint32_t)c) ? runtime_result(result, FD_LANDLOCK,
								    "landlock_create_ruleset", HERE)
						   : result;
	}
	case SYS_io_uring_setup: {
		int result = (int)CALL();
		return result < 0 || io_uring_opens(((const struct io_uring_params *)b)->flags)
			       ? runtime_result(result, FD_IO_URING, "io_uring_setup", HERE)
			       : result;
	}
	case SYS_bpf: {
		int result = (int)CALL();
		return bpf_opens((uint32_t)a) ? runtime_result(result, FD_BPF, "bpf", HERE)
					      : result;
	}
	case SYS_getsockopt:
		return socket_option((int)CALL(), (int)b, (int)c, (const void *)d, HERE);
	case SYS_socketpair:
		hook_fills(&(struct awaited){AWAITED_PAIR, (const int *)d});
		return hook_pair(runtime_pair_result((int)CALL(), (int *)d), (const int *)d,
				 FD_SOCKET, "socketpair", HERE);
#ifdef SYS_pipe
	case SYS_pipe:
#endif
	case SYS_pipe2:
		hook_fills(&(struct awaited){AWAITED_PAIR, (const int *)a});
		return hook_pair(runtime_pair_result((int)CALL(), (int *)a), (const int *)a,
				 FD_PIPE, "pipe", HERE);
#ifdef SYS_signalfd
	case SYS_signalfd:
#endif
	case SYS_signalfd4: {
		int result = (int)CALL();
		return (int)a == -1 ? runtime_result(result, FD_SIGNALFD, "signalfd", HERE)
				    : result;
	}
	case SYS_dup:
		hook_begins(HERE);
		return hook_duplicated((int)CALL(), (int)a, "dup", HERE);
#ifdef SYS_dup2
	case SYS_dup2:
#endif
	case SYS_dup3: {
		struct closing recorded = dup_over_begin((int)a, (int)b, HERE);
		hook_begins(HERE);
		return dup_over_end((int)CALL(), (int)a, (int)b, recorded, "dup3", HERE);
	}
	case SYS_fcntl: {
		if (b != F_DUPFD && b != F_DUPFD_CLOEXEC)
			return CALL();
		hook_begins(HERE);
		return hook_duplicated((int)CALL(), (int)a, "fcntl", HERE);
	}
	case SYS_ioctl: {
		struct ioctl_fd made;
		if (!ioctl_makes((uint32_t)b, &made))
			return CALL();
		ioctl_begins(&made, (const void *)c, &(struct awaited){0}, HERE);
		return ioctl_ends((int)CALL(), &made, (const void *)c, HERE);
	}
	case SYS_connect: {
		long result = CALL();
		if (connect_has_address(result))
			runtime_connected((int)a, (const void *)b, (socklen_t)c, HERE);
		return result;
	}
	case SYS_close: {
		struct closing recorded = runtime_closing((int)a, HERE);
		long result = CALL();
		runtime_close_returned(recorded, result < 0, "close", HERE);
		return result;
	}
	case SYS_close_range:
		return close_range_by(close_by_number, (unsigned int)a, (unsigned int)b, (int)c,
				      HERE);
	case SYS_recvmsg: {
		struct awaited filling = {AWAITED_MESSAGE, (void *)b};
		hook_fills(&filling);
		long result = CALL();
		if (result >= 0)
			received_message((void *)b, HERE);
		else
			hook_ends();
		return result;
	}
	case SYS_recvmmsg: {
		long result = CALL();
		received_messages((void *)b, (int)result, HERE);
		return result;
	}
	case SYS_prctl:
		return prctl((int)a, b, c, d, e);
	case SYS_seccomp: {
		bool strict = a == SECCOMP_SET_MODE_STRICT;
		if (!strict && a != SECCOMP_SET_MODE_FILTER)
			return CALL();
		long kept = sandbox_before((const void *)c, strict);
		long result = CALL();
		/* With SECCOMP_FILTER_FLAG_NEW_LISTENER the call returns a descriptor. With _TSYNC
		 * it may fail with a positive result, the id of a thread that can't take it. */
		bool listens = !strict && b & SECCOMP_FILTER_FLAG_NEW_LISTENER;
		sandbox_after(kept, result == 0 || (listens && result > 0));
		return listens ? runtime_result((int)result, FD_UNKNOWN, "seccomp", HERE) : result;
	}
	case SYS_exit_group:
		exit_now((int)a);
	default:
		return CALL();
	}
}
