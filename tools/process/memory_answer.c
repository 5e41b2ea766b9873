// SPDX-License-Identifier: MIT
/* See memory_answer.h. Nothing that is read from the process is trusted. */
#include "memory_answer.h"

#include <stdatomic.h>
#include <unistd.h>

#include "preload/core/base/channel.h"
#include "loaded_tracer.h"
#include "process_memory.h"

enum { PIECE = 64 * 1024, TEXT_MAX = 256 << 20 };

static bool read_box(const struct memory_answer *answer, int pid, struct answer_box *box)
{
	return process_memory_read(pid, answer->place, box, sizeof(*box)) == sizeof(*box);
}

bool memory_answer_find(struct memory_answer *answer, int pid)
{
	struct answer_box box;

	*answer = (struct memory_answer){0};
	if (loaded_tracer_answer(pid, &answer->place) != 0 || !read_box(answer, pid, &box)) {
		answer->place = 0;
		return false;
	}
	uint32_t held = atomic_load(&box.token), one = (uint32_t)getpid() % CHANNEL_TOKEN_MAX + 1;
	answer->token = one != held ? one : held % CHANNEL_TOKEN_MAX + 1;
	return true;
}

off_t memory_answer_copy(const struct memory_answer *answer, int pid, int file)
{
	char bytes[PIECE];
	struct answer_box box, after;
	uint64_t done = 0;

	if (!read_box(answer, pid, &box) || atomic_load(&box.token) != answer->token ||
	    box.size > TEXT_MAX || ftruncate(file, 0) != 0)
		return 0;
	while (done < box.size) {
		size_t size = box.size - done < PIECE ? box.size - done : PIECE;

		if (process_memory_read(pid, box.text + done, bytes, size) != size ||
		    pwrite(file, bytes, size, (off_t)done) != (ssize_t)size)
			return 0;
		done += size;
	}
	bool same = read_box(answer, pid, &after) && atomic_load(&after.token) == answer->token &&
		    after.text == box.text && after.size == box.size;
	return same ? (off_t)done : 0;
}
