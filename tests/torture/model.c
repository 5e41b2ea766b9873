// SPDX-License-Identifier: MIT
/* See model.h. */
#define _GNU_SOURCE
#include "model.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "misdeeds.h"
#include "names.h"
#include "pairs.h"
#include "steps.h"

enum { REPORTED_MAX = 30 };

struct thread threads[THREADS_MAX + 1];
int thread_count;
uint64_t seed;
bool outside;

static _Atomic long deeds[DEEDS];
static _Atomic int reported;

void model_did(enum deed deed, long times)
{
	atomic_fetch_add(&deeds[deed], times);
}

long model_done(enum deed deed)
{
	return atomic_load(&deeds[deed]);
}

void discrepancy(const char *format, ...)
{
	va_list arguments;

	if (atomic_fetch_add(&reported, 1) >= REPORTED_MAX)
		return;
	va_start(arguments, format);
	flockfile(stdout);
	printf("seed %llu: ", (unsigned long long)seed);
	vprintf(format, arguments);
	printf("\n");
	fflush(stdout);
	funlockfile(stdout);
	va_end(arguments);
}

bool discrepancy_any(void)
{
	return atomic_load(&reported) > 0;
}

static int64_t model_key_of(int family, int site, int path, enum base base)
{
	return ((family * SITES + site) * (int64_t)PATHS + path) * BASES + base;
}

uint32_t model_keys(void)
{
	return (uint32_t)family_count * SITES * PATHS * BASES;
}

int64_t model_key(const struct thing *thing)
{
	if (thing->family < 0 || thing->owner == UNSEEN || thing->path == 0)
		return -1;
	const struct path *path = &paths[thing->path];
	enum base base = path_is_cut(path) || path_is_deep(path) ? BASE_WORKER : thing->base;

	return model_key_of(thing->family, thing->site, thing->path, base);
}

struct thing model_thing(int64_t key)
{
	return (struct thing){
		.base = (enum base)(key % BASES),
		.path = (int)(key / BASES % PATHS),
		.site = (int)(key / (BASES * PATHS) % SITES),
		.family = (int)(key / (BASES * PATHS * SITES)),
	};
}

struct thing *model_add(struct thread *thread, const struct thing *thing)
{
	if (thread->count == THINGS_MAX) {
		discrepancy("the test has no room for one more thing");
		abort();
	}
	thread->things[thread->count] = *thing;
	return &thread->things[thread->count++];
}

void model_remove(struct thread *thread, int index)
{
	thread->things[index] = thread->things[--thread->count];
}

static bool names_agree(const struct report_group *group, const struct thing *thing)
{
	struct names names;
	int at;

	names_of_thing(&names, thing);
	at = names_differ(&names, group->functions, group->function_count);
	if (at < 0)
		return true;
	discrepancy("descriptor %d: frame %d is not %s (opened by %s, path %d)", thing->fd, at,
		    names.names[at], names.names[0], thing->path);
	return false;
}

static bool has(const char *text, const char *what)
{
	return text && strstr(text, what);
}

/* The words that a descriptor's line must have, or must lack. */
static bool words_agree(const struct report_descriptor *found, const struct thing *thing)
{
	static const char *const owners[] = {
		[STREAM] = ", a FILE stream: ",
		[DIRECTORY] = ", a DIR stream: ",
		[COMMAND] = ", a popen stream: ",
	};
	const char *owner = thing->owner <= COMMAND && !outside ? owners[thing->owner] : NULL;
	char copy[32], tid[48];
	bool agree = true;

	snprintf(copy, sizeof(copy), ", dup of %d", thing->copy_of);
	snprintf(tid, sizeof(tid), ", thread %d%s", thing->tid,
		 syscall(SYS_tgkill, getpid(), thing->tid, 0) == 0 ? " (" : " ended");
	for (int i = STREAM; i <= COMMAND; i++)
		agree = agree && has(found->text, owners[i]) == (owners[i] == owner);
	agree = agree &&
		has(found->text, ", received over a socket") == (thing->how == HOW_RECEIVED);
	/* freopen(3) copies the new descriptor over the number of the old one. */
	if (!outside || thing->owner != STREAM)
		agree = agree && has(found->text, ", dup of ") == (thing->how == HOW_COPIED);
	agree = agree && (thing->how != HOW_COPIED || has(found->text, copy));
	agree = agree && (thing->owner == UNSEEN || has(found->text, tid));
	agree = agree &&
		has(found->text, ", no close-on-exec") == !(fcntl(thing->fd, F_GETFD) & FD_CLOEXEC);
	if (!agree)
		discrepancy("descriptor %d:%s: expected owner%s, how %d%s%s", thing->fd,
			    found->text, owner ? owner : " none", thing->how, copy, tid);
	return agree;
}

