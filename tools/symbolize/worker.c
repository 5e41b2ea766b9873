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

static void waiting(const struct worker_reading *reading)
{
	if (reading->request->waiting && reading->step)
		reading->request->waiting(reading->request->data, reading->step);
}

/* Reads until the child closes its end. False: it sent an invalid record. */
static bool read_all(struct worker_reading *reading, int fd)
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
		ssize_t taken = total > TOTAL_MAX ? -1 : worker_take_records(reading, bytes, size);
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

static int run_child(struct worker_reading *reading, size_t first, int *status)
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

static void say_how_it_ended(struct worker_reading *reading, int status)
{
	const char *source = reading->request->sources[reading->source]->name;
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (reading->nonsense)
		snprintf(reading->trouble, MODULE_TROUBLE_SIZE,
			 "its file is damaged: its names (%s) are invalid or too many", source);
	else if (signal == SIGXCPU)
		snprintf(reading->trouble, MODULE_TROUBLE_SIZE,
			 "reading its file (%s) was stopped after %u s of CPU time", source,
			 reading->request->seconds);
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
	struct worker_reading reading = {.request = request, .trouble = trouble};
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
