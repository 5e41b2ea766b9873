// SPDX-License-Identifier: MIT
/* See report.h. */
#define _GNU_SOURCE
#include "report.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Adds an item to an array that grows. */
static void *next_item(void **items, int *count, int *room, size_t size)
{
	if (*count == *room) {
		*room = *room ? 2 * *room : 64;
		*items = realloc(*items, (size_t)*room * size);
		if (!*items)
			abort();
	}
	return memset((char *)*items + (size_t)(*count)++ * size, 0, size);
}

static void read_sentence(struct report_group *group, const char *line)
{
	const char *sentence = strstr(line, ": ");

	group->count = sentence ? strtol(sentence + 2, NULL, 10) : 0;
	if (strstr(line, ", inherited through fork, "))
		group->origin = REPORT_FORKED;
	else if (strstr(line, ", inherited"))
		group->origin = REPORT_INHERITED;
	else if (strstr(line, "untraced call"))
		group->origin = REPORT_UNSEEN;
}

static bool lies_in_tests(const char *module)
{
	return strstr(module, "/tests/torture/") || strstr(module, "/tests/storm/");
}

/* "    #0 0x55fc1cf9b601 in open_device_3 (/.../tests/torture/torture+0x1601)" */
static void read_frame(const char *functions[], int *count, char *line)
{
	char *name = strstr(line, " in "), *end = name ? strstr(name, " (") : NULL;

	if (!end || !lies_in_tests(end) || *count == REPORT_FRAMES)
		return;
	*end = '\0';
	name += strlen(" in ");
	/* The name of a part or a copy of a function still begins with the function's name. */
	name[strcspn(name, ".")] = '\0';
	functions[(*count)++] = name;
}

static void read_descriptor(struct report *report, char *line)
{
	struct report_descriptor *descriptor =
		next_item((void **)&report->descriptors, &report->descriptor_count,
			  &report->descriptor_room, sizeof(*descriptor));
	char *end;

	descriptor->fd = (int)strtol(line, &end, 10);
	descriptor->kind = ++end;
	end += strcspn(end, " ,");
	descriptor->text = end;
	if (*end)
		*end = '\0', descriptor->text = end + 1;
	descriptor->group = report->group_count - 1;
	if (descriptor->fd >= 0 && descriptor->fd < REPORT_FD_MAX)
		report->by_fd[descriptor->fd] = report->descriptor_count - 1;
}

static void read_closes(struct report *report, struct report_group *group, const char *line)
{
	if (begins(line, "  closed at (")) {
		struct report_stack *closer =
			next_item((void **)&report->closers, &report->closer_count,
				  &report->closer_room, sizeof(*closer));

		closer->count = strtol(line + strlen("  closed at ("), NULL, 10);
		if (!group->closer_count++)
			group->first_closer = report->closer_count - 1;
	} else {
		sscanf(line, "  closed at other stacks: %ld at %ld", &group->others,
		       &group->other_stacks);
		sscanf(line, "  closed by untraced calls: %ld", &group->untraced);
		sscanf(line, "  closed at unknown places: %ld", &group->unknown);
	}
}

/* The list that a line is part of. */
enum list { NO_LIST, OPENED_AT, CLOSED_AT };

static void read_group_line(struct report *report, char *line, enum list *list)
{
	struct report_group *group = &report->groups[report->group_count - 1];

	if (begins(line, "  stack: ")) {
		int read = sscanf(line, "  stack: %ld opened, %ld closed, %ld live, %ld since",
				  &group->opened, &group->closed, &group->live, &group->growth);
		group->figures = read >= 3;
	} else if (begins(line, "  opened at:")) {
		*list = OPENED_AT;
	} else if (begins(line, "  closed ")) {
		*list = begins(line, "  closed at (") ? CLOSED_AT : NO_LIST;
		read_closes(report, group, line);
	} else if (begins(line, "    #")) {
		struct report_stack *closer = &report->closers[report->closer_count - 1];

		if (*list == OPENED_AT)
			read_frame(group->functions, &group->function_count, line);
		else if (*list == CLOSED_AT)
			read_frame(closer->functions, &closer->function_count, line);
	} else if (begins(line, "    ") && line[4] >= '0' && line[4] <= '9') {
		group->listed++;
		read_descriptor(report, line + 4);
	} else if (line[2] != ' ') {
		*list = NO_LIST;
	}
}

static void start_misuse(struct report *report, const char *line)
{
	static const char *const kinds[REPORT_MISUSES] = {
		[REPORT_DOUBLE_CLOSE] = ": double close of ",
		[REPORT_USE] = ": use after close of ",
		[REPORT_CLOSE_OF_OTHER] = ": close of another's ",
		[REPORT_OF_STREAM] = ": close of a stream's ",
	};
	struct report_misuse *misuse = next_item((void **)&report->misuse, &report->misuse_count,
						 &report->misuse_room, sizeof(*misuse));

	while (misuse->kind < REPORT_MISUSES && !strstr(line, kinds[misuse->kind]))
		misuse->kind++;
}