bool model_agrees(const struct report *report, const struct thing *thing, enum report_origin origin)
{
	const struct report_descriptor *found = report_find(report, thing->fd);

	if (!found) {
		discrepancy("descriptor %d (%s) is not listed", thing->fd, thing->kind);
		return false;
	}
	const struct report_group *group = &report->groups[found->group];
	if (strcmp(found->kind, thing->kind) != 0) {
		discrepancy("descriptor %d is called %s and is %s", thing->fd, found->kind,
			    thing->kind);
		return false;
	}
	if (thing->owner == UNSEEN)
		return true;
	if (group->origin != origin) {
		struct names names;

		names_of_thing(&names, thing);
		discrepancy("descriptor %d is in a group of origin %d, not %d (opened by %s)",
			    thing->fd, group->origin, origin, names.names[0]);
		return false;
	}
	return names_agree(group, thing);
}

static bool figures_agree(const struct report *report, const struct report_group *group,
			  const struct thing *thing, const uint32_t *live,
			  const uint32_t *live_before, bool growth)
{
	int64_t key = model_key(thing);
	long opened = 0, growth_expected;

	/* freopen(3) opens one more number, and closes it. */
	if (key < 0 || (outside && thing->owner == STREAM))
		return true;
	for (int i = 0; i < thread_count; i++)
		opened += threads[i].opened[key];
	growth_expected = (long)live[key] - (long)live_before[key];
	if (group->figures && group->opened == opened && group->live == (long)live[key] &&
	    group->closed == opened - (long)live[key] &&
	    (!growth || group->growth == growth_expected))
		return closers_agree(report, group, thing);
	discrepancy(
		"descriptor %d (%s_%d, path %d, base %d): the figures are %ld opened, %ld closed, "
		"%ld live, %+ld, not %ld, %ld, %u, %+ld",
		thing->fd, families[thing->family].name, thing->site, thing->path, thing->base,
		group->opened, group->closed, group->live, group->growth, opened,
		opened - (long)live[key], live[key], growth_expected);
	return false;
}

/* Compares the numbers in /proc/self/fd with those in the report. */
static bool numbers_agree(const struct report *report)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;
	bool agree = true;

	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(dir))
			continue;
		count++;
		if (report_find(report, fd))
			continue;
		discrepancy("descriptor %d is open and not listed", fd);
		agree = false;
	}
	if (dir)
		closedir(dir);
	if (count == report->descriptor_count && count == report->open)
		return agree;
	discrepancy("%d are open; %d are listed, and the header counts %ld", count,
		    report->descriptor_count, report->open);
	return false;
}

static bool groups_agree(const struct report *report)
{
	long unclosed = 0, inherited = 0;

	for (int i = 0; i < report->group_count; i++) {
		const struct report_group *group = &report->groups[i];

		if (group->count != group->listed) {
			discrepancy("group %d says %ld and lists %ld", i + 1, group->count,
				    group->listed);
			return false;
		}
		if (group->origin == REPORT_OPENED || group->origin == REPORT_UNSEEN)
			unclosed += group->count;
		else
			inherited += group->count;
	}
	if (unclosed == report->unclosed && inherited == report->inherited)
		return true;
	discrepancy("the groups have %ld unclosed and %ld inherited, the header %ld and %ld",
		    unclosed, inherited, report->unclosed, report->inherited);
	return false;
}

bool model_compare(const struct report *report, long behind, int in_between)
{
	static uint32_t *live, *live_before;
	bool agree = true, growth = in_between == 0 && report->number > 1;
	long things = 0;

	if (outside)
		behind = 0;
	if (!live) {
		live = calloc(model_keys(), sizeof(*live));
		live_before = calloc(model_keys(), sizeof(*live_before));
	}
	if (!live || !live_before)
		abort();
	memset(live, 0, model_keys() * sizeof(*live));
	for (int i = 0; i <= thread_count; i++)
		for (int j = 0; j < threads[i].count; j++, things++)
			if (model_key(&threads[i].things[j]) >= 0)
				live[model_key(&threads[i].things[j])]++;
	for (int i = 0; i <= thread_count; i++)
		for (int j = 0; j < threads[i].count; j++) {
			const struct thing *thing = &threads[i].things[j];
			const struct report_descriptor *found = report_find(report, thing->fd);
			enum report_origin origin =
				thing->owner == UNSEEN ? REPORT_UNSEEN : REPORT_OPENED;

			agree = model_agrees(report, thing, origin) && agree;
			agree = agree && words_agree(found, thing) &&
				figures_agree(report, &report->groups[found->group], thing, live,
					      live_before, growth);
		}
	agree = numbers_agree(report) && agree;
	agree = groups_agree(report) && agree;
	agree = misdeeds_agree(report) && agree;
	if (report->open != things + report->inherited) {
		discrepancy("%ld are open: %ld inherited and %ld of ours", report->open,
			    report->inherited, things);
		agree = false;
	}
	if (report->not_listed || report->behind != behind || (report->not_seen && !behind)) {
		discrepancy("not listed: %s; not seen: %s; %ld were closed behind its back",
			    report->not_listed ? report->not_listed : "-",
			    report->not_seen ? report->not_seen : "-", behind);
		agree = false;
	}
	model_did(DID_COMPARE, things);
	uint32_t *swap = live_before;
	live_before = live;
	live = swap;
	return agree;
}
