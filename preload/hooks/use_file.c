// SPDX-License-Identifier: MIT
/* Wrappers of the functions that read, write and flush files and everything else that is read so.
 * use_wrapper.h says how they come to be called. */
#include <dirent.h>
#include <sys/uio.h>
#include <unistd.h>

#include "use_wrapper.h"

USE ssize_t use_read(int fd, void *buf, size_t count)
{
	note_use(fd, HERE);
	return use_real.read(fd, buf, count);
}

USE ssize_t use___read(int fd, void *buf, size_t count)
{
	note_use(fd, HERE);
	return use_real.__read(fd, buf, count);
}

USE ssize_t use___read_chk(int fd, void *buf, size_t count, size_t buflen)
{
	note_use(fd, HERE);
	return use_real.__read_chk(fd, buf, count, buflen);
}

USE ssize_t use_pread(int fd, void *buf, size_t count, off_t offset)
{
	note_use(fd, HERE);
	return use_real.pread(fd, buf, count, offset);
}

USE ssize_t use_pread64(int fd, void *buf, size_t count, off64_t offset)
{
	note_use(fd, HERE);
	return use_real.pread64(fd, buf, count, offset);
}

USE ssize_t use___pread64(int fd, void *buf, size_t count, off64_t offset)
{
	note_use(fd, HERE);
	return use_real.__pread64(fd, buf, count, offset);
}

USE ssize_t use___pread_chk(int fd, void *buf, size_t count, off_t offset, size_t buflen)
{
	note_use(fd, HERE);
	return use_real.__pread_chk(fd, buf, count, offset, buflen);
}

USE ssize_t use___pread64_chk(int fd, void *buf, size_t count, off64_t offset, size_t buflen)
{
	note_use(fd, HERE);
	return use_real.__pread64_chk(fd, buf, count, offset, buflen);
}

USE ssize_t use_readv(int fd, const struct iovec *iov, int iovcnt)
{
	note_use(fd, HERE);
	return use_real.readv(fd, iov, iovcnt);
}

USE ssize_t use_preadv(int fd, const struct iovec *iov, int iovcnt, off_t offset)
{
	note_use(fd, HERE);
	return use_real.preadv(fd, iov, iovcnt, offset);
}

USE ssize_t use_preadv64(int fd, const struct iovec *iov, int iovcnt, off64_t offset)
{
	note_use(fd, HERE);
	return use_real.preadv64(fd, iov, iovcnt, offset);
}

USE ssize_t use_preadv2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)
{
	note_use(fd, HERE);
	return use_real.preadv2(fd, iov, iovcnt, offset, flags);
}

USE ssize_t use_preadv64v2(int fd, const struct iovec *iov, int iovcnt, off64_t offset, int flags)
{
	note_use(fd, HERE);
	return use_real.preadv64v2(fd, iov, iovcnt, offset, flags);
}

USE ssize_t use_write(int fd, const void *buf, size_t count)
{
	note_use(fd, HERE);
	return use_real.write(fd, buf, count);
}

USE ssize_t use___write(int fd, const void *buf, size_t count)
{
	note_use(fd, HERE);
	return use_real.__write(fd, buf, count);
}

USE ssize_t use_pwrite(int fd, const void *buf, size_t count, off_t offset)
{
	note_use(fd, HERE);
	return use_real.pwrite(fd, buf, count, offset);
}

USE ssize_t use_pwrite64(int fd, const void *buf, size_t count, off64_t offset)
{
	note_use(fd, HERE);
	return use_real.pwrite64(fd, buf, count, offset);
}

USE ssize_t use___pwrite64(int fd, const void *buf, size_t count, off64_t offset)
{
	note_use(fd, HERE);
	return use_real.__pwrite64(fd, buf, count, offset);
}

USE ssize_t use_writev(int fd, const struct iovec *iov, int iovcnt)
{
	note_use(fd, HERE);
	return use_real.writev(fd, iov, iovcnt);
}

USE ssize_t use_pwritev(int fd, const struct iovec *iov, int iovcnt, off_t offset)
{
	note_use(fd, HERE);
	return use_real.pwritev(fd, iov, iovcnt, offset);
}

USE ssize_t use_pwritev64(int fd, const struct iovec *iov, int iovcnt, off64_t offset)
{
	note_use(fd, HERE);
	return use_real.pwritev64(fd, iov, iovcnt, offset);
}

USE ssize_t use_pwritev2(int fd, const struct iovec *iov, int iovcnt, off_t offset, int flags)
{
	note_use(fd, HERE);
	return use_real.pwritev2(fd, iov, iovcnt, offset, flags);
}

USE ssize_t use_pwritev64v2(int fd, const struct iovec *iov, int iovcnt, off64_t offset, int flags)
{
	note_use(fd, HERE);
	return use_real.pwritev64v2(fd, iov, iovcnt, offset, flags);
}

USE ssize_t use_getdents64(int fd, void *dirp, size_t count)
{
	note_use(fd, HERE);
	return use_real.getdents64(fd, dirp, count);
}

USE int use_fsync(int fd)
{
	note_use(fd, HERE);
	return use_real.fsync(fd);
}

USE int use_fdatasync(int fd)
{
	note_use(fd, HERE);
	return use_real.fdatasync(fd);
}

USE int use_ftruncate(int fd, off_t length)
{
	note_use(fd, HERE);
	return use_real.ftruncate(fd, length);
}

USE int use_ftruncate64(int fd, off64_t length)
{
	note_use(fd, HERE);
	return use_real.ftruncate64(fd, length);
}
