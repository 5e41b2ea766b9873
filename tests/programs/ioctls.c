// SPDX-License-Identifier: MIT
/*
 * Makes descriptors by ioctl(2), each in a function makes_by_NAME. Prints a line for each: the name
 * and the number, or the name, "refused" and the error.
 *
 *     ioctls real     requests that the kernel answers on most machines
 *     ioctls every    each request of ioctl_fds.list; libioctls.so has to answer instead of the
 *                     kernel
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"

static int report(const char *name, int result, int fd)
{
	if (result < 0)
		printf("%s refused %d\n", name, errno);
	else
		printf("%s %d\n", name, fd);
	return result;
}

static char filled[1024];

static int number_at(int offset)
{
	int fd;

	memcpy(&fd, filled + offset, sizeof(fd));
	return fd;
}

#define RETURNS(name, request, kind)                                                               \
	static FRAME int makes_by_##name(void)                                                     \
	{                                                                                          \
		int fd = ioctl(-1, request, filled);                                               \
		return report(#name, fd, fd);                                                      \
	}
#define STORES(name, request, offset, kind)                                                        \
	static FRAME int makes_by_##name(void)                                                     \
	{                                                                                          \
		int result = ioctl(-1, request, filled);                                           \
		return report(#name, result, number_at(offset));                                   \
	}
#include "../../preload/libc/ioctl_fds.list"
#undef RETURNS
#undef STORES

static void every(void)
{
#define RETURNS(name, request, kind)        makes_by_##name();
#define STORES(name, request, offset, kind) makes_by_##name();
#include "../../preload/libc/ioctl_fds.list"
#undef RETURNS
#undef STORES
}

/* Requests by their numbers: the machine's headers may be older than its kernel. */
enum {
	GET_PTPEER = 0x5441,
	GET_USER_NAMESPACE = 0xb701,
	SOCKET_NAMESPACE = 0x894c,
	PIDFD_NET_NAMESPACE = 0xff04,
	NEW_USERFAULTFD = 0xaa00,
	KVM_NEW_VM = 0xae01,
	KVM_NEW_DEVICE = (int)0xc00caee0,
};

static FRAME int makes_ptpeer(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	int fd = unlockpt(master) == 0 ? ioctl(master, GET_PTPEER, O_RDWR | O_NOCTTY) : -1;

	return report("ptpeer", fd, fd);
}

static FRAME int makes_namespace(void)
{
	int fd = ioctl(open("/proc/self/ns/net", O_RDONLY), GET_USER_NAMESPACE);

	return report("namespace", fd, fd);
}

/* The kernel ignores the upper half of the request, and programs that keep it in an int fill it. */
static FRAME int makes_high(void)
{
	int fd =
		ioctl(open("/proc/self/ns/net", O_RDONLY), 0xffffffff00000000 | GET_USER_NAMESPACE);

	return report("high", fd, fd);
}

static FRAME int makes_raw(void)
{
	int fd = (int)syscall(SYS_ioctl, open("/proc/self/ns/net", O_RDONLY), GET_USER_NAMESPACE);

	return report("raw", fd, fd);
}

static FRAME int makes_socket_namespace(void)
{
	int fd = ioctl(socket(AF_INET, SOCK_DGRAM, 0), SOCKET_NAMESPACE);

	return report("socket_namespace", fd, fd);
}

static FRAME int makes_pidfd_namespace(void)
{
	int fd = ioctl((int)syscall(434 /* pidfd_open */, getpid(), 0), PIDFD_NET_NAMESPACE, 0);

	return report("pidfd_namespace", fd, fd);
}

static FRAME int makes_userfaultfd(void)
{
	int fd = ioctl(open("/dev/userfaultfd", O_RDWR), NEW_USERFAULTFD, 0);

	return report("userfaultfd", fd, fd);
}

static int machine = -1;

static FRAME int makes_kvm_machine(void)
{
	machine = ioctl(open("/dev/kvm", O_RDWR), KVM_NEW_VM, 0);
	return report("kvm_machine", machine, machine);
}

/* struct kvm_create_device: type (4: VFIO), fd, flags */
static FRAME int makes_kvm_device(void)
{
	unsigned int device[3] = {4};
	int result = ioctl(machine, (unsigned int)KVM_NEW_DEVICE, device);

	return report("kvm_device", result, (int)device[1]);
}

static FRAME int makes_raw_kvm_device(void)
{
	unsigned int device[3] = {4};
	int result = (int)syscall(SYS_ioctl, machine, (long)KVM_NEW_DEVICE, device);

	return report("raw_kvm_device", result, (int)device[1]);
}

static void real(void)
{
	makes_ptpeer();
	makes_namespace();
	makes_high();
	makes_raw();
	makes_socket_namespace();
	makes_pidfd_namespace();
	makes_userfaultfd();
	makes_kvm_machine();
	makes_kvm_device();
	makes_raw_kvm_device();
}

int main(int count, char **words)
{
	if (count != 2)
		return 2;
	if (strcmp(words[1], "every") == 0)
		every();
	else
		real();
	return 0;
}
