// SPDX-License-Identifier: MIT
/* The limits as options of the command line: see limits_options.h and limits.h. */
#include <string.h>

#include "tools/reader/scan.h"
#include "limits_options.h"

enum {
	KEY_CLOSE_WAIT = 1,
	KEY_OPEN,
	KEY_GROUP,
	KEY_GROWTH,
	KEY_PEAK,
	KEY_PEAK_GROUP,
	KEY_MISUSE,
	KEY_AGE,
	KEY_INHERITABLE
};

/* --max-peak: "100", or "80%" of the process' limit. */
static void take_peak(struct limit_options *options, const char *value)
{
	static const char accepted[] = "a number from 0, or N%";
	struct scan scan = {value, value + strlen(value)};
	int64_t number;
	bool percent;

	if (!scan_number(&scan, &number))
		accept_refuse(&options->accept, "--max-peak=", value, accepted);
	percent = scan_words(&scan, "%");
	if (!scan_at_end(&scan))
		accept_refuse(&options->accept, "--max-peak=", value, accepted);
	*(percent ? &options->limits.peak_percent : &options->limits.peak) = number;
}

static int64_t number(const struct limit_options *options, const char *option, const char *value)
{
	return accept_number(&options->accept, option, value, 0, INT64_MAX, "a number from 0");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct limit_options *options = state->input;
	struct limits *limits = options ? &options->limits : NULL;

	switch (key) {
	case KEY_CLOSE_WAIT:
		limits->close_wait = number(options, "--max-close-wait=", argument);
		return 0;
	case KEY_OPEN:
		limits->open = number(options, "--max-open=", argument);
		return 0;
	case KEY_GROUP:
		limits->group = number(options, "--max-group=", argument);
		return 0;
	case KEY_GROWTH:
		limits->growth = number(options, "--max-growth=", argument);
		return 0;
	case KEY_PEAK:
		take_peak(options, argument);
		return 0;
	case KEY_PEAK_GROUP:
		limits->peak_group = number(options, "--max-peak-group=", argument);
		return 0;
	case KEY_INHERITABLE:
		limits->inheritable = number(options, "--max-inheritable=", argument);
		return 0;
	case KEY_MISUSE:
		limits->misuse = number(options, "--max-misuse=", argument);
		return 0;
	case KEY_AGE:
		limits->age = accept_time(&options->accept, "--max-age=", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp limits_argp = {
	.options =
		(const struct argp_option[]){
			{"max-close-wait", KEY_CLOSE_WAIT, "N", 0,
			 "At most N TCP sockets in CLOSE_WAIT", 0},
			{"max-open", KEY_OPEN, "N", 0,
			 "At most N descriptors that the program opened and did not close", 0},
			{"max-group", KEY_GROUP, "N", 0,
			 "At most N descriptors opened at the same line", 0},
			{"max-growth", KEY_GROWTH, "N", 0,
			 "At most N more of any line than in the earlier snapshot", 0},
			{"max-peak", KEY_PEAK, "N|N%", 0,
			 "At most N descriptors open at once, or N% of the process' limit (this "
			 "includes inherited ones)",
			 0},
			{"max-peak-group", KEY_PEAK_GROUP, "N", 0,
			 "At most N descriptors of one stack open at once", 0},
			{"max-inheritable", KEY_INHERITABLE, "N", 0,
			 "At most N descriptors that the program opened without close-on-exec", 0},
			{"max-misuse", KEY_MISUSE, "N", 0,
			 "At most N double closes, and uses after a close", 0},
			{"max-age", KEY_AGE, "TIME", 0,
			 "No descriptor older than this: 90, 5m, 2h, 3d, 1h30m", 0},
			{0},
		},
	.parser = parse,
};
