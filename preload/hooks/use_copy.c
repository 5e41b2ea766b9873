// SPDX-License-Identifier: MIT
/* Wrappers of the functions that copy from one descriptor to another. Both are used. use_wrapper.h
 * says how they come to be called. */
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "use_wrapper.h"

USE ssize_t use_sendfile(int out_fd, int in_fd, off_t *offset, size_t count)
{
	note_use(out_fd, HERE);
	note_use(in_fd, HERE);
	return use_real.sendfile(out_fd, in_fd, offset, count);
}

USE ssize_t use_sendfile64(int out_fd, int in_fd, off64_t *offset, size_t count)
{
	note_use(out_fd, HERE);
	note_use(in_fd, HERE);
	return use_real.sendfile64(out_fd, in_fd, offset, count);
}

USE ssize_t use_splice(int fd_in, off64_t *off_in, int fd_out, off64_t *off_out, size_t len,
		       unsigned int flags)
{
	note_use(fd_in, HERE);
	note_use(fd_out, HERE);
	return use_real.splice(fd_in, off_in, fd_out, off_out, len, flags);
}

USE ssize_t use_tee(int fd_in, int fd_out, size_t len, unsigned int flags)
{
	note_use(fd_in, HERE);
	note_use(fd_out, HERE);
	return use_real.tee(fd_in, fd_out, len, flags);
}

USE ssize_t use_vmsplice(int fd, const struct iovec *iov, size_t nr_segs, unsigned int flags)
{
	note_use(fd, HERE);
	return use_real.vmsplice(fd, iov, nr_segs, flags);
}

USE ssize_t use_copy_file_range(int fd_in, off64_t *off_in, int fd_out, off64_t *off_out,
				size_t size, unsigned int flags)
{
	note_use(fd_in, HERE);
	note_use(fd_out, HERE);
	return use_real.copy_file_range(fd_in, off_in, fd_out, off_out, size, flags);
}
