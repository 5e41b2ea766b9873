// SPDX-License-Identifier: MIT
/* See exec_stacks.h. This file writes them; exec_stacks_read.c reads. */
#include "exec_stacks.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "preload/core/base/raw_syscall.h"
#include "exec_stacks_limits.h"
#include "slot.h"

/* The text while it is written, and the items that it has. */
struct text {
	char *bytes;
	size_t length;
	bool full;
	uint32_t modules[MODULES_MOST], names[NAMES_MOST], stacks[STACKS_MOST];
	uint32_t module_count, name_count, stack_count;
};

static void put_char(struct text *text, char byte)
{
	if (text->length + 1 < EXEC_STACKS_SIZE)
		text->bytes[text->length++] = byte;
	else
		text->full = true;
}

static void put_number(struct text *text, uint64_t number, unsigned int base)
{
	char digits[24];
	size_t count = 0;

	do
		digits[count++] = "0123456789abcdef"[number % base];
	while (number /= base);
	while (count)
		put_char(text, digits[--count]);
}

static void put_field(struct text *text, uint64_t number, unsigned int base)
{
	put_number(text, number, base);
	put_char(text, ',');
}

static void put_name(struct text *text, const char *name)
{
	for (; *name; name++) {
		unsigned char byte = (unsigned char)*name;
		bool plain = byte > ' ' && byte < 0x7f && byte != ',' && byte != ';' && byte != '%';

		if (plain) {
			put_char(text, *name);
			continue;
		}
		put_char(text, '%');
		put_char(text, "0123456789abcdef"[byte >> 4]);
		put_char(text, "0123456789abcdef"[byte & 15]);
	}
}

/* The index of number in a list, to which it is added if it is new. *added: it is. False: the list
 * is full. */
static bool index_of(uint32_t *list, uint32_t *count, uint32_t most, uint32_t number,
		     uint32_t *index, bool *added)
{
	*index = 0;
	while (*index < *count && list[*index] != number)
		(*index)++;
	*added = *index == *count;
	if (*added && *count == most)
		return false;
	if (*added)
		list[(*count)++] = number;
	return true;
}

static bool put_module(struct text *text, const struct ledger *ledger, uint32_t id)
{
	const struct module *module = module_table_get(&ledger->modules, id);
	uint32_t index;
	bool added;

	if (!index_of(text->modules, &text->module_count, MODULES_MOST, id, &index, &added))
		return false;
	if (!added)
		return true;
	put_char(text, 'm');
	put_field(text, atomic_load(&module->bias), 16);
	put_field(text, atomic_load(&module->start), 16);
	put_field(text, atomic_load(&module->end), 16);
	for (size_t i = 0; i < module->build_id_size; i++) {
		put_char(text, "0123456789abcdef"[module->build_id[i] >> 4]);
		put_char(text, "0123456789abcdef"[module->build_id[i] & 15]);
	}
	put_char(text, ',');
	put_name(text, module->name);
	put_char(text, ';');
	return true;
}

static bool put_language_name(struct text *text, const struct ledger *ledger, uint32_t number)
{
	const struct language_entry *entry = language_table_get(&ledger->languages, number);
	uint32_t index;
	bool added;

	if (!entry || !index_of(text->names, &text->name_count, NAMES_MOST, number, &index, &added))
		return false;
	if (!added)
		return true;
	put_char(text, 'l');
	put_field(text, entry->language, 16);
	put_field(text, entry->library, 16);
	put_field(text, entry->line, 10);
	put_name(text, entry->function);
	put_char(text, ',');
	put_name(text, entry->file);
	put_char(text, ';');
	return true;
}

static bool is_of_module(const struct ledger *ledger, frame_t frame)
{
	uint32_t id = FRAME_MODULE(frame);

	return id && id <= atomic_load(&ledger->modules.count);
}

/* Writes what a frame refers to. */
static bool put_before(struct text *text, const struct ledger *ledger, frame_t frame)
{
	if (FRAME_MODULE(frame) == FRAME_MODULE_LANGUAGE)
		return put_language_name(text, ledger, (uint32_t)FRAME_OFFSET(frame));
	return !is_of_module(ledger, frame) || put_module(text, ledger, FRAME_MODULE(frame));
}

