// SPDX-License-Identifier: MIT
/* See header.h. */
#include "header.h"

#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "preload/core/base/raw_syscall.h"
#include "misuse_text.h"
#include "peak.h"
#include "proc.h"
#include "process_status.h"
#include "shortage.h"
#include "escape_text.h"

enum { COMMAND_MAX = 4096 };

static void put_line(struct writer *writer, const char *key, const char *value)
{
	put_string(writer, key);
	put_escaped(writer, value, strlen(value));
	put_char(writer, '\n');
}

/* The Gregorian date of a day, counted from 1970-01-01. Years run from March to February, so that
 * the leap day is the last one, in eras of 400 years, which all have the same number of days. */
static void put_date(struct writer *writer, int64_t day)
{
	int64_t shifted = day + 719468; /* days from 0000-03-01 to 1970-01-01 */
	int64_t era = shifted / 146097, of_era = shifted % 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t from_march = (5 * of_year + 2) / 153;
	int64_t month = from_march < 10 ? from_march + 3 : from_march - 9;

	put_padded(writer, (uint64_t)(year_of_era + era * 400 + (month <= 2)), 4);
	put_char(writer, '-');
	put_padded(writer, (uint64_t)month, 2);
	put_char(writer, '-');
	put_padded(writer, (uint64_t)(of_year - (153 * from_march + 2) / 5 + 1), 2);
}

static void put_when(struct writer *writer)
{
	struct timespec now = {0};

	RAW(clock_gettime, CLOCK_REALTIME, &now);
	if (now.tv_sec < 0)
		now.tv_sec = 0;
	put_string(writer, "when: ");
	put_date(writer, now.tv_sec / 86400);
	put_char(writer, 'T');
	put_padded(writer, (uint64_t)(now.tv_sec / 3600 % 24), 2);
	put_char(writer, ':');
	put_padded(writer, (uint64_t)(now.tv_sec / 60 % 60), 2);
	put_char(writer, ':');
	put_padded(writer, (uint64_t)(now.tv_sec % 60), 2);
	put_char(writer, '.');
	put_padded(writer, (uint64_t)now.tv_nsec / 1000000, 3);
	put_string(writer, "Z\n");
}

static void put_process(const struct describe *describe)
{
	struct writer *writer = describe->writer;
	const struct snapshot_request *request = describe->request;
	struct process_status status = {
		.user = (uint64_t)RAW(getuid),
		.effective = (uint64_t)RAW(geteuid),
	};

	if (describe->numbered)
		process_status_read(request->pid, &status);
	put_string(writer, "process: ");
	put_unsigned(writer, (uint64_t)request->pid);
	put_char(writer, ' ');
	put_word(writer, request->program, strlen(request->program));
	if (status.parent) {
		put_string(writer, ", parent ");
		put_unsigned(writer, status.parent);
		process_put_name(writer, (int)status.parent);
	}
	put_string(writer, ", user ");
	put_unsigned(writer, status.user);
	if (status.effective != status.user) {
		put_string(writer, ", effective user ");
		put_unsigned(writer, status.effective);
	}
	put_char(writer, '\n');
	if (request->thread && request->thread != request->pid) {
		put_string(writer, "asked in: ");
		thread_names_put(describe->threads, writer, (uint32_t)request->thread);
		put_char(writer, '\n');
	}
}

static void put_command(struct writer *writer, int pid)
{
	char path[PROC_PATH_SIZE], text[COMMAND_MAX];
	size_t length = proc_read(proc_pid_path(path, pid, "cmdline"), text, sizeof(text));
	bool cut = length == sizeof(text) - 1;

	if (!length)
		return;
	put_string(writer, "command:");
	for (size_t at = 0; at < length;) {
		size_t size = strnlen(text + at, length - at);
		put_char(writer, ' ');
		put_word(writer, text + at, size);
		at += size + 1;
	}
	put_string(writer, cut ? " (cut)\n" : "\n");
}

static void put_table(struct writer *writer, const struct snapshot_request *request, size_t open)
{
	struct rlimit limit;

	put_string(writer, "descriptors: ");
	put_unsigned(writer, open);
	put_string(writer, " open");
	if (shortage_table_limit(request, &limit)) {
		put_string(writer, ", limit ");
		put_unsigned(writer, limit.rlim_cur);
		if (limit.rlim_cur > 0 && limit.rlim_cur < UINT32_MAX) {
			put_string(writer, " (");
			put_unsigned(writer, (uint64_t)open * 100 / limit.rlim_cur);
			put_string(writer, " %)");
		}
	}
	put_char(writer, '\n');
}

