// SPDX-License-Identifier: MIT
/*
 * The torture's own knowledge of open descriptors and their openers: the other side of the
 * comparison. Each thread has things of its own, and touches no others; only at a barrier may
 * another thread look at them.
 */
#pragma once

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "openings.h"
#include "random.h"
#include "report.h"

enum { THREADS_MAX = 32, THINGS_MAX = 128, CAUGHT_MAX = 16, REGION = 4000, REGION_SIZE = 64 };
/* Numbers of a thread for its wrong closes: below the regions, which closefrom closes, and above
 * those that the kernel gives out. */
enum { MISDEEDS = 3000, MISDEEDS_SIZE = 16 };

/* Openers other than the sites of a family. */
enum { BY_HANDLER = -1, BY_PLUGIN = -2 };
/* The function in which a thread's stack begins. */
enum base { BASE_WORKER, BASE_SHORT_LIVED, BASES };
enum how { HOW_MADE, HOW_COPIED, HOW_RECEIVED };

struct thing {
	int fd;
	int family; /* index of an opening's family, or BY_... */
	int site, path, tid;
	enum base base;
	const char *kind;
	enum owner owner;
	enum how how;
	int copy_of;
	bool kept; /* the thread itself needs it, and closes it at its end */
	void *object;
};

struct thread {
	int slot, tid;
	enum base base;
	pthread_t id;
	bool leaving, alive;
	bool settled; /* at the last barrier it was open */
	struct random random;
	struct thing things[THINGS_MAX];
	int count;
	uint32_t *opened; /* by model_key: number of opens from there */
	int unix_listener, tcp_listener, post[2];
	struct sockaddr_storage unix_address, tcp_address;
	socklen_t unix_length, tcp_length;
	char path[32], name[32];
	struct thing caught[CAUGHT_MAX]; /* things that the signal handler has opened and left
                                          * open */
	volatile sig_atomic_t caught_count;
	long operations;
	void *plugin;
};

static inline bool in_region(const struct thing *thing)
{
	return thing->fd >= REGION;
}

/* thread_count of them, and after these one that is no thread's: things on their way between
 * threads. */
extern struct thread threads[THREADS_MAX + 1];
extern int thread_count;
extern uint64_t seed;
extern bool outside; /* the ptrace engine traces: it sees raw calls, and does not know streams */

/* The number of keys, and the key of this thing; -1 for an opener that is not counted. */
uint32_t model_keys(void);
int64_t model_key(const struct thing *thing);
/* A thing that has this key. */
struct thing model_thing(int64_t key);

/* Kinds of operations, counted for the last line by model_did. */
enum deed {
	DID_FORK,
	DID_VFORK,
	DID_SPAWN,
	DID_LOAD,
	DID_THREAD,
	DID_SIGNAL,
	DID_ASK,
	DID_COMPARE,
	DID_PAIR,
	DID_MISDEED,
	DEEDS
};
void model_did(enum deed deed, long times);
long model_done(enum deed deed);

/* Adds a thing to a thread's; the test ends if there are more than THINGS_MAX. */
struct thing *model_add(struct thread *thread, const struct thing *thing);
void model_remove(struct thread *thread, int index);

/* Compares the report's entry of a thing with the thing, and prints differences. Returns true if
 * there are none. */
bool model_agrees(const struct report *report, const struct thing *thing,
		  enum report_origin origin);

/* Compares the whole report with all threads' things, with /proc/self/fd and with the counts.
 * behind: number of descriptors closed by raw calls since the last call; in_between: number of
 * snapshots since the last call. Returns true if nothing differs. */
bool model_compare(const struct report *report, long behind, int in_between);

/* Prints a discrepancy in one line, with the seed. */
void discrepancy(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether a discrepancy was printed. */
bool discrepancy_any(void);
