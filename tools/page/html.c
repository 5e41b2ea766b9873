// SPDX-License-Identifier: MIT
/* The document: its head, a section for each process, the script and its data. See html.h. */
#include "html.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/report/page.h"
#include "html_assets.h"
#include "html_data.h"
#include "html_process.h"
#include "html_text.h"

static void put_title(const struct model_snapshot *const *newest, size_t count, FILE *file)
{
	char *first;

	fputs("<title>fdtrail: ", file);
	if (count == 1) {
		first = page_process(newest[0]);
		html_put(file, first);
		free(first);
	} else {
		fprintf(file, "%zu processes", count);
	}
	fputs("</title>\n", file);
}

static void put_head(const struct model_snapshot *const *newest, size_t count, FILE *file)
{
	fprintf(file,
		"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n",
		html_policy);
	put_title(newest, count, file);
	fprintf(file, "<style>%s</style>\n</head>\n<body>\n<main>\n", html_style);
}

static void put_end(FILE *file)
{
	fprintf(file,
		"</main>\n<footer>fdtrail %s. This file is complete: it fetches "
		"nothing.</footer>\n",
		FDTRAIL_VERSION);
}

int html_write(const struct model_snapshot *const *snapshots, size_t count,
	       const struct export_options *options, FILE *file)
{
	size_t newest_count;
	const struct model_snapshot **newest = format_newest(snapshots, count, &newest_count);
	int error = 0;

	if (!newest)
		return -ENOMEM;
	put_head(newest, newest_count, file);
	for (size_t i = 0; i < newest_count && error == 0; i++)
		error = html_process(newest[i], options, file);
	put_end(file);
	if (error == 0)
		error = html_data(newest, newest_count, options, file);
	fprintf(file, "<script>%s</script>\n</body>\n</html>\n", html_script);
	free(newest);
	return error;
}
