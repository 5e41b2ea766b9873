// SPDX-License-Identifier: MIT
/*
 * See worker.h. The child answers over a pipe in records: the size of what follows, a letter, and
 * its parts. Both ends are this file; the parent still checks every size, for the child has read
 * the enemy's file.
 */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demangle.h"

enum {
	STRING_MAX = DEMANGLE_TEXT_MAX, /* longer names are cut, and end in "..." */
	LOCATIONS_MAX = 128,            /* of one address */
	RECORD_MAX = 4 << 20,
	TOTAL_MAX = 256 << 20,
	WAITING_MS = 200,
	STATUS_INTERRUPTED = 3, /* the child's, when a signal asked it to end */
};

enum record {
	RECORD_STEP = 'P',    /* a string: what the child is doing */
	RECORD_SOURCE = 'S',  /* a number: the source that is asked from now on */
	RECORD_ANSWER = 'A',  /* numbers: index, count; then the locations */
	RECORD_TROUBLE = 'T', /* a string */
	RECORD_DONE = 'D',    /* the last one */
};

/* The child */

struct answer {
	char *bytes;
	size_t size, room;
	uint32_t count;
};

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

/* A string is its size plus one, 0 for NULL, and its bytes. */
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

	if (answer->count == LOCATIONS_MAX)
		return;
	answer->count++;
	append_string(answer, function && *function ? demangle(function, text) : NULL);
	append_string(answer, file && *file ? file : NULL);
	append_number(answer, line > 0 ? (uint32_t)line : 0);
	append_number(answer, column > 0 ? (uint32_t)column : 0);
	append_number(answer, inlined);
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
	const char *slash = strrchr(path, '/');
	char step[512];

	snprintf(step, sizeof(step), "%s %s", what, slash ? slash + 1 : path);
	send_string(RECORD_STEP, step);
}

static void downloading(const char *path)
{
	send_step("downloading debug information for", path);
}

/* Asks the sources from first on. Addresses that nobody knows stay without an answer. */
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

/* A download is ended by libdebuginfod itself, which then removes what it has written. */
static void on_signal(int number)
{
	if (module_file_downloading)
		module_file_cancel = 1;
	else
		_exit(STATUS_INTERRUPTED);
}

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
	/* The parent has gone: PR_SET_PDEATHSIG below, or nobody reads the pipe. */
	static const int orphaned[] = {SIGTERM, SIGPIPE};
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU};
	struct sigaction action = {.sa_handler = on_signal}, before;
	sigset_t none;

	/* What the parent ignores (nohup) must not end its child. */
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

	/* What takes all memory dies before anybody else does. */
	put_file("/proc/self/oom_score_adj", "1000");
	/* No core files. Behind the line above, since /proc/self is root's from here on. */
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CPU, &(struct rlimit){request->seconds, request->seconds + 1});
	/* malloc's last words; the parent says what there is to say. */
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO);
}

static _Noreturn void child_main(const struct worker_request *request, size_t first, bool *answered,
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
	/* The kernel is faster at giving back what libdw holds. */
	_exit(ferror(to_parent) ? 1 : 0);
}

/* The parent */

struct reading {
	const struct worker_request *request;
	bool *answered;
	size_t source; /* the one that is being asked */
	bool done;
	bool nonsense; /* the child sent what it should not have */
	char *trouble;
	char *step;
};

struct content {
	const char *at, *end;
};

static bool take_number(struct content *content, uint32_t *number)
{
	if ((size_t)(content->end - content->at) < sizeof(*number))
		return false;
	memcpy(number, content->at, sizeof(*number));
	content->at += sizeof(*number);
	return true;
}

/* A string that is to be freed; NULL for the sender's NULL. */
static bool take_string(struct content *content, char **string)
{
	uint32_t size;

	*string = NULL;
	if (!take_number(content, &size) || size > STRING_MAX + 1 ||
	    (size && size - 1 > (size_t)(content->end - content->at)))
		return false;
	if (!size)
		return true;
	*string = strndup(content->at, size - 1);
	content->at += size - 1;
	return *string != NULL;
}

static bool take_answer(struct reading *reading, struct content *content)
{
	const struct worker_request *request = reading->request;
	uint32_t index, count, line, column, inlined, taken = 0;
	struct model_location *locations;
	bool good = true;

	if (!take_number(content, &index) || index >= request->count || reading->answered[index] ||
	    !take_number(content, &count) || count > LOCATIONS_MAX)
		return false;
	locations = calloc(count, sizeof(*locations));
	if (!locations)
		return false;
	while (good && taken < count) {
		char *function = NULL, *file = NULL;

		good = take_string(content, &function) && take_string(content, &file) &&
		       take_number(content, &line) && take_number(content, &column) &&
		       take_number(content, &inlined) && line <= INT32_MAX && column <= INT32_MAX;
		locations[taken++] = (struct model_location){
			.function = function,
			.file = file,
			.line = good ? (int)line : 0,
			.column = good ? (int)column : 0,
			.inlined = good && inlined,
		};
	}
	if (good) {
		reading->answered[index] = true;
		request->found(request->data, index, request->sources[reading->source], locations,
			       count);
	}
	for (uint32_t i = 0; i < taken; i++) {
		free((char *)locations[i].function);
		free((char *)locations[i].file);
	}
	free(locations);
	return good;
}

