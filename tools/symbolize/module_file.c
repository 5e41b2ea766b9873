// SPDX-License-Identifier: MIT
/*
 * See module_file.h. A file that was rebuilt since the snapshot would give wrong names, so a file
 * is used only if its build-id is the snapshot's; or, for programs linked without one, if the
 * snapshot was taken on this machine and the file has not changed since. libdwfl searches for the
 * debug file as gdb(1) does: by build-id (which is checked), by .gnu_debuglink (whose checksum is
 * checked), and on the servers of DEBUGINFOD_URLS (debuginfod(8)).
 */
#include "module_file.h"

#include <dlfcn.h>
#include <elfutils/libdwelf.h>
#include <elfutils/version.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "debug_dirs.h"
#include "elf_file.h"
#include "symbol_index.h"

static const char standard_debug_dir[] = "/usr/lib/debug";

volatile int module_file_downloading, module_file_cancel;
void (*module_file_download_progress)(const char *path);

/* The one module that this process reads: */
static char *search_path; /* dwfl_standard_find_debuginfo's list of folders */
static Dwfl *session;
static const struct module_wanted *looked_for;

/* Downloads. elfutils/debuginfod.h comes in a package of its own, for this one function. */

#if _ELFUTILS_PREREQ(0, 188)

typedef int (*progress_fn)(debuginfod_client *client, long done, long total);
typedef void (*set_progress_fn)(debuginfod_client *client, progress_fn progress);

/* libdebuginfod calls this while it waits. Any result but 0 ends the download and removes what it
 * has written. */
static int download_progress(debuginfod_client *client, long done, long total)
{
	if (module_file_download_progress)
		module_file_download_progress(looked_for->path);
	return module_file_cancel;
}

/* libdwfl loads libdebuginfod by itself if it is installed and servers are named. */
static void downloads_begin(void)
{
	const char *servers = getenv("DEBUGINFOD_URLS");

	if (!servers || !*servers)
		return;

	debuginfod_client *client = session ? dwfl_get_debuginfod_client(session) : NULL;
	void *library = client ? dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_NOLOAD) : NULL;
	if (!library)
		return;
	set_progress_fn set = (set_progress_fn)dlsym(library, "debuginfod_set_progressfn");
	if (set)
		set(client, download_progress);
	dlclose(library);
	module_file_downloading = 1;
}

#else

/* Before 0.188 libdwfl doesn't show its client. So a download can't be ended cleanly. */
static void downloads_begin(void)
{
}

#endif

static void downloads_end(void)
{
	module_file_downloading = 0;
	if (module_file_cancel)
		_exit(1);
}

static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			  const char *file_name, const char *link, GElf_Word checksum,
			  char **debug_file_name)
{
	int fd = debug_dirs_find(looked_for->debug_dirs, looked_for->path, looked_for->build_id,
				 DEBUG_DIRS_LINES, debug_file_name);

	if (fd >= 0)
		return fd;
	downloads_begin();
	fd = dwfl_standard_find_debuginfo(module, userdata, name, base, file_name, link, checksum,
					  debug_file_name);
	downloads_end();
	return fd;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_debuginfo,
	.section_address = dwfl_offline_section_address,
	.debuginfo_path = &search_path,
};

/* "+": a file found by its name must have the right checksum. libdwfl looks beside the file, in
 * .debug there, then in the folders. */
static char *make_search_path(const char *const *debug_dirs)
{
	char *path = NULL;
	size_t size;
	FILE *stream = open_memstream(&path, &size);

	if (!stream)
		return NULL;
	fputs("+:.debug", stream);
	for (; debug_dirs && *debug_dirs; debug_dirs++)
		fprintf(stream, ":%s", *debug_dirs);
	fprintf(stream, ":%s", standard_debug_dir);
	return fclose(stream) == 0 ? path : NULL;
}

/* Files */

