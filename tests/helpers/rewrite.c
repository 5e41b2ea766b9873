// SPDX-License-Identifier: MIT
/* Reads snapshots from standard input and writes them from the model. */
#include <stdio.h>

#include "../model_write.h"
#include "tools/reader/reader.h"

int main(void)
{
	struct reader *reader = reader_open("-", "rewrite");
	struct model_snapshot *snapshot;

	while ((snapshot = reader_next(reader)) != NULL) {
		model_write(snapshot, stdout);
		model_destroy(snapshot);
	}
	return !reader_close(reader);
}
