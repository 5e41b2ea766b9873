// SPDX-License-Identifier: MIT
/*
 * Tells whether a system call returns a new descriptor, for calls that do so only with some
 * arguments; with others their result is a number that looks like one. For the hook of syscall(2),
 * and for the ptrace engine. The arguments are ints to the kernel, which ignores the upper halves
 * of registers. Async-signal-safe.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

/* bpf(2), whose other commands return 0. */
static inline bool bpf_opens(uint32_t command)
{
	enum { TOKEN_CREATE = 36 }; /* include/uapi/linux/bpf.h, Linux 6.9 */
	static const uint64_t opening =
		UINT64_C(1) << BPF_MAP_CREATE | UINT64_C(1) << BPF_PROG_LOAD |
		UINT64_C(1) << BPF_OBJ_GET | UINT64_C(1) << BPF_PROG_GET_FD_BY_ID |
		UINT64_C(1) << BPF_MAP_GET_FD_BY_ID | UINT64_C(1) << BPF_RAW_TRACEPOINT_OPEN |
		UINT64_C(1) << BPF_BTF_LOAD | UINT64_C(1) << BPF_BTF_GET_FD_BY_ID |
		UINT64_C(1) << BPF_LINK_CREATE | UINT64_C(1) << BPF_LINK_GET_FD_BY_ID |
		UINT64_C(1) << BPF_ENABLE_STATS | UINT64_C(1) << BPF_ITER_CREATE |
		UINT64_C(1) << TOKEN_CREATE;

	return command < 64 && (opening >> command & 1);
}

/* landlock_create_ruleset(2): with a flag it returns a version, or a set of known errata. */
static inline bool landlock_opens(uint32_t flags)
{
	return flags == 0;
}

/* io_uring_setup(2), by the flags in its parameters. A ring may be registered instead (Linux 6.5);
 * then the result is its index. */
static inline bool io_uring_opens(uint32_t flags)
{
	enum { REGISTERED_FD_ONLY = 1u << 15 }; /* include/uapi/linux/io_uring.h */

	return !(flags & REGISTERED_FD_ONLY);
}