static bool take_record(struct reading *reading, const char *bytes, size_t size)
{
	struct content content = {.at = bytes + 1, .end = bytes + size};
	char *string;
	uint32_t number;

	switch ((unsigned char)bytes[0]) {
	case RECORD_STEP:
		if (!take_string(&content, &string) || !string)
			return false;
		free(reading->step);
		reading->step = string;
		return true;
	case RECORD_SOURCE:
		if (!take_number(&content, &number))
			return false;
		for (size_t i = 0; i <= number; i++)
			if (!reading->request->sources[i])
				return false;
		reading->source = number;
		return true;
	case RECORD_ANSWER:
		return take_answer(reading, &content);
	case RECORD_TROUBLE:
		if (!take_string(&content, &string) || !string)
			return false;
		snprintf(reading->trouble, MODULE_TROUBLE_SIZE, "%s", string);
		free(string);
		return true;
	case RECORD_DONE:
		reading->done = true;
		return true;
	default:
		return false;
	}
}

/* Takes the whole records at the beginning of bytes; returns their size, or -1. */
static ssize_t take_records(struct reading *reading, const char *bytes, size_t size)
{
	size_t at = 0;
	uint32_t record;

	while (size - at > sizeof(record)) {
		memcpy(&record, bytes + at, sizeof(record));
		if (record == 0 || record > RECORD_MAX)
			return -1;
		if (record > size - at - sizeof(record))
			break;
		if (!take_record(reading, bytes + at + sizeof(record), record))
			return -1;
		at += sizeof(record) + record;
	}
	return (ssize_t)at;
}

static void waiting(const struct reading *reading)
{
	if (reading->request->waiting && reading->step)
		reading->request->waiting(reading->request->data, reading->step);
}

/* Reads until the child closes its end. False: it sent what it should not have. */
static bool read_all(struct reading *reading, int fd)
{
	size_t room = 256 << 10, size = 0, total = 0;
	char *bytes = malloc(room);
	ssize_t got;

	while (bytes) {
		int ready = poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, WAITING_MS);

		if (ready <= 0) {
			waiting(reading);
			continue;
		}
		got = read(fd, bytes + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		size += (size_t)got;
		total += (size_t)got;
		const char *step = reading->step;
		ssize_t taken = total > TOTAL_MAX ? -1 : take_records(reading, bytes, size);
		if (taken < 0) {
			free(bytes);
			return false;
		}
		if (reading->step != step)
			waiting(reading);
		size -= (size_t)taken;
		memmove(bytes, bytes + taken, size);
		if (size == room) {
			char *grown = realloc(bytes, room *= 2);

			if (!grown)
				free(bytes);
			bytes = grown;
		}
	}
	free(bytes);
	return bytes != NULL;
}

static int run_child(struct reading *reading, size_t first, int *status)
{
	int ends[2];
	pid_t parent = getpid();

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	pid_t child = fork();
	if (child < 0) {
		int error = errno;

		close(ends[0]);
		close(ends[1]);
		return -error;
	}
	if (child == 0) {
		close(ends[0]);
		child_main(reading->request, first, reading->answered, ends[1], parent);
	}
	close(ends[1]);
	reading->nonsense = !read_all(reading, ends[0]);
	if (reading->nonsense)
		kill(child, SIGKILL);
	close(ends[0]);
	while (waitpid(child, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static void say_how_it_ended(struct reading *reading, int status)
{
	const char *source = reading->request->sources[reading->source]->name;
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (reading->nonsense)
		snprintf(reading->trouble, MODULE_TROUBLE_SIZE,
			 "its file is damaged: its names (%s) make no sense or are too many",
			 source);
	else if (signal == SIGXCPU)
		snprintf(reading->trouble, MODULE_TROUBLE_SIZE,
			 "reading its file (%s) took more than %u s of CPU time and was given up",
			 source, reading->request->seconds);
	else if (signal == SIGKILL || signal == SIGTERM ||
		 (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_INTERRUPTED))
		snprintf(reading->trouble, MODULE_TROUBLE_SIZE,
			 "reading its file (%s) was interrupted, or took too much memory", source);
	else
		snprintf(reading->trouble, MODULE_TROUBLE_SIZE,
			 "its file is damaged: reading it (%s) ended with: %s", source,
			 signal ? strsignal(signal) : "an error");
}

int worker_run(const struct worker_request *request, char trouble[MODULE_TROUBLE_SIZE])
{
	struct reading reading = {.request = request, .trouble = trouble};
	int result = 0;

	trouble[0] = '\0';
	reading.answered = calloc(request->count, sizeof(bool));
	if (!reading.answered)
		return -ENOMEM;
	for (size_t first = 0; result == 0 && !reading.done && request->sources[first];
	     first = reading.source + 1) {
		int status = 0;

		reading.source = first;
		result = run_child(&reading, first, &status);
		if (result == 0 && !reading.done)
			say_how_it_ended(&reading, status);
	}
	free(reading.answered);
	free(reading.step);
	return result;
}
