// SPDX-License-Identifier: MIT
/* See table.h. */
#include "table.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table *table_create(void)
{
	static uint64_t serial;
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->users = 1;
	table->serial = ++serial;
	if (ledger_init(&table->ledger, &table->arena))
		return table;
	table_release(table);
	return NULL;
}

struct table *table_share(struct table *table)
{
	if (table)
		table->users++;
	return table;
}

void table_release(struct table *table)
{
	if (!table || --table->users)
		return;
	ledger_release(&table->ledger);
	arena_release(&table->arena);
	free(table);
}

static struct table *copy(const struct table *table)
{
	struct table *made = table_create();

	if (made && !ledger_copy(&made->ledger, &table->ledger)) {
		table_release(made);
		return NULL;
	}
	return made;
}

struct table *table_fork(const struct table *table)
{
	struct table *made = copy(table);

	if (made)
		ledger_forked(&made->ledger, false);
	return made;
}

struct table *table_unshare(struct table *table)
{
	struct table *made;

	if (table->users == 1)
		return table;
	made = copy(table);
	if (made)
		table_release(table);
	return made;
}

void table_note_open(struct table *table, int pid, const struct ledger_entry *entry)
{
	char path[32];
	struct dirent *item;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *folder = opendir(path);
	while (folder && (item = readdir(folder))) {
		int fd = atoi(item->d_name);

		if (item->d_name[0] != '.' && !ledger_read(&table->ledger, fd, NULL, NULL))
			ledger_opened(&table->ledger, fd, entry);
	}
	if (folder)
		closedir(folder);
}

static bool is_open(int pid, int fd)
{
	char path[48], link[8];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	return readlink(path, link, sizeof(link)) >= 0;
}

void table_forget_closed(struct table *table, int pid)
{
	struct ledger *ledger = &table->ledger;

	for (int fd = ledger_next(ledger, 0); fd >= 0; fd = ledger_next(ledger, fd + 1))
		if (!is_open(pid, fd))
			ledger_forget(ledger, fd);
}