static int refuse(char *trouble, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(char *trouble, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(trouble, MODULE_TROUBLE_SIZE, format, arguments);
	va_end(arguments);
	return error;
}

/* Whether this is the file that ran: 0, or a negative errno with trouble filled in. */
static int judge(int fd, const struct stat *status, const struct module_wanted *wanted,
		 char *trouble)
{
	char hex[BUILD_ID_TEXT];

	if (!elf_file_build_id(fd, hex))
		return refuse(trouble, -ENOEXEC, "its file is not a valid ELF file");
	if (wanted->build_id) {
		if (strcmp(wanted->build_id, hex) == 0)
			return 0;
		return refuse(trouble, -ESTALE,
			      "its file was rebuilt since the snapshot (BuildId %s)",
			      *hex ? hex : "none");
	}
	if (wanted->was)
		return refuse(trouble, -ESTALE, "its file may not be the one that ran: %s",
			      wanted->was);
	if (*hex)
		return refuse(trouble, -ESTALE,
			      "its file was rebuilt since the snapshot (it had no build-id then)");
	if (!wanted->same_host)
		return refuse(trouble, -ESTALE,
			      "it has no build-id, and the snapshot is of another machine");
	if (!wanted->taken || (double)status->st_mtim.tv_sec > wanted->taken)
		return refuse(trouble, -ESTALE,
			      "it has no build-id, and its file was changed since the snapshot");
	return 0;
}

/* Passes the file to libdwfl. Takes fd over. */
static int use(struct module_file *file, int fd, const char *path, bool is_debug_only,
	       char *trouble)
{
	GElf_Addr bias = 0;
	int for_dwfl = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	file->fd = fd;
	file->is_debug_only = is_debug_only;
	session = dwfl_begin(&callbacks);
	if (!session || for_dwfl < 0)
		goto failed;
	dwfl_report_begin(session);
	/* With base 0 and the file's own addresses there is no bias. */
	file->dwfl = dwfl_report_elf(session, path, path, for_dwfl, 0, true);
	if (!file->dwfl)
		goto failed;
	for_dwfl = -1;
	dwfl_report_end(session, NULL, NULL);
	file->elf = dwfl_module_getelf(file->dwfl, &bias);
	if (file->elf && bias == 0) {
		file->symbols = symbol_index_create();
		return 0;
	}
failed:
	refuse(trouble, -ENOEXEC, "its file can't be read: %s",
	       bias ? "its addresses are unusual" : dwfl_errmsg(-1));
	if (for_dwfl >= 0)
		close(for_dwfl);
	return -ENOEXEC;
}

/* Opens DIR/.build-id/ab/cdef.debug. A debug file has symbols and lines, though no code. */
static int find_debug_file(const struct module_wanted *wanted, const char *dir, char **path)
{
	char hex[BUILD_ID_TEXT];
	struct stat status;

	if (asprintf(path, "%s/.build-id/%.2s/%s.debug", dir, wanted->build_id,
		     wanted->build_id + 2) < 0) {
		*path = NULL;
		return -ENOMEM;
	}
	int fd = elf_file_open(*path, &status);
	if (fd >= 0 && (!elf_file_build_id(fd, hex) || strcmp(hex, wanted->build_id) != 0)) {
		close(fd);
		fd = -ESTALE;
	}
	if (fd < 0) {
		free(*path);
		*path = NULL;
	}
	return fd;
}

/* Searches for the module itself by its build-id, in libdwfl's folders and on its servers. */
static int find_by_build_id(const struct module_wanted *wanted, char **path)
{
	unsigned char bytes[BUILD_ID_MAX];
	size_t size = strlen(wanted->build_id) / 2;
	char hex[BUILD_ID_TEXT];
	void *nothing = NULL;
	Elf *elf = NULL;
	int fd = -1;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)strtoul(
			(char[]){wanted->build_id[2 * i], wanted->build_id[2 * i + 1], '\0'}, NULL,
			16);
	session = dwfl_begin(&callbacks);
	if (!session)
		return -1;
	dwfl_report_begin(session);
	Dwfl_Module *module = dwfl_report_module(session, wanted->path, 0x1000, 0x2000);
	dwfl_report_end(session, NULL, NULL);
	if (module && dwfl_module_report_build_id(module, bytes, size, 0x1000) == 0) {
		downloads_begin();
		fd = dwfl_build_id_find_elf(module, &nothing, wanted->path, 0x1000, path, &elf);
		downloads_end();
	}
	elf_end(elf);
	dwfl_end(session);
	session = NULL;
	if (fd >= 0 && (!elf_file_build_id(fd, hex) || strcmp(hex, wanted->build_id) != 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* A build-id becomes part of a path, so it must be hexadecimal. */
static bool is_build_id(const char *hex)
{
	size_t size = strlen(hex);

	return size >= 4 && size % 2 == 0 && size <= 2 * BUILD_ID_MAX &&
	       strspn(hex, "0123456789abcdef") == size;
}

static int find_and_use(struct module_file *file, const struct module_wanted *wanted, char *trouble)
{
	struct stat status;
	char *found = NULL;
	int fd, result;

	elf_version(EV_CURRENT);
	*file = (struct module_file){.path = wanted->path, .fd = -1};
	looked_for = wanted;
	search_path = make_search_path(wanted->debug_dirs);
	if (!search_path)
		return refuse(trouble, -ENOMEM, "no memory to read its file");
	if (wanted->path[0] != '/' && strchr(wanted->path, '/'))
		return refuse(trouble, -ENOENT,
			      "its path is relative to a folder that is not known");
	if (wanted->path[0] != '/')
		return refuse(trouble, -ENOENT, "it has no file");

	if (wanted->root && (fd = elf_file_open_in(wanted->root, wanted->path, &status)) >= 0) {
		if (judge(fd, &status, wanted, trouble) == 0)
			return use(file, fd, wanted->path, false, trouble);
		close(fd);
	}
	fd = elf_file_open(wanted->path, &status);
	if (fd == -ENOENT || fd == -ENOTDIR)
		result = refuse(trouble, fd, "its file is gone");
	else if (fd < 0)
		result = refuse(trouble, fd, "its file can't be opened: %s",
				fd == -EBADF ? "it is not a regular file" : strerror(-fd));
	else
		result = judge(fd, &status, wanted, trouble);
	if (result == 0)
		return use(file, fd, wanted->path, false, trouble);
	if (fd >= 0)
		close(fd);
	if (!wanted->build_id || !is_build_id(wanted->build_id))
		return result;

	fd = -1;
	for (const char *const *dir = wanted->debug_dirs; fd < 0 && dir && *dir; dir++)
		fd = find_debug_file(wanted, *dir, &found);
	if (fd < 0)
		fd = find_debug_file(wanted, standard_debug_dir, &found);
	bool is_debug_only = fd >= 0;
	if (fd < 0 && (fd = debug_dirs_find(wanted->debug_dirs, wanted->path, wanted->build_id,
					    DEBUG_DIRS_ANY, &found)) >= 0)
		is_debug_only = elf_file_is_debug_only(fd);
	if (fd < 0)
		fd = find_by_build_id(wanted, &found);
	if (fd >= 0)
		result = use(file, fd, found, is_debug_only, trouble);
	free(found);
	return result;
}

int module_file_open(struct module_file *file, const struct module_wanted *wanted,
		     char trouble[MODULE_TROUBLE_SIZE])
{
	int result = find_and_use(file, wanted, trouble);

	if (result != 0)
		module_file_close(file);
	return result;
}

void module_file_close(struct module_file *file)
{
	if (session)
		dwfl_end(session);
	session = NULL;
	if (file->fd >= 0)
		close(file->fd);
	free(search_path);
	search_path = NULL;
	symbol_index_destroy(file->symbols);
	*file = (struct module_file){.fd = -1};
}
