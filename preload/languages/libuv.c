// SPDX-License-Identifier: MIT
/*
 * See libuv.h. Three kinds of work have a stack that says nothing about the program:
 *
 * - A request of the pool. uv__work_submit is given a struct uv__work, its function, which a thread
 *   of the pool calls, and a second one, which the loop calls afterwards. The stack of the submit
 *   asked for what both do.
 * - A thread, with all that it opens for itself. Node makes one for each Worker, with an event
 *   loop. The stack that made the thread asked for it.
 * - A socket. Node makes a handle where the program asks for a connection, and the socket itself
 *   later (process.nextTick). The stack that made the handle asked for the socket.
 *
 * Both are kept by address: asked.h.
 */
#include "libuv.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "preload/arch/branch.h"
#include "preload/core/base/arena.h"
#include "preload/core/base/loaded_symbol.h"
#include "preload/core/capture/proven_memory.h"
#include "asked.h"
#include "take_over.h"

enum {
	WRAPPERS = 16, /* pairs of functions of requests that are told apart */
	SEARCHED = 96, /* bytes of a function in which a call is looked for */
};

static struct asked *handles, *requests;
static struct capture *capture;

/* Makes a call for which stack has asked, unless nothing is known. */
#define ASKED_BY(stack, call)                                                                      \
	do {                                                                                       \
		uint32_t before_ = capture_asked, stack_ = (stack);                                \
		if (stack_ != STACK_NONE)                                                          \
			capture_asked = stack_;                                                    \
		call;                                                                              \
		capture_asked = before_;                                                           \
	} while (0)

/* The functions of requests: what a thread of the pool calls, and what the loop calls. Threads have
 * only the first. */
typedef void work_function(void *work);
typedef void done_function(void *work, int status);
static struct pair {
	_Atomic uintptr_t work, done;
} pairs[WRAPPERS];

static inline __attribute__((always_inline)) void do_work(int pair, void *work)
{
	work_function *function = (work_function *)atomic_load(&pairs[pair].work);
	uint32_t before = capture_asked;

	/* Not the stack that made this thread, if the request's is not known. */
	capture_asked = asked_find(requests, work);
	function(work);
	capture_asked = before;
}

static inline __attribute__((always_inline)) void do_done(int pair, void *work, int status)
{
	done_function *function = (done_function *)atomic_load(&pairs[pair].done);
	uint32_t stack = asked_find(requests, work);

	asked_keep(requests, work, STACK_NONE);
	ASKED_BY(stack, function(work, status));
}

#define EACH(X)                                                                                    \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define WRAPPER(n)                                                                                 \
	static void work_##n(void *work)                                                           \
	{                                                                                          \
		do_work(n, work);                                                                  \
	}                                                                                          \
	static void done_##n(void *work, int status)                                               \
	{                                                                                          \
		do_done(n, work, status);                                                          \
	}
EACH(WRAPPER)
#undef WRAPPER

static const struct {
	work_function *work;
	done_function *done;
} wrappers[WRAPPERS] = {
#define WRAPPER(n) {work_##n, done_##n},
	EACH(WRAPPER)
#undef WRAPPER
};

/* The number of a pair, or -1: too many. */
static int pair_of(uintptr_t work, uintptr_t done)
{
	for (int i = 0; i < WRAPPERS; i++) {
		uintptr_t known = 0;

		if (atomic_compare_exchange_strong(&pairs[i].work, &known, work)) {
			atomic_store(&pairs[i].done, done);
			return i;
		}
		if (known == work && atomic_load(&pairs[i].done) == done)
			return i;
	}
	return -1;
}

/* The originals, and what calls them now. loop, handle, request: pointers that stay libuv's. */
static void (*submit_original)(void *, void *, int, work_function *, done_function *);
static int (*thread_create_ex_original)(void *, const void *, work_function *, void *);
static int (*tcp_init_original)(void *, void *);
static int (*tcp_init_ex_original)(void *, void *, unsigned int);
static int (*udp_init_original)(void *, void *);
static int (*udp_init_ex_original)(void *, void *, unsigned int);
static int (*tcp_connect_original)(void *, void *, const void *, void *);
static int (*tcp_bind_original)(void *, const void *, unsigned int);
static int (*udp_bind_original)(void *, const void *, unsigned int);

static void submit(void *loop, void *request, int kind, work_function *work, done_function *done)
{
	int pair = pair_of((uintptr_t)work, (uintptr_t)done);

	if (pair >= 0) {
		asked_keep(requests, request, asked_caller(capture, __builtin_frame_address(0)));
		work = wrappers[pair].work;
		done = wrappers[pair].done;
	}
	submit_original(loop, request, kind, work, done);
}

