// SPDX-License-Identifier: MIT
/* See triggered_snapshot.h. */
#include "triggered_snapshot.h"

#include <fcntl.h>

#include "preload/core/base/channel.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/capture/unwinder.h"
#include "preload/core/snapshot/kind.h"
#include "snapshot_output.h"

enum { SHOWN_ON_STDERR = 5 };

/* The output of one snapshot. */
struct output {
	const struct triggered_engine *engine;
	int fd;       /* -1: it was not opened, or could not be */
	bool refused; /* it could not be, and there is no roster either: failure has the reason */
	struct output_failure failure;
};

unsigned int triggered_end_flags(const struct options *options)
{
	return (options->verbose || options->peaks ? 0 : TRIGGER_ONLY_UNCLOSED) |
	       (options->exit ? 0 : TRIGGER_COUNT_ONLY);
}

void triggered_request(struct snapshot_request *request, const struct options *options,
		       bool has_channel, unsigned int flags)
{
	*request = (struct snapshot_request){
		.hidden = {-1, -1, -1, -1},
		.output = -1,
		.libunwind = unwinder_name(),
		.show = SNAPSHOT_SHOW_ALL,
		.kinds = KIND_ALL,
		.inherited = true,
		.only_unclosed = flags & TRIGGER_ONLY_UNCLOSED,
	};
	if (!options)
		return;
	if (options->show != OPTION_AUTO)
		request->show = options->show;
	else if (!*options->output && !has_channel)
		request->show = SHOWN_ON_STDERR;
	request->closers = options->closers;
	request->kinds = options->kinds;
	request->inherited = options->inherited;
	request->peaks = options->peaks;
}

/* If 0, 1 or 2 is closed in this process, a file of ours gets that number. This moves it higher: a
 * snapshot without a helper process uses the program's own table, where another thread could print
 * into it. */
static int above_standard(int fd)
{
	if (fd < 0 || fd > 2)
		return fd;
	long moved = RAW(fcntl, fd, F_DUPFD_CLOEXEC, 3);
	if (moved < 0) /* the table is full */
		return fd;
	RAW(close, fd);
	return (int)moved;
}

/* Opens the output or, where that is not possible, the roster. */
static void open_output(struct snapshot_request *request, void *data)
{
	struct output *output = data;
	const struct triggered_engine *engine = output->engine;

	if (*engine->options->output || !engine->open_stderr) {
		output->fd = output_open(engine->options, request, &output->failure);
		if (*engine->options->output)
			output->fd = above_standard(output->fd);
	} else {
		output->failure = (struct output_failure){.error = EBADF, .silent = true};
		output->fd = engine->open_stderr(engine->data);
	}
	request->output = output->fd;
	if (output->fd < 0)
		request->sink = engine->roster(output->failure.error, engine->data);
	output->refused = output->fd < 0 && !request->sink;
}

static void write_to_output(const struct triggered_engine *engine,
			    const struct snapshot_request *wanted, struct snapshot_result *result)
{
	struct output output = {.engine = engine, .fd = -1};
	struct snapshot_request request = *wanted;

	request.instead = engine->roster;
	request.instead_data = engine->data;
	if (engine->opens_first) {
		open_output(&request, &output);
	} else {
		request.open_output = open_output;
		request.open_output_data = &output;
	}
	engine->take(&request, result, engine->data);
	request.open_output = NULL;
	if (output.fd >= 0 && (output.fd != 2 || *engine->options->output))
		RAW(close, output.fd);
	/* If the text was too long for memory, and was cut in the file, it is made and written
	 * again. */
	if (output.fd >= 0 && result->error && !result->whole &&
	    (request.sink = engine->roster(result->error, engine->data))) {
		request.output = -1;
		engine->take(&request, result, engine->data);
	}
	if (output.refused && (result->error || result->needed)) {
		output_refused(engine->options, wanted, &output.failure);
		if (!result->error)
			result->error = output.failure.error;
	} else if (result->error) {
		output_failed(engine->options, wanted, result->error);
	}
}

void triggered_take(const struct triggered_engine *engine, const siginfo_t *channel,
		    unsigned int flags, struct snapshot_request *request,
		    struct snapshot_result *result)
{
	uint32_t token = channel && engine->answer_begin ? channel_token(channel) : 0;

	if (token) {
		request->sink = engine->answer_begin();
		engine->take(request, result, engine->data);
		/* The reader waits in vain if the text is cut, and asks again. */
		if (!result->error)
			engine->answer_end(token);
		return;
	}
	int fd = channel ? above_standard(channel_open(channel)) : -1;
	if (fd < 0 && !(flags & TRIGGER_COUNT_ONLY)) {
		write_to_output(engine, request, result);
		return;
	}
	request->output = fd;
	engine->take(request, result, engine->data); /* the reader sees if the text is cut */
	if (fd >= 0)
		RAW(close, fd);
}