static void put_frame(struct text *text, const struct ledger *ledger, frame_t frame)
{
	uint32_t index;
	bool added;

	put_char(text, ',');
	if (FRAME_MODULE(frame) == FRAME_MODULE_LANGUAGE) {
		index_of(text->names, &text->name_count, NAMES_MOST, (uint32_t)FRAME_OFFSET(frame),
			 &index, &added);
		put_char(text, 'l');
		put_number(text, index, 10);
	} else if (is_of_module(ledger, frame)) {
		index_of(text->modules, &text->module_count, MODULES_MOST, FRAME_MODULE(frame),
			 &index, &added);
		put_char(text, 'm');
		put_number(text, index, 10);
		put_char(text, '+');
		put_number(text, FRAME_OFFSET(frame), 16);
	} else {
		put_char(text, 'a');
		put_number(text, frame, 16);
	}
}

static bool put_stack(struct text *text, const struct ledger *ledger, uint32_t stack,
		      uint32_t *index)
{
	struct stack_view view;
	bool added;

	if (!stack_table_view(&ledger->stacks, stack, &view) ||
	    !index_of(text->stacks, &text->stack_count, STACKS_MOST, stack, index, &added))
		return false;
	if (!added)
		return true;
	uint32_t depth = view.depth < FRAMES_MOST ? view.depth : FRAMES_MOST;

	for (uint32_t i = 0; i < depth; i++)
		if (!put_before(text, ledger, view.frames[i]))
			return false;
	put_char(text, 's');
	put_number(text, depth < view.depth ? STACK_DEEPER : view.end, 16);
	for (uint32_t i = 0; i < depth; i++)
		put_frame(text, ledger, view.frames[i]);
	put_char(text, ';');
	return true;
}

/* Writes a descriptor and what it needs. False: it doesn't fit. */
static bool put_descriptor(struct text *text, const struct ledger *ledger, int fd,
			   const struct ledger_entry *entry)
{
	struct stat status;
	uint32_t index;

	if (RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH) != 0)
		return true;
	if (!put_stack(text, ledger, entry->stack, &index))
		return false;
	put_char(text, 'd');
	put_field(text, (uint64_t)fd, 10);
	put_field(text, entry->before_exec ? entry->dup_of : ledger->exec_generation, 10);
	put_field(text, entry->kind, 16);
	put_field(text, index, 10);
	put_field(text, status.st_dev, 16);
	put_number(text, status.st_ino, 16);
	put_char(text, ';');
	return !text->full;
}

/* Whether the program that is executed gets the descriptor, and its stack is known. */
static bool is_passed_on(int fd, const struct ledger_entry *entry)
{
	long flags;

	if (entry->stack < STACK_FIRST || entry->closing ||
	    (entry->before_exec && entry->dup_of == LEDGER_NO_FD))
		return false;
	flags = RAW(fcntl, fd, F_GETFD);
	return flags >= 0 && !(flags & FD_CLOEXEC);
}

size_t exec_stacks_write(const struct ledger *ledger, int pid, char *bytes)
{
	struct text text = {.bytes = bytes};
	int count = 0, looked = 0;

	put_char(&text, '1');
	put_char(&text, ';');
	put_number(&text, (uint64_t)pid, 10);
	put_char(&text, ';');
	put_number(&text, ledger->exec_generation, 10);
	put_char(&text, ';');
	/* Each look is a system call, so a program with very many waits for some of them only. */
	for (int fd = ledger_next(ledger, 3);
	     fd >= 0 && count < DESCRIPTORS_MOST && looked < LOOKS_MOST;
	     fd = ledger_next(ledger, fd + 1), looked++) {
		struct ledger_entry entry;
		struct text before = text;

		if (!ledger_read(ledger, fd, &entry, NULL) || !is_passed_on(fd, &entry))
			continue;
		if (put_descriptor(&text, ledger, fd, &entry))
			count++;
		else
			text = before;
	}
	text.bytes[text.length] = '\0';
	return count ? text.length : 0;
}
