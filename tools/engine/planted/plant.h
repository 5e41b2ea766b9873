// SPDX-License-Identifier: MIT
/*
 * Plants code in a Go program that has just been executed (preload/planted/), and holds our end of
 * the memory that it shares with us. It knows addresses and bytes, and no stops: those are the
 * engine's (planted_calls.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/user.h>

#include "preload/core/ledger/ledger.h"
#include "preload/planted/planted.h"
#include "tools/engine/go/go_http.h"

struct plant {
	unsigned int users;
	struct planted_shared *shared; /* our mapping of it */
	uintptr_t shared_there;        /* the program's */
	uintptr_t image;               /* where the sites begin in the program */
	uintptr_t control;             /* struct planted_control in the program */
	/* By site, from PLANTED_ASKS on: after the instruction that the program has in its file. */
	uintptr_t asks[PLANTED_ASKS_END - PLANTED_ASKS];
	bool complete; /* the code stops for the engine at each call of plant_request.asked */
	/* After Syscall6's instruction as the program has it in its file, and after the one that
	 * makes those calls that planted code doesn't make. */
	uintptr_t instruction_end, moved_end;
	uint32_t keys_used;         /* words */
	uint32_t stacks_end;        /* one past the highest stack that the program knows */
	struct go_http_layout http; /* as the code knows it */
	uint32_t fds;               /* as in planted_control */
	struct {
		uint64_t word; /* the count when both sides were last combined */
		bool known;
	} stacks[PLANTED_STACKS];
};

/* The facts that planted code gets from the engine. */
struct plant_request {
	const struct go_program *go;
	struct breakpoints *breakpoints; /* those that the code can stand for are marked */
	struct ledger *ledger;           /* of a table that has no other user */
	uint64_t started_ms;
	uint32_t ancestors, depth;
	bool watching;
	struct injected *injected; /* makes system calls in the program */
	/* Numbers of all calls that the engine must see. Those that the code doesn't record are to
	 * stop, so that no filter is needed; NULL: the filter stops them. */
	const uint16_t *asked;
	size_t asked_count;
	const struct planted_condition *conditions;
	size_t conditions_count;
};

/* Plants the code in process pid, which has just executed the program. NULL: the program is as it
 * was, and *why says in a few words why it can't be done. */
struct plant *plant_create(int pid, const struct plant_request *request, const char **why);

/* Replaces the address after a site, where the kernel sees the call, by the one after the program's
 * own instruction. False: it isn't after a site of a call that stops. */
bool plant_site_to_program(const struct plant *plant, uintptr_t *pc);

/* The address in the program of PLANTED_FILTER bytes, which its forked children have, too. */
uintptr_t plant_filter_room(const struct plant *plant);

struct plant *plant_share(struct plant *plant);
/* The last user unmaps our end. NULL is accepted. */
void plant_release(struct plant *plant);

/* Reads the program's struct planted_control; false: it can't be read. Write sets one of its
 * fields, of size bytes at that offset. */
bool plant_read(const struct plant *plant, int pid, struct planted_control *control);
bool plant_write(const struct plant *plant, int pid, size_t offset, const void *bytes, size_t size);

/* Teaches the program that these words stand for the stack. Does nothing if there is no room. */
void plant_learn(struct plant *plant, const struct ledger *ledger, uint32_t stack,
		 const uint64_t *words, uint32_t count);

/* Gives the program the slots that the ledger has made for itself since. */
void plant_grow(struct plant *plant, struct ledger *ledger, int pid);

/* Brings the program's counts of opens into the ledger, and ours into the program's. */
void plant_combine(struct plant *plant, struct ledger *ledger);

/* Teaches the program where net/http keeps the descriptors of connections. */
void plant_learn_http(struct plant *plant, int pid, const struct go_http_layout *layout);

/* Requests over a descriptor that the program has counted. */
struct plant_use {
	uint64_t transport; /* 0: not known */
	uint32_t count, stack;
};

/* Fetches those of the next descriptor above *fd, which is set. Begin with *fd = -1. False: there
 * are no more. */
bool plant_next_use(struct plant *plant, const struct ledger *ledger, int *fd,
		    struct plant_use *use);
