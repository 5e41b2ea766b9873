// SPDX-License-Identifier: MIT
/* See text_common.h. */
#include "text_common.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/model_memory.h"

enum {
	INDENT = 3, /* as for all lines of a group */
	CONTINUED = 2,
	MANY = 10, /* of so many connections a common peer is worth a line */
};

static bool is_on_all(enum group_note kind)
{
	switch (kind) {
	case NOTE_PEER:
	case NOTE_ACCEPTED:
	case NOTE_SAME_FILE:
	case NOTE_SAME_DELETED:
	case NOTE_SAME_MEMORY:
	case NOTE_IO_URING:
		return true;
	default:
		return false;
	}
}

/* Writes the snapshot's notes on the peer, the port, the file or the ring that the descriptors
 * share. */
static void put_note(const struct page *page, const struct model_group *group)
{
	for (size_t i = 0; i < group->note_count; i++) {
		const struct model_note *note = &group->notes[i];

		if (!is_on_all(note->kind))
			continue;
		char *text = page_safe(note->line);

		page_linef(page, INDENT, CONTINUED, PAGE_PLAIN, "%s", text);
		free(text);
	}
}

/* Writes the path if all descriptors are of the same file. Deleted files are left out, because any
 * number of them can have had one path. */
static void put_same_file(const struct page *page, const struct model_group *group)
{
	const struct model_descriptor *first = group->descriptors;

	if (group->count < 2 || (int64_t)group->descriptor_count != group->count ||
	    group->origin == MODEL_UNTRACED)
		return;
	for (size_t i = 0; i < group->descriptor_count; i++) {
		const struct model_descriptor *at = &group->descriptors[i];

		if (!at->what || at->what[0] != '/' || at->deleted || at->kind != first->kind ||
		    kind_is_socket(at->kind) || at->kind == KIND_PIPE || at->kind == KIND_MEMFD ||
		    strcmp(at->what, first->what) != 0)
			return;
	}
	char *path = page_safe(first->what);

	page_linef(page, INDENT, CONTINUED, PAGE_PLAIN, "All of the same %s: %s",
		   kind_noun(first->kind, 1), path);
	free(path);
}

