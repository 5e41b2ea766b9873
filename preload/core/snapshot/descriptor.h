// SPDX-License-Identifier: MIT
/*
 * One open descriptor as a snapshot sees it: the kernel's truth about it and the ledger's entry for
 * it. census.c makes these, group.c orders them, describe.c puts them into words.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"
#include "kind.h"
#include "proc.h"
#include "snapshot.h"

/* What the ledger says about an open number. Groups come in this order. */
enum descriptor_class {
	DESCRIPTOR_OPENED,    /* by this program: there is an entry, and it held still */
	DESCRIPTOR_UNSEEN,    /* there is no entry: opened by an untraced call */
	DESCRIPTOR_UNTRACED,  /* the process is not traced: nobody knows */
	DESCRIPTOR_INHERITED, /* open when the program started, or before it was forked */
	DESCRIPTOR_CLOSING,   /* a close had begun when the table was copied */
	DESCRIPTOR_CHANGING,  /* its entry changed around the moment of the copy */
};

#define IDLE_UNKNOWN UINT64_MAX

struct descriptor {
	int fd;
	int fd_flags; /* F_GETFD's answer; negative: not known */
	enum descriptor_class class;
	enum kind kind;
	bool any_kind;     /* KIND_OTHER, because the name that would tell the kind can't be read */
	uint8_t tcp_state; /* 0: not a TCP socket, or not known */
	bool was_connected; /* TCP: data or a handshake was acknowledged */
	bool all_acked;     /* TCP: all that the program has written is acknowledged */
	uint16_t socket_domain, socket_type, socket_protocol; /* 0: not a socket that answers */
	uint32_t backlog, backlog_limit;                      /* TCP in LISTEN */
	/* TCP: what was asked for already, while the kernel's memory of the socket was at hand. */
	bool has_local, has_more;
	struct sockaddr_in6 local; /* has_local: its own address, or a struct sockaddr_in */
	struct sockaddr_in6 peer;  /* has_more: the peer's; family 0: none */
	uint32_t unread;           /* has_more: bytes */
	uint64_t idle_ms;
	uint64_t age_ms; /* of what has an entry that was not there at start */
	struct proc_stat stat;
	struct ledger_entry entry; /* DESCRIPTOR_OPENED, and before_fork ones */
	uint32_t user;             /* sockets: stack of the last HTTP request, or STACK_NONE */
	bool shared;               /* .. which may have been one of several at a time */
	const struct endpoint
		*endpoint; /* DESCRIPTOR_UNTRACED: what many have in common, or NULL */
	const struct snapshot_outside *outside; /* it is not in our table: all that is known */
};
