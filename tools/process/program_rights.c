// SPDX-License-Identifier: MIT
/* See program_rights.h. */
#include "program_rights.h"

#include <linux/capability.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

uint64_t program_capabilities(const char *path)
{
	struct vfs_ns_cap_data data;
	ssize_t size = getxattr(path, "security.capability", &data, sizeof(data));
	uint64_t permitted = 0;

	for (size_t i = 0; i < VFS_CAP_U32_3; i++) {
		size_t at = offsetof(struct vfs_ns_cap_data, data) + i * sizeof(data.data[0]);

		if (size >= (ssize_t)(at + sizeof(data.data[0])))
			permitted |= (uint64_t)data.data[i].permitted << (32 * i);
	}
	return permitted;
}

const char *program_rights(const char *path, uid_t user, gid_t group)
{
	struct stat status;
	struct statvfs mounted;

	if (stat(path, &status) != 0 ||
	    (statvfs(path, &mounted) == 0 && mounted.f_flag & ST_NOSUID))
		return NULL;
	if (status.st_mode & S_ISUID && status.st_uid != user)
		return "set-user-ID";
	if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && status.st_gid != group)
		return "set-group-ID";
	if (user != 0 && program_capabilities(path))
		return "file capabilities";
	return NULL;
}
