// SPDX-License-Identifier: MIT
/* See fd_table.h. */
#include "fd_table.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/snapshot/proc.h"

const struct mark_file *fd_table_marks;

struct fd_table *fd_table_create(void)
{
	static uint64_t serial;
	struct fd_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->users = 1;
	table->serial = ++serial;
	if (ledger_init(&table->ledger, &table->arena)) {
		mark_file_start(&table->ledger, fd_table_marks);
		return table;
	}
	fd_table_release(table);
	return NULL;
}

struct fd_table *fd_table_share(struct fd_table *table)
{
	if (table)
		table->users++;
	return table;
}

void fd_table_release(struct fd_table *table)
{
	if (!table || --table->users)
		return;
	ledger_release(&table->ledger);
	arena_release(&table->arena);
	plant_release(table->plant);
	free(table->requests);
	free(table);
}

static struct fd_table *copy(const struct fd_table *table)
{
	struct fd_table *made = fd_table_create();

	if (made && !ledger_copy(&made->ledger, &table->ledger)) {
		fd_table_release(made);
		return NULL;
	}
	if (made)
		made->missed = table->missed;
	return made;
}

struct fd_table *fd_table_fork(const struct fd_table *table)
{
	struct fd_table *made = copy(table);

	if (made)
		ledger_forked(&made->ledger, false);
	return made;
}

struct fd_table *fd_table_unshare(struct fd_table *table)
{
	struct fd_table *made;

	if (table->users == 1)
		return table;
	made = copy(table);
	if (made)
		fd_table_release(table);
	return made;
}

static bool make_room(struct fd_table *table, size_t fd)
{
	size_t room = (fd | 63) + 1;

	if (fd < table->request_room)
		return true;
	void *more = reallocarray(table->requests, room, sizeof(*table->requests));
	if (!more)
		return false;
	table->requests = more;
	memset(&table->requests[table->request_room], 0,
	       (room - table->request_room) * sizeof(*table->requests));
	table->request_room = room;
	return true;
}

void table_note_requests(struct fd_table *table, int fd, uint64_t transport, bool again,
			 uint32_t count)
{
	struct table_request *request;

	if (fd < 0 || !make_room(table, (size_t)fd))
		return;
	request = &table->requests[fd];
	/* An earlier request that isn't counted here was made before a fork, or by another
	 * Transport. */
	request->missed |=
		!transport || (again && (!request->count || request->transport != transport));
	request->count = again ? request->count + count : count;
	request->transport = transport;
}

const struct table_request *table_requests(const struct fd_table *table, int fd)
{
	const struct table_request *request =
		fd >= 0 && (size_t)fd < table->request_room ? &table->requests[fd] : NULL;

	return request && request->count && !request->missed ? request : NULL;
}

struct noting {
	struct fd_table *table;
	const struct ledger_entry *entry;
};

static void note(int fd, void *data)
{
	const struct noting *noting = data;

	if (!ledger_read(&noting->table->ledger, fd, NULL, NULL))
		ledger_opened(&noting->table->ledger, fd, noting->entry);
}

bool fd_table_note_open(struct fd_table *table, int pid, const struct ledger_entry *entry)
{
	struct noting noting = {table, entry};
	char path[PROC_PATH_SIZE];
	int folder = open(proc_pid_path(path, pid, "fd"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool whole = folder >= 0 && descriptors_in(folder, note, &noting) == 0;

	if (folder >= 0)
		close(folder);
	return whole;
}

void fd_table_forget_closed(struct fd_table *table, int pid)
{
	struct ledger *ledger = &table->ledger;

	for (int fd = ledger_next(ledger, 0); fd >= 0; fd = ledger_next(ledger, fd + 1)) {
		struct ledger_words words;

		/* Planted code may record the number again while we look. */
		if (ledger_read(ledger, fd, NULL, &words) && proc_fd_open(pid, fd) == 0)
			ledger_forget_if(ledger, fd, words);
	}
}
