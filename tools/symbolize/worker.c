// SPDX-License-Identifier: MIT
/* See worker.h. The child is in worker_child.c. */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker_record.h"

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
		worker_child(reading->request, first, reading->answered, ends[1], parent);
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