static void put_versions(struct writer *writer, const struct snapshot_request *request)
{
	struct utsname kernel;

	put_string(writer, "versions: fdtrail " FDTRAIL_VERSION ", ");
	put_escaped(writer, request->libunwind, strlen(request->libunwind));
#ifdef __GLIBC__
	if (!request->target) {
		put_string(writer, ", glibc ");
		put_string(writer, gnu_get_libc_version());
	}
#endif
	if (RAW(uname, &kernel) == 0) {
		put_string(writer, ", Linux ");
		put_word(writer, kernel.release, strnlen(kernel.release, sizeof(kernel.release)));
		put_string(writer, ", ");
		put_word(writer, kernel.machine, strnlen(kernel.machine, sizeof(kernel.machine)));
		put_string(writer, "\nhost: ");
		put_escaped(writer, kernel.nodename,
			    strnlen(kernel.nodename, sizeof(kernel.nodename)));
	}
	put_char(writer, '\n');
}

/* "languages: python 3.11.2; pypy: this is PyPy, whose frames fdtrail can't read" */
static void put_languages(struct writer *writer, const struct language_table *languages)
{
	const char *between = "languages: ";

	for (unsigned int i = 0; i < LANGUAGES_MAX; i++) {
		const struct language_present *language = language_table_present(languages, i);

		if (!language)
			continue;
		put_string(writer, between);
		put_string(writer, language->name);
		if (*language->version) {
			put_char(writer, ' ');
			put_word(writer, language->version, strlen(language->version));
		}
		if (language->trouble) {
			put_string(writer, ": ");
			put_string(writer, language->trouble);
		}
		between = "; ";
	}
	if (*between == ';')
		put_char(writer, '\n');
}

static void put_kinds(struct writer *writer, uint64_t kinds)
{
	const char *between = "kinds: ";

	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (kinds & KIND_BIT(kind)) {
			put_string(writer, between);
			put_string(writer, kind_name((enum kind)kind));
			between = ",";
		}
	put_char(writer, '\n');
}

static void put_unclosed(struct writer *writer, const struct census *census,
			 const struct groups *groups)
{
	put_string(writer, "unclosed: ");
	put_unsigned(writer, census->unclosed);
	if (census->unclosed) {
		put_string(writer, " in ");
		put_unsigned(writer, groups->unclosed);
		put_string(writer, groups->unclosed == 1 ? " group" : " groups");
	}
	put_string(writer, "; ");
	put_unsigned(writer, census->inherited);
	put_string(writer, " inherited\n");
}

static void put_end(struct writer *writer, const struct process_end *end)
{
	put_string(writer, "end: ");
	put_string(writer, process_end_word(end->kind));
	if (end->kind == PROCESS_SIGNAL) {
		put_char(writer, ' ');
		put_unsigned(writer, (uint64_t)end->signal);
	}
	put_char(writer, '\n');
}

static void put_since(struct writer *writer, const char *name, uint64_t now_ms, uint64_t then_ms)
{
	put_string(writer, name);
	put_duration(writer, now_ms > then_ms ? now_ms - then_ms : 0);
}

void header_put(const struct describe *describe, const struct census *census,
		const struct groups *groups, const struct peaks *peaks)
{
	struct writer *writer = describe->writer;
	const struct snapshot_request *request = describe->request;

	put_string(writer, "fdtrail snapshot, format ");
	put_unsigned(writer, SNAPSHOT_VERSION);
	put_char(writer, '\n');
	put_line(writer, "why: ", request->why);
	/* Right behind the reason, where `fdtrail run` looks: tools/run/snapshot_files.c. */
	put_end(writer, &request->end);
	shortage_put(describe, census);
	put_string(writer, "number: ");
	put_unsigned(writer, request->number);
	put_char(writer, '\n');
	put_when(writer);
	put_process(describe);
	if (describe->numbered)
		put_command(writer, request->pid);
	put_since(writer, "uptime: ", census->now_ms,
		  request->attached_ms ? request->process_started_ms : request->started_ms);
	put_char(writer, '\n');
	if (request->attached_ms) {
		put_since(writer, "attached: ", census->now_ms, request->attached_ms);
		put_string(writer, " ago\n");
	}
	if (request->forked_ms) {
		put_since(writer, "forked: ", census->now_ms, request->forked_ms);
		put_string(writer, " ago\n");
	}
	if (!request->unread) {
		put_table(writer, request, census->open);
		peaks_put_header(writer, peaks, request);
	}
	put_versions(writer, request);
	put_languages(writer, &request->ledger->languages);
	if ((request->kinds & KIND_ALL) != KIND_ALL)
		put_kinds(writer, request->kinds);
	if (request->unread) {
		put_line(writer, "unclosed: unknown: ", request->unread);
		return;
	}
	put_unclosed(writer, census, groups);
	misuses_put_header(describe);
}
