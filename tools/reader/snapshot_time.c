// SPDX-License-Identifier: MIT
/* See snapshot_time.h. */
#include "snapshot_time.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

int64_t snapshot_time_ms(const char *when)
{
	struct tm tm = {0};
	const char *end = when ? strptime(when, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	int64_t ms = 0;

	if (!end)
		return 0;
	if (*end == '.')
		for (int64_t digit = 100; *++end >= '0' && *end <= '9'; digit /= 10)
			ms += (*end - '0') * digit;
	if (strcmp(end, "Z") != 0)
		return 0;
	time_t seconds = timegm(&tm);
	return seconds > 0 && seconds < 9200000000 ? seconds * INT64_C(1000) + ms : 0;
}