static void read_misuse_line(struct report *report, char *line, struct report_stack **stack)
{
	struct report_misuse *misuse = &report->misuse[report->misuse_count - 1];

	if (begins(line, "  times: "))
		misuse->times = strtol(line + 9, NULL, 10);
	else if (begins(line, "  misused at"))
		*stack = &misuse->here;
	else if (begins(line, "  closed before at"))
		*stack = &misuse->closed;
	else if (begins(line, "  was opened at") || begins(line, "  opened since at"))
		*stack = &misuse->opened;
	else if (begins(line, "    #") && *stack)
		read_frame((*stack)->functions, &(*stack)->function_count, line);
	else
		*stack = NULL;
}

static void read_header_line(struct report *report, char *line)
{
	if (begins(line, "number: "))
		report->number = strtol(line + 8, NULL, 10);
	else if (begins(line, "why: "))
		report->why = line + 5;
	else if (begins(line, "descriptors: "))
		report->open = strtol(line + 13, NULL, 10);
	else if (begins(line, "misuses: "))
		report->misuses = strtol(line + 9, NULL, 10);
	else if (begins(line, "unclosed: ")) {
		report->unclosed = strtol(line + 10, &line, 10);
		sscanf(line + strcspn(line, ";"), "; %ld inherited", &report->inherited);
	}
}

static void start(struct report *report)
{
	report_release(report);
	report->misuses = -1;
	report->by_fd = malloc(sizeof(*report->by_fd) * REPORT_FD_MAX);
	if (!report->by_fd)
		abort();
	memset(report->by_fd, -1, sizeof(*report->by_fd) * REPORT_FD_MAX);
}

bool report_read(struct report *report, char **text)
{
	enum { HEADER, GROUP, MISUSE, NOT_LISTED, NOT_SEEN, OTHER } part = HEADER;
	enum list list = NO_LIST;
	struct report_stack *stack = NULL;
	char *line = *text, *next;

	if (!*line)
		return false;
	start(report);
	if (!begins(line, "fdtrail snapshot, format 1\n"))
		return *text = line + strlen(line), true;
	for (;; line = next) {
		next = strchr(line, '\n');
		if (!next) /* cut */
			return *text = line + strlen(line), true;
		*next++ = '\0';
		if (strcmp(line, "end of fdtrail snapshot, format 1") == 0)
			break;
		if (begins(line, "group ")) {
			part = GROUP;
			list = NO_LIST;
			read_sentence(next_item((void **)&report->groups, &report->group_count,
						&report->group_room, sizeof(*report->groups)),
				      line);
		} else if (begins(line, "misuse ")) {
			part = MISUSE;
			stack = NULL;
			start_misuse(report, line);
		} else if (strcmp(line, "not listed:") == 0) {
			part = NOT_LISTED;
		} else if (strcmp(line, "not seen:") == 0) {
			part = NOT_SEEN;
		} else if (!*line) {
			part = OTHER;
		} else if (part == GROUP) {
			read_group_line(report, line, &list);
		} else if (part == MISUSE) {
			read_misuse_line(report, line, &stack);
		} else if (part == HEADER) {
			read_header_line(report, line);
		} else if (part == NOT_LISTED) {
			report->not_listed = line;
		} else if (part == NOT_SEEN && strstr(line, "table of closing stacks was full")) {
			/* The torture closes at more places than that table holds. */
			report->closers_full = true;
		} else if (part == NOT_SEEN) {
			report->not_seen = line;
			if (strstr(line, " closed by untraced calls"))
				report->behind = strtol(line, NULL, 10);
		}
	}
	report->whole = true;
	*text = next;
	return true;
}

void report_release(struct report *report)
{
	free(report->groups);
	free(report->descriptors);
	free(report->by_fd);
	free(report->closers);
	free(report->misuse);
	*report = (struct report){0};
}

const struct report_descriptor *report_find(const struct report *report, int fd)
{
	int index = fd >= 0 && fd < REPORT_FD_MAX ? report->by_fd[fd] : -1;

	return index < 0 ? NULL : &report->descriptors[index];
}

char *file_read(const char *path, bool empty)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat status;
	size_t done = 0;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) != 0)
		status.st_size = 0;
	char *text = malloc((size_t)status.st_size + 1);
	while (text && done < (size_t)status.st_size) {
		ssize_t got = read(fd, text + done, (size_t)status.st_size - done);
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	if (text)
		text[done] = '\0';
	if (empty && ftruncate(fd, 0) != 0)
		abort();
	close(fd);
	return text;
}
