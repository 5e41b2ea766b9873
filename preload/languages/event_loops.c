// SPDX-License-Identifier: MIT
/*
 * See event_loops.h. libuv accepts a connection before it calls the program's callback, which gets
 * it by uv_accept; libevent accepts one, and the callback makes a bufferevent of it. The stack of
 * that second call has the callback in it, and goes on with the same loop. So it takes the place of
 * the stack that accepted.
 *
 * A descriptor that the program has opened itself stays as it is: only one whose innermost frame
 * lies in the library is taken over.
 */
#include "event_loops.h"

#include <stdint.h>

#include "preload/core/ledger/slot.h"
#include "asked.h"
#include "take_over.h"

static struct capture *capture;

static struct loaded_symbol accept_at, socket_new_at;
static int (*accept_original)(void *, void *);
static void *(*socket_new_original)(void *, int, int);
static int (*fileno_of)(const void *, int *);

static frame_t innermost_frame(uint32_t stack)
{
	struct stack_view view;

	return stack >= STACK_FIRST && stack_table_view(&capture->ledger->stacks, stack, &view) &&
			       view.depth
		       ? view.frames[0]
		       : FRAME_MAKE(MODULE_NONE, 0);
}

/* fd belongs to the stack that has called the library's function, whose replacement has this frame.
 * The stack begins in the function itself. */
static void hand_over(int fd, const struct loaded_symbol *function, const void *frame)
{
	const uintptr_t *words = frame;
	struct registers registers = {
		.pc = function->address + 1, /* of a call there, so one byte more */
		.sp = (uintptr_t)(words + 1),
		.fp = words[0],
	};
	uint32_t from = slot_stack(capture->ledger, fd);
	uint32_t module = FRAME_MODULE(innermost_frame(from));

	if (module == MODULE_NONE)
		return;
	struct captured to = asked_stack(capture, registers);
	if (FRAME_MODULE(innermost_frame(to.stack)) == module)
		ledger_hand_over(capture->ledger, fd, from, to);
}

static int accept_connection(void *server, void *client)
{
	int result = accept_original(server, client), fd;

	if (result == 0 && fileno_of(client, &fd) == 0)
		hand_over(fd, &accept_at, __builtin_frame_address(0));
	return result;
}

static void *socket_new(void *base, int fd, int options)
{
	void *made = socket_new_original(base, fd, options);

	if (made)
		hand_over(fd, &socket_new_at, __builtin_frame_address(0));
	return made;
}

void event_loops_start(struct capture *from)
{
	struct loaded_symbol found;

	/* Node's connections belong to the code that made the server: libuv.h. */
	if (mixed_languages(&from->mixed))
		return;
	capture = from;
	if (loaded_symbol_find("uv_fileno", &found)) {
		fileno_of = (int (*)(const void *, int *))found.address;
		take_over_symbol("uv_accept", (uintptr_t)accept_connection,
				 (uintptr_t *)&accept_original, &accept_at);
	}
	take_over_symbol("bufferevent_socket_new", (uintptr_t)socket_new,
			 (uintptr_t *)&socket_new_original, &socket_new_at);
}
