// SPDX-License-Identifier: MIT
/* See text_tests.h. */
#include "text_tests.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tools/model/model_memory.h"
#include "heading.h"

enum {
	INDENT = 3, /* of a group's lines */
	CONTINUED = 2,
	NAMED_MAX = 5, /* tests in the line on a group */
};

/* The descriptors that a test has opened, or those of one group that it has opened. */
struct share {
	int64_t mark;
	const char *text;
	const struct model_group *group;
	int64_t count;
};

static bool is_inherited(const struct model_group *group)
{
	return group->origin == MODEL_INHERITED || group->origin == MODEL_INHERITED_FORK;
}

static struct share *find(struct list *shares, int64_t mark, const struct model_group *group)
{
	struct share *items = shares->items;

	for (size_t i = shares->count; i > 0; i--)
		if (items[i - 1].mark == mark && (!group || items[i - 1].group == group))
			return &items[i - 1];
	return NULL;
}

/* Adds the listed descriptors of a group, by test. joined: to those of other groups. */
static void add_group(struct list *shares, const struct model_group *group, bool joined)
{
	for (size_t i = 0; i < group->descriptor_count; i++) {
		const struct model_descriptor *descriptor = &group->descriptors[i];
		struct share *share = find(shares, descriptor->mark, joined ? NULL : group);

		if (!share) {
			share = list_add(shares, sizeof(*share));
			*share = (struct share){descriptor->mark, descriptor->mark_text, group, 0};
		}
		share->count++;
	}
}

/* The most first; then in the order of the tests. */
static int compare(const void *left, const void *right)
{
	const struct share *a = left, *b = right;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return (a->mark > b->mark) - (a->mark < b->mark);
}

/* The name of a test, safe; the caller frees it. */
static char *name_of(const struct share *share)
{
	if (share->text)
		return page_safe(share->text);
	return share->mark ? page_format("mark %" PRId64, share->mark)
			   : page_format("%s", "before the first mark");
}

void text_tests_of(const struct page *page, const struct model_group *group)
{
	struct list shares = {0};
	char *text = NULL;
	size_t size;

	add_group(&shares, group, true);
	struct share *items = shares.items;
	FILE *out = shares.count > 1 || (shares.count && items->mark) ? open_memstream(&text, &size)
								      : NULL;
	if (!out) {
		list_finish(&shares);
		return;
	}
	qsort(items, shares.count, sizeof(*items), compare);
	for (size_t i = 0; i < shares.count && i < NAMED_MAX; i++) {
		char *name = name_of(&items[i]);

		fprintf(out, "%s%" PRId64 " by %s", i ? ", " : "", items[i].count, name);
		free(name);
	}
	if (shares.count > NAMED_MAX)
		fprintf(out, ", and others by %zu more tests", shares.count - NAMED_MAX);
	fclose(out);
	page_linef(page, INDENT, CONTINUED, PAGE_PLAIN, "opened under these marks: %s", text);
	free(text);
	list_finish(&shares);
}

static void put_share(const struct page *page, const struct share *share)
{
	char *place = heading_place(page, share->group);
	enum kind kind = share->group->kind;

	page_linef(page, INDENT, CONTINUED, PAGE_PLAIN, "%" PRId64 " %s%s", share->count,
		   kind == KIND_COUNT ? page_plural(share->count, "descriptor", "descriptors")
				      : kind_noun(kind, share->count == 1 ? 1 : 2),
		   place);
	free(place);
}

void text_tests(const struct page *page, const struct model_snapshot *snapshot)
{
	struct list tests = {0}, shares = {0};
	int64_t unlisted = 0;

	for (size_t i = 0; i < snapshot->group_count; i++) {
		const struct model_group *group = &snapshot->groups[i];

		if (is_inherited(group) || group->suppressed)
			continue;
		add_group(&tests, group, true);
		add_group(&shares, group, false);
		unlisted = model_add(unlisted, group->count - (int64_t)group->descriptor_count);
	}
	struct share *items = tests.items, *parts = shares.items;
	if (tests.count)
		qsort(items, tests.count, sizeof(*items), compare);
	for (size_t i = 0; i < tests.count; i++) {
		char *name = name_of(&items[i]);

		fputc('\n', page->file);
		page_linef(page, 0, CONTINUED, PAGE_STRONG, "%" PRId64 " by %s", items[i].count,
			   name);
		free(name);
		for (size_t j = 0; j < shares.count; j++)
			if (parts[j].mark == items[i].mark)
				put_share(page, &parts[j]);
	}
	if (unlisted > 0) {
		fputc('\n', page->file);
		page_linef(page, 0, CONTINUED, PAGE_FAINT,
			   "and %" PRId64 " more, which are not in the snapshot (FDTRAIL_SHOW=all)",
			   unlisted);
	}
	list_finish(&tests);
	list_finish(&shares);
}
