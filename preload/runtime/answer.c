// SPDX-License-Identifier: MIT
/* See answer.h. */
#include "answer.h"

#include <errno.h>
#include <string.h>

#include "preload/core/base/arena.h"
#include "preload/core/policy/answer_box.h"

extern struct answer_box answer_box __attribute__((visibility("hidden")));
struct answer_box answer_box __attribute__((used)) = {.version = ANSWER_VERSION};

/* As in preload/core/policy/signal_note.c. */
__asm__(".pushsection .note.fdtrail, \"a\", %note\n"
	".balign 4\n"
	".long 8, 4, 3\n"
	".asciz \"" SIGNAL_NOTE_OWNER "\"\n"
	".long answer_box - .\n"
	".popsection\n");

/* A short text is one write, a long one several. */
static int add(const struct writer_sink *sink, const void *bytes, size_t size)
{
	char *old = (char *)(uintptr_t)answer_box.text, *text;
	size_t used = answer_box.size;

	(void)sink;
	if (!size)
		return 0;
	text = old ? memory_grow(old, used, used + size) : memory_map(size);
	if (!text)
		return ENOMEM;
	memcpy(text + used, bytes, size);
	answer_box.text = (uintptr_t)text;
	answer_box.size = used + size;
	return 0;
}

const struct writer_sink *answer_begin(void)
{
	static const struct writer_sink sink = {.write = add};

	atomic_store(&answer_box.token, 0);
	memory_unmap((void *)(uintptr_t)answer_box.text, answer_box.size);
	answer_box.text = answer_box.size = 0;
	return &sink;
}

void answer_end(uint32_t token)
{
	atomic_store(&answer_box.token, token);
}
