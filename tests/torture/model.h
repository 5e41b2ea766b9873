// SPDX-License-Identifier: MIT
/*
 * What the torture knows to be open, and who opened it: the other side of the comparison. Each
 * thread has things of its own, and touches no other's; only at a barrier somebody else may look.
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

/* A place that is no site of a family. */
enum { BY_HANDLER = -1, BY_PLUGIN = -2 };
/* Where a thread's stack begins. */
enum base { BASE_WORKER, BASE_SHORT_LIVED, BASES };
enum how { HOW_MADE, HOW_COPIED, HOW_RECEIVED };

struct thing {
	int fd;
	int family; /* an index, or BY_... */
	int site, path, tid;
	enum base base;
	const char *kind;
	enum owner owner;
	enum how how;
	int copy_of;
	bool kept; /* the thread needs it: it is closed only by its end */
	void *object;
};

struct thread {
	int slot, tid;
	enum base base;
	pthread_t id;
	bool leaving, alive;
	bool settled; /* what it needs was open at the last barrier */
	struct random random;
	struct thing things[THINGS_MAX];
	int count;
	uint32_t *opened; /* by model_key: how many were opened from there */
	int unix_listener, tcp_listener, post[2];
	struct sockaddr_storage unix_address, tcp_address;
	socklen_t unix_length, tcp_length;
	char path[32], name[32];
	struct thing caught[CAUGHT_MAX]; /* what the signal handler has opened and left open */
	volatile sig_atomic_t caught_count;
	long operations;
	void *plugin;
};

/* thread_count of them, and behind these one that is no thread: things on their way between
 * threads. */
extern struct thread threads[THREADS_MAX + 1];
extern int thread_count;
extern uint64_t seed;
extern bool outside; /* the ptrace engine traces: it sees raw calls, and knows no streams */

/* How many places there are, and the number of this thing's; -1 for a place without figures. */
uint32_t model_keys(void);
int64_t model_key(const struct thing *thing);

/* What has been done, for the last line: added up with model_did. */
enum deed {
	DID_FORK,
	DID_VFORK,
	DID_SPAWN,
	DID_LOAD,
	DID_THREAD,
	DID_SIGNAL,
	DID_ASK,
	DID_COMPARE,
	DEEDS
};
void model_did(enum deed deed, long times);
long model_done(enum deed deed);

/* Adds a thing to a thread's; there is room (THINGS_MAX) or the test ends. */
struct thing *model_add(struct thread *thread, const struct thing *thing);
void model_remove(struct thread *thread, int index);

/* Holds what report says of a thing against it; prints what differs. True: nothing. */
bool model_agrees(const struct report *report, const struct thing *thing,
		  enum report_origin origin);

/* Holds the whole report against all threads' things, /proc/self/fd and the figures. behind: how
 * many were closed by raw calls since the last one; in_between: how many snapshots there were since
 * the last call. True: no discrepancy. */
bool model_compare(const struct report *report, long behind, int in_between);

/* Prints a discrepancy in one line, with the seed. */
void discrepancy(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether one has been reported. */
bool discrepancy_any(void);
