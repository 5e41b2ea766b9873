// SPDX-License-Identifier: MIT
/* See footer.h. */
#include "footer.h"

#include <string.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/core/ledger/mark_file.h"
#include "escape_text.h"

/* Writes a counted line of a section, before the first one the section's name; nothing if count is
 * 0. */
static void put_counted(struct writer *writer, const char **section, uint64_t count,
			const char *what)
{
	if (!count)
		return;
	if (*section) {
		put_string(writer, *section);
		*section = NULL;
	}
	put_string(writer, "  ");
	put_unsigned(writer, count);
	put_char(writer, ' ');
	put_string(writer, what);
	put_char(writer, '\n');
}

static void put_not_listed(struct writer *writer, const struct snapshot_request *request,
			   const struct census *census)
{
	const char *section = "\nnot listed:\n";
	size_t hidden = 0;

	for (int i = 0; i < SNAPSHOT_HIDDEN_MAX; i++)
		hidden += request->hidden[i] >= 0;
	if (request->inherited)
		put_counted(writer, &section, hidden,
			    "inherited, left out because the descriptor table is full");
	else
		put_counted(writer, &section, census->inherited - census->inherited_listed,
			    "inherited (FDTRAIL_INHERITED=1 lists them)");
	put_counted(writer, &section, census->unwanted, "of other kinds than FDTRAIL_KINDS names");
	put_counted(writer, &section, census->closing, "being closed at that moment");
	put_counted(writer, &section, census->changing, "being opened or reused at that moment");
}

/* Counts the descriptors of another process that could not be copied: those that can't be
 * inspected, and sockets that are in none of the kernel's tables. */
static void count_outside(const struct snapshot_target *target, size_t *hidden, size_t *unlisted)
{
	*hidden = *unlisted = 0;
	for (size_t i = 0; i < target->outside_count; i++) {
		*hidden += target->outside[i].hidden;
		*unlisted += target->outside[i].unlisted;
	}
}

static void put_not_seen(struct writer *writer, const struct snapshot_request *request,
			 const struct census *census)
{
	const char *section = "\nnot seen:\n", *marks = mark_file_trouble(request->ledger);

	if (request->target && request->target->outside_count) {
		size_t hidden, unlisted;

		count_outside(request->target, &hidden, &unlisted);
		put_counted(writer, &section, hidden,
			    RAW(geteuid) == 0
				    ? "could not be looked at, only counted"
				    : "could not be looked at, only counted: ask as root");
		put_counted(writer, &section, request->target->outside_count - hidden,
			    request->target->outside_reason);
		put_counted(writer, &section, unlisted,
			    "in no socket table that can be read: unbound, or of another network "
			    "namespace");
	}
	put_counted(writer, &section, census->forgotten,
		    "closed by untraced calls since the last snapshot");
	put_counted(writer, &section, atomic_load(&request->ledger->dropped),
		    "not recorded when they were opened: there was no memory");
	put_counted(writer, &section, atomic_load(&request->ledger->stackless),
		    "opened, connected or used while another thread took its stack for too "
		    "long: "
		    "their stacks are not known");
	put_counted(writer, &section, atomic_load(&request->ledger->stacks.overflowed),
		    "opened when the stack table was full: their stacks are not known");
	put_counted(writer, &section, atomic_load(&request->ledger->closers.dropped),
		    "closed when the table of closing stacks was full: these are not known");
	put_counted(writer, &section, atomic_load(&request->ledger->uses.dropped),
		    "uses at stacks that could not be kept: who used these descriptors last is not "
		    "known");
	put_counted(writer, &section, atomic_load(&request->ledger->marks.lost),
		    "marks that could not be recorded: what was opened after them is under the "
		    "mark before");
	put_counted(writer, &section, marks ? 1 : 0, marks);
	put_counted(writer, &section, atomic_load(&request->ledger->misuses.dropped),
		    "wrong closes or uses after a close, beyond those that are listed");
	put_counted(writer, &section, atomic_load(&request->ledger->languages.overflowed),
		    "frames of a language without a name: the table of names was full");
}

