// SPDX-License-Identifier: MIT
/* See exec_stacks.h. The first item that is wrong ends the reading. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "preload/core/base/raw_syscall.h"
#include "exec_stacks.h"
#include "exec_stacks_limits.h"
#include "slot.h"

struct reading {
	const char *at;
	bool wrong;
	struct ledger *ledger;
	uint32_t generation;
	uint32_t modules[MODULES_MOST], names[NAMES_MOST], stacks[STACKS_MOST];
	uint32_t module_count, name_count, stack_count;
};

static int digit(char byte, unsigned int base)
{
	int value = byte >= '0' && byte <= '9'   ? byte - '0'
		    : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
						 : 16;

	return value < (int)base ? value : -1;
}

/* Reads a number of at most most, which another character than a digit must follow. */
static uint64_t number(struct reading *reading, unsigned int base, uint64_t most)
{
	uint64_t value = 0;

	if (digit(*reading->at, base) < 0)
		reading->wrong = true;
	for (int next; !reading->wrong && (next = digit(*reading->at, base)) >= 0; reading->at++) {
		if (value > (most - (uint64_t)next) / base)
			reading->wrong = true;
		value = value * base + (uint64_t)next;
	}
	return reading->wrong ? 0 : value;
}

static void expect(struct reading *reading, char byte)
{
	if (*reading->at == byte)
		reading->at++;
	else
		reading->wrong = true;
}

static uint64_t field(struct reading *reading, unsigned int base, uint64_t most)
{
	uint64_t value = number(reading, base, most);

	expect(reading, ',');
	return value;
}

/* Reads an escaped name up to the end byte, which it takes. */
static void name(struct reading *reading, char text[NAME_MOST], char end)
{
	size_t length = 0;

	while (*reading->at && *reading->at != ',' && *reading->at != ';') {
		char byte = *reading->at++;

		if (byte == '%') {
			int high = digit(*reading->at, 16);
			int low = high < 0 ? -1 : digit(reading->at[1], 16);

			if (low < 0 || !(high | low)) {
				reading->wrong = true;
				break;
			}
			byte = (char)(high << 4 | low);
			reading->at += 2;
		}
		if (length + 1 == NAME_MOST) {
			reading->wrong = true;
			break;
		}
		text[length++] = byte;
	}
	text[length] = '\0';
	expect(reading, end);
}

static void read_module(struct reading *reading, char text[NAME_MOST])
{
	uint8_t build_id[MODULE_BUILD_ID_MAX];
	size_t size = 0;
	uintptr_t bias = field(reading, 16, UINT64_MAX), start = field(reading, 16, UINT64_MAX),
		  end = field(reading, 16, UINT64_MAX);

	for (; !reading->wrong && digit(*reading->at, 16) >= 0; reading->at += 2) {
		if (size == sizeof(build_id) || digit(reading->at[1], 16) < 0) {
			reading->wrong = true;
			break;
		}
		build_id[size++] =
			(uint8_t)(digit(*reading->at, 16) << 4 | digit(reading->at[1], 16));
	}
	expect(reading, ',');
	name(reading, text, ';');
	if (reading->wrong || reading->module_count == MODULES_MOST) {
		reading->wrong = true;
		return;
	}
	uint32_t id =
		module_table_add(&reading->ledger->modules, text, build_id, size, bias, start, end);
	struct module *module = &reading->ledger->modules.modules[id];

	/* The same file may be mapped in this program, too; the first frame in it says so. */
	if (id != MODULE_NONE) {
		atomic_store(&module->unloaded, true);
		module->has_file = strchr(module->path, '/') != NULL;
	}
	reading->modules[reading->module_count++] = id;
}

static void read_language_name(struct reading *reading, char text[NAME_MOST], char file[NAME_MOST])
{
	struct language_entry entry = {
		.language = (uint8_t)field(reading, 16, LANGUAGES_MAX - 1),
		.library = field(reading, 16, 1),
		.line = (uint32_t)field(reading, 10, UINT32_MAX),
		.function = text,
		.file = file,
	};

	name(reading, text, ',');
	name(reading, file, ';');
	if (reading->wrong || reading->name_count == NAMES_MOST) {
		reading->wrong = true;
		return;
	}
	reading->names[reading->name_count++] =
		language_table_intern(&reading->ledger->languages, &entry);
}

