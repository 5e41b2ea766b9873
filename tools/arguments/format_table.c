// SPDX-License-Identifier: MIT
/* See format_table.h. */
#include "format_table.h"

#include <string.h>

#include "tools/export/folded.h"
#include "tools/export/json.h"
#include "tools/export/pprof.h"
#include "tools/export/prometheus.h"
#include "tools/page/html.h"

/* Keep alphabetized. */
const struct format formats[] = {
	{
		.name = "folded",
		.ending = ".folded",
		.summary = "collapsed stacks, for flame graphs and speedscope",
		.mode = 0600,
		.write = folded_write,
	},
	{
		.name = "html",
		.ending = ".html",
		.summary = "one file with everything, for a browser",
		.findings = true,
		.series = true,
		.mode = 0600,
		.write = html_write,
	},
	{
		.name = "json",
		.ending = ".json",
		.summary = "everything, a document a line for each snapshot; see fdtrail-json(5)",
		.streams = true,
		.mode = 0600,
		.write = json_write,
	},
	{
		.name = "pprof",
		.ending = ".pb.gz",
		.summary = "a profile for `go tool pprof`",
		.binary = true,
		.mode = 0600,
		.write = pprof_write,
	},
	{
		.name = "prometheus",
		.ending = ".prom",
		.summary = "metrics for node_exporter's textfile collector",
		.mode = 0644,
		.write = prometheus_write,
	},
};

const size_t format_count = sizeof(formats) / sizeof(*formats);

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < format_count; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}