static int thread_create_ex(void *thread, const void *options, work_function *entry, void *argument)
{
	int pair = argument ? pair_of((uintptr_t)entry, 0) : -1;

	if (pair >= 0) {
		asked_keep(requests, argument, asked_caller(capture, __builtin_frame_address(0)));
		entry = wrappers[pair].work;
	}
	return thread_create_ex_original(thread, options, entry, argument);
}

static int tcp_init(void *loop, void *handle)
{
	asked_keep(handles, handle, asked_caller(capture, __builtin_frame_address(0)));
	return tcp_init_original(loop, handle);
}

static int tcp_init_ex(void *loop, void *handle, unsigned int flags)
{
	asked_keep(handles, handle, asked_caller(capture, __builtin_frame_address(0)));
	return tcp_init_ex_original(loop, handle, flags);
}

static int udp_init(void *loop, void *handle)
{
	asked_keep(handles, handle, asked_caller(capture, __builtin_frame_address(0)));
	return udp_init_original(loop, handle);
}

static int udp_init_ex(void *loop, void *handle, unsigned int flags)
{
	asked_keep(handles, handle, asked_caller(capture, __builtin_frame_address(0)));
	return udp_init_ex_original(loop, handle, flags);
}

static int tcp_connect(void *request, void *handle, const void *address, void *done)
{
	int result;

	ASKED_BY(asked_find(handles, handle),
		 result = tcp_connect_original(request, handle, address, done));
	return result;
}

static int tcp_bind(void *handle, const void *address, unsigned int flags)
{
	int result;

	ASKED_BY(asked_find(handles, handle), result = tcp_bind_original(handle, address, flags));
	return result;
}

static int udp_bind(void *handle, const void *address, unsigned int flags)
{
	int result;

	ASKED_BY(asked_find(handles, handle), result = udp_bind_original(handle, address, flags));
	return result;
}

/* Whether the code at an address is a jump through the pointer in this word: an entry of the table
 * through which a module calls functions of others (PLT). */
static bool jumps_through(uintptr_t at, uintptr_t pointer)
{
	enum { SIZE = 16 };
	if (!proven_readable(at, SIZE))
		return false;
	const uint8_t *code = branch_behind_mark((const uint8_t *)at);
	if (*code == 0xf2) /* bnd */
		code++;
	return code[0] == 0xff && code[1] == 0x25 && branch_at_distance(code + 2) == pointer;
}

static bool is_near(uintptr_t one, uintptr_t other)
{
	enum { NEAR = 1 << 20 };

	return one - other + NEAR < 2 * NEAR;
}

/* Finds uv__work_submit, which has no symbol: uv_fs_open calls it, and it calls uv_once, through
 * the table of the module if libuv is a library. */
static uintptr_t find_submit(void)
{
	struct loaded_symbol open, once;
	uintptr_t pointer;

	if (!loaded_symbol_find("uv_fs_open", &open) || !loaded_symbol_find("uv_once", &once))
		return 0;
	pointer = loaded_symbol_pointer("uv_once", once.module);
	for (uintptr_t at = open.address; at + BRANCH_SIZE <= open.address + open.size; at++) {
		uintptr_t callee = branch_target((const uint8_t *)at);

		if (!is_near(callee, once.address) || !proven_readable(callee, 2 * SEARCHED))
			continue;
		for (uintptr_t i = callee; i < callee + SEARCHED; i++) {
			uintptr_t called = branch_target((const uint8_t *)i);

			if (called == once.address || (pointer && is_near(called, once.address) &&
						       jumps_through(called, pointer)))
				return callee;
		}
	}
	return 0;
}

void libuv_start(struct capture *from)
{
	uintptr_t submit_at = find_submit();
	struct loaded_symbol found;

	capture = from;
	handles = memory_map(sizeof(*handles));
	requests = memory_map(sizeof(*requests));
	if (!handles || !requests)
		return;
#define TAKE(function)                                                                             \
	take_over_symbol("uv_" #function, (uintptr_t)function, (uintptr_t *)&function##_original,  \
			 &found)
	/* A thread of the pool works for the requests, not for the code that made it. */
	if (submit_at && take_over(submit_at, (uintptr_t)submit, (uintptr_t *)&submit_original))
		TAKE(thread_create_ex);
	/* Compilers build the shorter function with a copy of the longer one. */
	TAKE(tcp_init);
	TAKE(tcp_init_ex);
	TAKE(tcp_connect);
	TAKE(tcp_bind);
	TAKE(udp_init);
	TAKE(udp_init_ex);
	TAKE(udp_bind);
#undef TAKE
}