static frame_t read_frame(struct reading *reading)
{
	char kind = *reading->at;

	expect(reading, ',');
	kind = *reading->at;
	if (kind)
		reading->at++;
	if (kind == 'l') {
		uint64_t index = number(reading, 10, NAMES_MOST - 1);

		if (index >= reading->name_count)
			reading->wrong = true;
		return reading->wrong ? 0 : FRAME_OF_LANGUAGE(reading->names[index]);
	}
	if (kind == 'm') {
		uint64_t index = number(reading, 10, MODULES_MOST - 1);

		expect(reading, '+');
		uint64_t offset = number(reading, 16, FRAME_OFFSET(UINT64_MAX));
		if (index >= reading->module_count)
			reading->wrong = true;
		return reading->wrong ? 0 : FRAME_MAKE(reading->modules[index], offset);
	}
	uint64_t frame = number(reading, 16, UINT64_MAX);
	/* An address without a module, or a marker. */
	if (kind != 'a' ||
	    (FRAME_MODULE(frame) != MODULE_NONE && FRAME_MODULE(frame) != FRAME_MODULE_MARK))
		reading->wrong = true;
	if (FRAME_MODULE(frame) == FRAME_MODULE_MARK && FRAME_MARK_END(frame) > STACK_MORE_CREATORS)
		reading->wrong = true;
	return frame;
}

static void read_stack(struct reading *reading)
{
	frame_t frames[FRAMES_MOST];
	uint32_t depth = 0;
	enum stack_end end = (enum stack_end)number(reading, 16, STACK_MORE_CREATORS);

	while (!reading->wrong && *reading->at != ';') {
		if (depth == FRAMES_MOST)
			reading->wrong = true;
		else
			frames[depth++] = read_frame(reading);
	}
	expect(reading, ';');
	if (reading->wrong || !depth || reading->stack_count == STACKS_MOST) {
		reading->wrong = true;
		return;
	}
	reading->stacks[reading->stack_count++] =
		stack_table_intern(&reading->ledger->stacks, frames, depth, end);
}

static void read_descriptor(struct reading *reading)
{
	int fd = (int)field(reading, 10, INT32_MAX);
	uint32_t generation = (uint32_t)field(reading, 10, EXEC_GENERATION_MOST);
	enum fd_kind kind = (enum fd_kind)field(reading, 16, FD_KIND_COUNT - 1);
	uint64_t index = field(reading, 10, STACKS_MOST - 1);
	uint64_t device = field(reading, 16, UINT64_MAX), inode = number(reading, 16, UINT64_MAX);
	struct stat status;

	expect(reading, ';');
	if (reading->wrong || index >= reading->stack_count || !generation ||
	    generation > reading->generation) {
		reading->wrong = true;
		return;
	}
	if (RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0 && status.st_dev == device &&
	    status.st_ino == inode)
		ledger_came_by_exec(reading->ledger, fd, reading->stacks[index], kind, generation);
}

static void read_items(struct reading *reading)
{
	static char text[NAME_MOST], file[NAME_MOST];

	while (*reading->at && !reading->wrong)
		switch (*reading->at++) {
		case 'm':
			read_module(reading, text);
			break;
		case 'l':
			read_language_name(reading, text, file);
			break;
		case 's':
			read_stack(reading);
			break;
		case 'd':
			read_descriptor(reading);
			break;
		default:
			reading->wrong = true;
		}
}

void exec_stacks_read(struct ledger *ledger, const char *text, int pid, int parent)
{
	struct reading reading = {.at = text, .ledger = ledger};

	expect(&reading, '1');
	expect(&reading, ';');
	int from = (int)number(&reading, 10, INT32_MAX);
	expect(&reading, ';');
	reading.generation = (uint32_t)number(&reading, 10, EXEC_GENERATION_MOST - 1);
	expect(&reading, ';');
	/* Another process' text came by programs in which the tracer didn't run. */
	if (reading.wrong || !reading.generation || (from != pid && from != parent))
		return;
	ledger->exec_generation = reading.generation + 1;
	read_items(&reading);
}
