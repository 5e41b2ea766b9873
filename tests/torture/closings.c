// SPDX-License-Identifier: MIT
/* See closings.h. */
#define _GNU_SOURCE
#include "closings.h"

#include <dirent.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../programs/frame.h"
#include "../programs/newer_kernel.h"
#include "../programs/raw.h"

#define SITE(name, number, statement)                                                              \
	FRAME static void name##_##number(struct ending *ending)                                   \
	{                                                                                          \
		ending->result = (int)(statement);                                                 \
		ending->site = number;                                                             \
	}
#define CLOSING(name, owner, weight, statement)                                                    \
	SITE(name, 0, statement)                                                                   \
	SITE(name, 1, statement)
#include "closings.list"
#undef CLOSING

const struct closing closings[] = {
#define CLOSING(name, owner, weight, statement) {#name, owner, weight, {name##_0, name##_1}},
#include "closings.list"
#undef CLOSING
};

const size_t closing_count = sizeof(closings) / sizeof(*closings);
