// SPDX-License-Identifier: MIT
/* See obtain.h. */
#include "obtain.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "apart.h"
#include "ask.h"
#include "outside_snapshot.h"
#include "proc_facts.h"

enum { TEXT_SIZE = 512 };

static int complain(const char *verb, const char *text, int error)
{
	fprintf(stderr, "fdtrail %s: %s\n", verb, text);
	return error;
}

/* Makes obtained from file, which it owns from now on. */
static int hand_over(struct obtained *obtained, int file, bool traced, const char *verb)
{
	*obtained = (struct obtained){.text = fdopen(file, "r"), .traced = traced};
	if (obtained->text)
		return 0;
	close(file);
	return complain(verb, strerror(ENOMEM), -ENOMEM);
}

/* Prints a line if threads have descriptor tables of their own. Returns whether there are any. */
static bool say_apart(int pid, int holder, const char *verb)
{
	int first;
	size_t count = apart_threads(pid, holder, &first);

	if (count == 1)
		fprintf(stderr,
			"fdtrail %s: thread %d of process %d has a descriptor table of its own, "
			"which is not looked at\n",
			verb, first, pid);
	else if (count)
		fprintf(stderr,
			"fdtrail %s: %zu threads of process %d (%d is one of them) have "
			"descriptor tables of their own, which are not looked at\n",
			verb, count, pid, first);
	return count;
}

int obtain_outside(struct obtained *obtained, int pid, const char *verb)
{
	struct snapshot_request request;
	struct snapshot_result result = {0};
	struct process process;
	char program[REMOTE_PROGRAM_SIZE], text[REMOTE_TROUBLE_SIZE];
	int error = outside_request(&request, pid, program);

	if (error)
		return complain(verb, outside_trouble(pid, error, text, sizeof(text)), error);
	request.why = "taken from outside";
	request.output = memfd_create("fdtrail snapshot", MFD_CLOEXEC);
	error = request.output < 0 ? -errno : outside_snapshot(&request, &result);
	if (!error && result.error)
		error = -result.error;
	/* If the process has ended in the meantime, the snapshot shows nothing open, which would
	 * mislead. */
	if (!error && (process_read(&process, pid) || process_has_ended(&process)))
		error = -ESRCH;
	if (error) {
		if (request.output >= 0)
			close(request.output);
		return complain(verb, outside_trouble(pid, error, text, sizeof(text)), error);
	}
	if (lseek(request.output, 0, SEEK_SET) != 0) {
		error = -errno;
		close(request.output);
		return complain(verb, strerror(-error), error);
	}
	error = hand_over(obtained, request.output, false, verb);
	if (!error)
		obtained->partial = say_apart(pid, snapshot_holder(&request), verb);
	return error;
}

void obtained_say_number(int pid, const char *verb)
{
	int number = proc_own_number(pid);

	if (number && number != pid)
		fprintf(stderr, "fdtrail %s: process %d is process %d in its own pid namespace\n",
			verb, pid, number);
}

int obtain_snapshot(struct obtained *obtained, int pid, const char *verb)
{
	struct process process;
	char text[TEXT_SIZE];
	int error = process_read(&process, pid);

	if (error)
		return complain(verb, outside_trouble(pid, error, text, sizeof(text)), error);
	if (process_obstacle(&process, text, sizeof(text)))
		return complain(verb, text, -EINVAL);
	int trace = ask_how_traced(&process);
	if (trace < 0)
		return complain(verb, outside_trouble(pid, trace, text, sizeof(text)), trace);
	if (trace == TRACE_NONE)
		return obtain_outside(obtained, pid, verb);
	int file = ask_snapshot(&process, (enum trace)trace, text, sizeof(text));
	if (file < 0)
		return complain(verb, text, file);
	return hand_over(obtained, file, true, verb);
}