/* Writes a mark, and how many of its descriptors are open. */
static void put_mark(struct writer *writer, const struct snapshot_request *request, uint32_t number,
		     uint32_t open)
{
	const struct ledger_mark *mark = mark_table_get(request->ledger, number);

	put_string(writer, "  ");
	put_unsigned(writer, number);
	put_string(writer, ", ");
	put_duration(writer,
		     mark->at_ms > request->started_ms ? mark->at_ms - request->started_ms : 0);
	put_string(writer, " after the start, ");
	put_unsigned(writer, open);
	put_string(writer, " open: ");
	put_escaped(writer, mark->text, mark->length);
	put_char(writer, '\n');
}

/* Writes the marks that open descriptors belong to. */
static void put_marks(struct writer *writer, const struct snapshot_request *request,
		      const struct census *census)
{
	uint32_t end = atomic_load(&request->ledger->marks.count) + 1;
	const char *section = "\nmarks:\n";
	uint32_t *counts = end > 1 ? memory_map(end * sizeof(*counts)) : NULL;

	if (!counts)
		return;
	for (size_t i = 0; i < census->count; i++) {
		const struct descriptor *descriptor = &census->descriptors[i];
		uint32_t mark =
			mark_table_of(request->ledger, descriptor->fd, descriptor->times_recorded);

		if (descriptor->class == DESCRIPTOR_OPENED && mark < end)
			counts[mark]++;
	}
	for (uint32_t mark = LEDGER_MARK_NONE + 1; mark < end; mark++) {
		if (!counts[mark])
			continue;
		if (section)
			put_string(writer, section);
		section = NULL;
		put_mark(writer, request, mark, counts[mark]);
	}
	memory_unmap(counts, end * sizeof(*counts));
}

static void put_module(struct writer *writer, const struct language_table *languages,
		       const struct module *module, enum module_use use)
{
	put_string(writer, "  ");
	put_hex(writer, atomic_load(&module->start), 12);
	put_char(writer, '-');
	put_hex(writer, atomic_load(&module->end), 12);
	put_char(writer, ' ');
	put_word(writer, module->path, strlen(module->path));
	if (module->build_id_size) {
		put_string(writer, ", BuildId ");
		put_hex_bytes(writer, module->build_id, module->build_id_size);
	}
	const struct language_present *language = language_table_present(
		languages, (unsigned int)atomic_load(&module->library_of) - 1);
	if (language) {
		put_string(writer, ", library of ");
		put_string(writer, language->name);
	}
	if (atomic_load(&module->unloaded))
		put_string(writer, ", unloaded");
	switch (use) {
	case MODULE_FILE_ABSENT:
		put_string(writer, ", its file can't be opened");
		break;
	case MODULE_FILE_CHANGED:
		put_string(writer, ", its file was changed since it was loaded");
		break;
	case MODULE_FILE_BROKEN:
		put_string(writer, ", its file is not a valid ELF file");
		break;
	default:
		break;
	}
	put_char(writer, '\n');
}

static void put_modules(struct writer *writer, const struct frames *frames)
{
	const char *section = "\nmodules:\n";

	for (uint32_t id = 1; id <= MODULE_LIMIT; id++) {
		if (frames->uses[id] == MODULE_UNUSED)
			continue;
		if (section)
			put_string(writer, section);
		section = NULL;
		put_module(writer, frames->languages, module_table_get(frames->modules, id),
			   frames->uses[id]);
	}
	if (frames->unnamed)
		put_string(writer,
			   "  note: A frame without a name can be named where the module has its "
			   "symbols:\n  note: addr2line -Cfie MODULE OFFSET\n");
}

void footer_put(const struct describe *describe, const struct census *census,
		const struct frames *frames)
{
	struct writer *writer = describe->writer;

	put_marks(writer, describe->request, census);
	put_not_listed(writer, describe->request, census);
	put_not_seen(writer, describe->request, census);
	put_modules(writer, frames);
	put_string(writer, "\nend of fdtrail snapshot, format ");
	put_unsigned(writer, SNAPSHOT_VERSION);
	put_char(writer, '\n');
}
