// SPDX-License-Identifier: MIT
/*
 * One open descriptor in a snapshot: the kernel's facts and the ledger's entry. census.c makes
 * these, group.c orders them, describe.c writes them.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"
#include "kind.h"
#include "proc.h"
#include "snapshot.h"

/* The state of an open descriptor in the ledger. Groups come in this order. */
enum descriptor_class {
	DESCRIPTOR_OPENED,    /* by this program: it has an entry, which did not change */
	DESCRIPTOR_UNSEEN,    /* no entry: opened by an untraced call */
	DESCRIPTOR_UNTRACED,  /* the process isn't traced, so the opener is unknown */
	DESCRIPTOR_INHERITED, /* open when the program started, or before it was forked */
	DESCRIPTOR_CLOSING,   /* a close had begun when the table was copied */
	DESCRIPTOR_CHANGING,  /* its entry changed around the moment of the copy */
};

/* The descriptor that a copy was made of. */
enum descriptor_original { ORIGINAL_UNKNOWN, ORIGINAL_OPEN, ORIGINAL_CLOSED };

#define IDLE_UNKNOWN UINT64_MAX

struct descriptor {
	int fd;
	int fd_flags; /* the answer of F_GETFD; negative: not known */
	enum descriptor_class class;
	enum kind kind;
	bool any_kind;      /* KIND_OTHER, because the name that tells the kind can't be read */
	uint8_t tcp_state;  /* 0: not a TCP socket, or not known */
	bool was_connected; /* TCP: data or a handshake was acknowledged */
	bool all_acked;     /* TCP: everything that the program has written is acknowledged */
	uint16_t socket_domain, socket_type, socket_protocol; /* 0: not a socket, or not known */
	uint32_t backlog, backlog_limit;                      /* TCP in LISTEN */
	/* TCP: facts that were read early, while the kernel's data of the socket was in the
	 * cache. */
	bool has_local, has_more;
	struct sockaddr_in6 local; /* has_local: its own address, or a struct sockaddr_in */
	struct sockaddr_in6 peer;  /* has_more: the peer's; family 0: none */
	uint32_t unread;           /* has_more: bytes */
	uint64_t idle_ms;
	uint64_t age_ms;         /* of what has an entry that was not there at start */
	uint32_t times_recorded; /* ledger_times_recorded, when it was classified */
	struct proc_stat stat;
	struct ledger_entry entry; /* DESCRIPTOR_OPENED, and before_fork ones */
	enum descriptor_original original;
	uint32_t
		user; /* stack of the last HTTP request over a socket, or of the last use (used), or
			* STACK_NONE */
	bool used;    /* user is from the ledger's uses (use_table.h) */
	bool shared;  /* user may be one of several at the same time */
	const struct endpoint *endpoint; /* DESCRIPTOR_UNTRACED: shared with many others, or NULL */
	/* For a descriptor that isn't in this process' table: all that is known. Else NULL. */
	const struct snapshot_outside *outside;
};
