// SPDX-License-Identifier: MIT
/*
 * See roster.h. Records change hands by compare-and-swap, and text is only ever added, so nothing
 * here waits. A process that is killed in the middle leaves a record that is taken, and the report
 * names it as one that ended without a snapshot.
 */
#include "roster.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "boottime.h"
#include "raw_syscall.h"

struct roster_header *roster_map(int fd, const char token[ROSTER_TOKEN])
{
	struct roster_header *roster;
	struct stat status;

	if (RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_size != (off_t)ROSTER_SIZE)
		return NULL;
	long memory = RAW(mmap, NULL, ROSTER_FIXED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory <= 0)
		return NULL;
	roster = (void *)memory;
	/* The roster doesn't belong in a core dump of the program. */
	RAW(madvise, roster, ROSTER_FIXED, MADV_DONTDUMP);
	if (memcmp(roster->magic, ROSTER_MAGIC, sizeof(roster->magic)) == 0 &&
	    memcmp(roster->token, token, ROSTER_TOKEN) == 0)
		return roster;
	roster_unmap(roster);
	return NULL;
}

void roster_unmap(struct roster_header *roster)
{
	if (roster)
		RAW(munmap, roster, ROSTER_FIXED);
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t length = from ? strnlen(from, size - 1) : 0;

	memcpy(to, from ? from : "", length);
	to[length] = '\0';
}

/* Keeps the end of a path, because the end tells one file from another. */
static void copy_end(char *to, size_t size, const char *from)
{
	size_t length = from ? strnlen(from, 4096) : 0;

	copy_text(to, size, length >= size ? from + length - (size - 1) : from);
}

struct roster_record *roster_take(struct roster_header *roster, enum roster_state state, int pid,
				  int parent, uint64_t pid_namespace, const char *program,
				  const char *file, enum roster_reason reason)
{
	/* The first free record is taken, so that taken ones stay together and are found
	 * quickly. */
	for (uint32_t i = 0; i < ROSTER_RECORDS; i++) {
		struct roster_record *record = &roster->records[i];
		uint32_t free = ROSTER_FREE, end = atomic_load(&roster->end);

		if (!atomic_compare_exchange_strong(&record->state, &free, ROSTER_TAKEN))
			continue;
		while (end <= i && !atomic_compare_exchange_weak(&roster->end, &end, i + 1))
			;
		uint64_t before = atomic_load(&record->whose);
		atomic_store(&record->whose, ((before >> 32) + 1) << 32 | (uint32_t)pid);
		record->parent = parent;
		record->reason = reason;
		record->pid_namespace = pid_namespace;
		record->since_ms = boottime_ms();
		atomic_store(&record->first, 0);
		atomic_store(&record->last, 0);
		record->error = record->file_error = 0;
		copy_text(record->program, sizeof(record->program), program);
		copy_end(record->file, sizeof(record->file), file);
		atomic_store(&record->state, state);
		return record;
	}
	atomic_fetch_add(&roster->lost, 1);
	return NULL;
}

void roster_free(struct roster_record *record, uint64_t whose)
{
	if (record && atomic_load(&record->whose) == whose)
		atomic_store(&record->state, ROSTER_FREE);
}

void roster_spawned(struct roster_record *record, uint64_t whose, int pid)
{
	atomic_compare_exchange_strong(&record->whose, &whose, whose | (uint32_t)pid);
}

/* Ends the record if it is in this state. */
static bool end_record(struct roster_record *record, uint32_t state, bool tells)
{
	return atomic_compare_exchange_strong(&record->state, &state,
					      tells ? ROSTER_ENDED : ROSTER_FREE);
}

/* 0 is unknown, as without /proc after chroot(2), and counts as the same. */
static bool same_namespace(uint64_t one, uint64_t other)
{
	return one == other || !one || !other;
}

/* The record of a process that is about to execute a program; NULL: there is none. One with its id
 * is its own; the id may have been that of a process that was killed before the tracer started, so
 * the youngest counts. Only where there is none is it one whose id the parent has not entered yet:
 * the oldest, because children arrive in their order, as a rule. */
static struct roster_record *find_executing(struct roster_header *roster, int pid, int parent,
					    uint64_t pid_namespace)
{
	struct roster_record *own = NULL, *spawned = NULL;
	uint32_t end = roster_end(roster);

	for (uint32_t i = 0; i < end; i++) {
		struct roster_record *record = &roster->records[i];
		int whose = roster_pid(record);

		if (atomic_load(&record->state) != ROSTER_EXECUTING ||
		    !same_namespace(record->pid_namespace, pid_namespace))
			continue;
		if (whose == pid && (!own || record->since_ms >= own->since_ms))
			own = record;
		else if (whose == 0 && record->parent == parent &&
			 (!spawned || record->since_ms < spawned->since_ms))
			spawned = record;
	}
	return own ? own : spawned;
}

void roster_arrived(struct roster_header *roster, int pid, int parent, uint64_t pid_namespace)
{
	for (;;) {
		struct roster_record *record = find_executing(roster, pid, parent, pid_namespace);

		if (!record)
			return;
		/* On failure, another child of the same parent has taken the record: look again. */
		record->reason = ROSTER_NO_REASON;
		if (end_record(record, ROSTER_EXECUTING, atomic_load(&record->first) != 0))
			return;
	}
}

void roster_ended(struct roster_record *record, int error)
{
	record->error = error;
	bool tells = error || record->reason != ROSTER_NO_REASON || atomic_load(&record->first);

	/* The record is in the other state if another thread is just calling exec while the process
	 * ends. */
	if (!end_record(record, ROSTER_RUNNING, tells))
		end_record(record, ROSTER_EXECUTING, tells);
}

int roster_write(struct roster_header *roster, struct roster_record *record, const void *bytes,
		 size_t size)
{
	size_t whole = (sizeof(struct roster_piece) + size + 15) / 16 * 16;
	uint64_t at;

	if (whole > ROSTER_TEXT)
		return ENOSPC;
	at = atomic_fetch_add(&roster->next_text, whole);
	if (at < ROSTER_FIXED || at > ROSTER_SIZE - whole)
		return ENOSPC;
	/* mremap(2): with an old size of 0 the same shared pages are mapped once more, here
	 * together with those that follow in the file. No descriptor is needed. */
	long memory = RAW(mremap, roster, 0, at + whole, MREMAP_MAYMOVE);
	if (memory < 0)
		return (int)-memory;
	struct roster_piece *piece = (void *)((uintptr_t)memory + at);
	uint64_t last = atomic_load(&record->last);

	memcpy(piece + 1, bytes, size);
	piece->length = size;
	atomic_store(&piece->next, 0);
	if (last && last < at)
		atomic_store(&((struct roster_piece *)((uintptr_t)memory + last))->next, at);
	else
		atomic_store(&record->first, at);
	atomic_store(&record->last, at);
	RAW(munmap, memory, at + whole);
	return 0;
}

uint64_t roster_pid_namespace(void)
{
	struct stat status;

	return RAW(newfstatat, AT_FDCWD, "/proc/self/ns/pid", &status, 0) == 0 ? status.st_ino : 0;
}
