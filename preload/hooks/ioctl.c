// SPDX-License-Identifier: MIT
/*
 * The hook of ioctl(2), for the requests in preload/libc/ioctl_fds.list. Programs make other
 * requests all the time; these go straight on to the real function.
 */
#include "ioctl.h"

#include <stdarg.h>
#include <string.h>

#include "preload/runtime/use.h"

void ioctl_begins(const struct ioctl_fd *made, const void *arg, struct awaited *awaited,
		  const void *frame)
{
	if (made->offset == IOCTL_RETURNS_FD) {
		hook_begins(frame);
		return;
	}
	*awaited = (struct awaited){AWAITED_ONE, (const char *)arg + made->offset};
	hook_fills(awaited);
}

int ioctl_ends(int result, const struct ioctl_fd *made, const void *arg, const void *frame)
{
	int fd = result;

	if (result < 0 || made->offset == IOCTL_RETURNS_FD)
		return runtime_result(result, made->kind, "ioctl", frame);
	memcpy(&fd, (const char *)arg + made->offset, sizeof(fd));
	if (fd < 0)
		hook_ends();
	else
		runtime_opened(fd, &(struct opening){.kind = made->kind}, frame);
	return result;
}

/* Not inline, so that the hook's usual path stays short. */
static __attribute__((noinline)) int makes_descriptor(int fd, unsigned long request, void *arg,
						      const void *frame)
{
	struct ioctl_fd made = {0};
	struct awaited awaited;

	ioctl_makes((uint32_t)request, &made);
	ioctl_begins(&made, arg, &awaited, frame);
	return ioctl_ends(REAL(ioctl)(fd, request, arg), &made, arg, frame);
}

/* Like glibc, this reads a third argument whether the caller has passed one or not. */
HOOK int ioctl(int fd, unsigned long request, ...)
{
	struct ioctl_fd unused;
	va_list arguments;
	va_start(arguments, request);
	void *arg = va_arg(arguments, void *);
	va_end(arguments);

	note_use(fd, HERE);
	if (__builtin_expect(!ioctl_makes((uint32_t)request, &unused), 1))
		return REAL(ioctl)(fd, request, arg);
	return makes_descriptor(fd, request, arg, HERE);
}