static int compare_files(const void *left, const void *right)
{
	const struct model_descriptor *a = *(const struct model_descriptor *const *)left,
				      *b = *(const struct model_descriptor *const *)right;
	int order = strcmp(a->what, b->what);

	return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* Deleted files of a group. */
struct deleted {
	size_t files;
	int64_t bytes;
	bool at_least; /* there may be more */
};

static bool has_note(const struct model_group *group, enum group_note kind)
{
	for (size_t i = 0; i < group->note_count; i++)
		if (group->notes[i].kind == kind)
			return true;
	return false;
}

static bool is_deleted_file(const struct model_descriptor *descriptor)
{
	return descriptor->kind == KIND_FILE && descriptor->deleted;
}

/* All descriptors are of one file. It may have grown while the snapshot was made. */
static struct deleted one_deleted(const struct model_group *group)
{
	struct deleted found = {0};

	for (size_t i = 0; i < group->descriptor_count; i++) {
		const struct model_descriptor *at = &group->descriptors[i];

		if (is_deleted_file(at) && at->size > found.bytes)
			found = (struct deleted){.files = 1, .bytes = at->size};
	}
	return found;
}

/* Several descriptors of one deleted file hold it once. The snapshot names no inode, so files of
 * the same path and size count as one: there may be more. */
static struct deleted some_deleted(const struct model_group *group)
{
	const struct model_descriptor **files = memory_array(
		NULL, group->descriptor_count, sizeof(const struct model_descriptor *));
	struct deleted found = {.at_least = (int64_t)group->descriptor_count != group->count};
	size_t count = 0;

	for (size_t i = 0; i < group->descriptor_count; i++) {
		const struct model_descriptor *at = &group->descriptors[i];

		if (!is_deleted_file(at))
			continue;
		if (at->what && at->size >= 0)
			files[count++] = at;
		else
			found.at_least = true;
	}
	qsort(files, count, sizeof(*files), compare_files);
	for (size_t i = 0; i < count; i++) {
		if (i && compare_files(&files[i - 1], &files[i]) == 0) {
			found.at_least |= !files[i]->duplicated && files[i]->size;
			continue;
		}
		found.files++;
		found.bytes = model_add(found.bytes, files[i]->size);
	}
	free(files);
	return found;
}

/* Writes the space that deleted files take. */
static void put_deleted(const struct page *page, const struct model_group *group)
{
	struct deleted found =
		has_note(group, NOTE_SAME_DELETED) ? one_deleted(group) : some_deleted(group);

	/* Less than a tenth of a MiB fills no disk. */
	if (found.bytes < (1 << 20) / 10)
		return;
	page_linef(page, INDENT, CONTINUED, PAGE_PLAIN,
		   found.files == 1 ? "The deleted file takes %s%.1f MiB until it is closed."
				    : "The deleted files take %s%.1f MiB until they are closed.",
		   found.at_least ? "at least " : "", (double)found.bytes / (1 << 20));
}

/* The length of an address without its port, which follows the last colon; 0: it has none. */
static size_t host_length(const char *address)
{
	const char *colon = strrchr(address, ':');

	return colon ? (size_t)(colon - address) : 0;
}

static bool same_host(const char *a, const char *b)
{
	size_t length = host_length(a);

	return length && length == host_length(b) && strncmp(a, b, length) == 0;
}

/* Writes the peer if many connections all have the same one, or one on the same host. */
static void put_same_peer(const struct page *page, const struct model_group *group)
{
	const char *first = group->descriptor_count ? group->descriptors[0].peer : NULL;
	bool same = true;

	if (group->count < MANY || (int64_t)group->descriptor_count != group->count || !first ||
	    group->origin == MODEL_UNTRACED)
		return;
	for (size_t i = 0; i < group->descriptor_count; i++) {
		const struct model_descriptor *at = &group->descriptors[i];

		if (at->kind != KIND_TCP || !at->peer || !same_host(at->peer, first))
			return;
		same = same && strcmp(at->peer, first) == 0;
	}
	char *peer = page_safe(first);

	if (same)
		page_linef(page, INDENT, CONTINUED, PAGE_PLAIN, "All have the same peer: %s", peer);
	else
		page_linef(page, INDENT, CONTINUED, PAGE_PLAIN,
			   "All have peers on the same host: %.*s", (int)host_length(peer), peer);
	free(peer);
}

/* Writes whether copies, or the descriptors that were copied, are all that keeps the objects
 * open. */
static void put_copies(const struct page *page, const struct model_group *group)
{
	int64_t of_closed = 0, of_open = 0, copied = 0;
	const char *listed =
		(int64_t)group->descriptor_count == group->count ? "" : ", of those listed";

	for (size_t i = 0; i < group->descriptor_count; i++) {
		of_closed += group->descriptors[i].original == MODEL_ORIGINAL_CLOSED;
		of_open += group->descriptors[i].original == MODEL_ORIGINAL_OPEN;
		copied += group->descriptors[i].copies > 0;
	}
	if (of_closed)
		page_linef(page, INDENT, CONTINUED, PAGE_PLAIN,
			   "Copies (dup) of descriptors that are closed by now: %" PRId64 "%s",
			   of_closed, listed);
	if (of_open)
		page_linef(page, INDENT, CONTINUED, PAGE_PLAIN,
			   "Copies (dup) of descriptors that are still open, too: %" PRId64 "%s",
			   of_open, listed);
	if (copied)
		page_linef(page, INDENT, CONTINUED, PAGE_PLAIN,
			   "Also open as copies (dup): %" PRId64 "%s", copied, listed);
}

void text_common(const struct page *page, const struct model_group *group)
{
	if (group->together)
		page_line(
			page, INDENT, CONTINUED, PAGE_PLAIN,
			"These are opened together each time, so they have to be closed together.");
	put_note(page, group);
	put_same_file(page, group);
	put_same_peer(page, group);
	put_copies(page, group);
	put_deleted(page, group);
}
