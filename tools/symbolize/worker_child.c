// SPDX-License-Identifier: MIT
/* See worker_record.h. This process may crash or be ended at any time, so it must leave no
 * files. */
#include "worker_record.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "preload/core/base/base_name.h"
#include "demangle_library.h"

static void append(struct answer *answer, const void *bytes, size_t size)
{
	if (size > answer->room - answer->size) {
		size_t room = 2 * (answer->room + size) + 1024;
		char *grown = realloc(answer->bytes, room);

		if (!grown)
			_exit(1);
		answer->bytes = grown;
		answer->room = room;
	}
	memcpy(answer->bytes + answer->size, bytes, size);
	answer->size += size;
}

static void append_number(struct answer *answer, uint32_t number)
{
	append(answer, &number, sizeof(number));
}

/* A string is sent as its size plus one (0 for NULL) and its bytes. */
static void append_string(struct answer *answer, const char *string)
{
	static const char cut[] = "...";
	size_t size = string ? strnlen(string, STRING_MAX + 1) : 0;
	bool too_long = size > STRING_MAX;

	if (too_long)
		size = STRING_MAX - (sizeof(cut) - 1);
	append_number(answer, string ? (uint32_t)(size + (too_long ? sizeof(cut) - 1 : 0) + 1) : 0);
	append(answer, string ? string : "", size);
	if (too_long)
		append(answer, cut, sizeof(cut) - 1);
}

void answer_add(struct answer *answer, const char *function, const char *file, int line, int column,
		bool inlined)
{
	char text[DEMANGLE_TEXT_MAX];
	const char *shown = function && *function ? function : NULL;

	if (answer->count == LOCATIONS_MAX)
		return;
	answer->count++;
	switch (shown ? demangle_try(shown, text) : DEMANGLE_NOT_MANGLED) {
	case DEMANGLE_DONE:
		shown = text;
		break;
	case DEMANGLE_UNREADABLE:
		shown = demangle_by_library(shown, text);
		break;
	case DEMANGLE_NOT_MANGLED:
	case DEMANGLE_TOO_LONG:
		break;
	}
	append_string(answer, shown);
	append_string(answer, file && *file ? file : NULL);
	append_number(answer, line > 0 ? (uint32_t)line : 0);
	append_number(answer, column > 0 ? (uint32_t)column : 0);
	append_number(answer, inlined);
	append_number(answer, MODEL_GO_UNKNOWN);
}

void answer_add_module(struct answer *answer, enum model_go_module module)
{
	uint32_t number = module;

	if (answer->size >= sizeof(number))
		memcpy(answer->bytes + answer->size - sizeof(number), &number, sizeof(number));
}

static FILE *to_parent;

static void send_record(enum record type, const struct answer *content)
{
	uint32_t size = (uint32_t)content->size + 1;

	fwrite(&size, sizeof(size), 1, to_parent);
	fputc(type, to_parent);
	fwrite(content->bytes, 1, content->size, to_parent);
}

static void send_string(enum record type, const char *string)
{
	struct answer content = {0};

	append_string(&content, string);
	send_record(type, &content);
	fflush(to_parent);
	free(content.bytes);
}

static void send_number(enum record type, uint32_t number)
{
	struct answer content = {0};

	append_number(&content, number);
	send_record(type, &content);
	fflush(to_parent);
	free(content.bytes);
}

static void send_step(const char *what, const char *path)
{
	char step[512];

	snprintf(step, sizeof(step), "%s %s", what, base_name(path));
	send_string(RECORD_STEP, step);
}

static void downloading(const char *path)
{
	send_step("downloading debug information for", path);
}

/* Tries the sources from first on. Addresses that none knows get no answer. */
static void ask(const struct worker_request *request, const struct module_file *file, size_t first,
		bool *answered)
{
	for (size_t s = first; request->sources[s]; s++) {
		const struct name_source *source = request->sources[s];
		void *state;

		send_number(RECORD_SOURCE, (uint32_t)s);
		if (source->open(file, &state) != 0)
			continue;
		for (size_t i = 0; i < request->count; i++) {
			struct answer answer = {0}, locations = {0};

			if (answered[i] ||
			    !source->find(state, request->addresses[i], &locations) ||
			    !locations.count)
				continue;
			answered[i] = true;
			append_number(&answer, (uint32_t)i);
			append_number(&answer, locations.count);
			append(&answer, locations.bytes, locations.size);
			send_record(RECORD_ANSWER, &answer);
			free(answer.bytes);
			free(locations.bytes);
		}
		fflush(to_parent);
		source->close(state);
	}
}

/* libdebuginfod ends a download itself and removes what it has written. */
static void on_signal(int number)
{
	if (module_file_downloading)
		module_file_cancel = 1;
	else
		_exit(STATUS_INTERRUPTED);
}

/* gcc defines the first, clang the second. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

/* Limit for allocated memory; mapped files don't count. A browser's debug information needs half of
 * it. Without a limit, a few bytes of a compressed section could stand for any amount. */
enum { MEMORY_MAX = 1 << 30 };

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "%s", text);
	close(fd);
}

static void prepare_child(const struct worker_request *request, pid_t parent)
{
	static const int ending[] = {SIGINT, SIGHUP, SIGQUIT};
	/* The parent is gone: by PR_SET_PDEATHSIG below, or because the pipe has no reader. */
	static const int orphaned[] = {SIGTERM, SIGPIPE};
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU};
	struct sigaction action = {.sa_handler = on_signal}, before;
	sigset_t none;

	/* A signal that the parent ignores (nohup) must not end its child. */
	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++)
		if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(ending[i], &action, NULL);
	for (size_t i = 0; i < sizeof(orphaned) / sizeof(*orphaned); i++)
		sigaction(orphaned[i], &action, NULL);
	action.sa_handler = SIG_DFL;
	for (size_t i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		sigaction(crashes[i], &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);

	/* If memory runs out, the kernel is to kill this process first. */
	put_file("/proc/self/oom_score_adj", "1000");
	/* No core files. This comes after the line above, because it makes /proc/self root's. */
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CPU, &(struct rlimit){request->seconds, request->seconds + 1});
#ifndef SANITIZED /* the sanitizer's shadow alone is larger */
	setrlimit(RLIMIT_DATA, &(struct rlimit){MEMORY_MAX, MEMORY_MAX});
#endif
	/* Discard malloc's error messages; the parent reports the failure. */
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO);
}

_Noreturn void worker_child(const struct worker_request *request, size_t first, bool *answered,
			    int fd, pid_t parent)
{
	char trouble[MODULE_TROUBLE_SIZE] = "";
	struct module_file file;

	prepare_child(request, parent);
	to_parent = fdopen(fd, "w");
	if (!to_parent)
		_exit(1);
	module_file_download_progress = downloading;
	send_step("reading", request->module.path);
	if (module_file_open(&file, &request->module, trouble) == 0)
		ask(request, &file, first, answered);
	else
		send_string(RECORD_TROUBLE, trouble);
	send_string(RECORD_DONE, NULL);
	/* The kernel frees libdw's memory faster. */
	_exit(ferror(to_parent) ? 1 : 0);
}
