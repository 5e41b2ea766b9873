// SPDX-License-Identifier: MIT
/* See operations.h. */
#define _GNU_SOURCE
#include "operations.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "../programs/frame.h"
#include "../programs/newer_kernel.h"
#include "../programs/raw.h"
#include "endings.h"
#include "letters.h"
#include "misdeeds.h"
#include "pairs.h"
#include "steps.h"

enum { ENOUGH = 48, MAILBOX_FULL = 4 };

_Thread_local struct thread *self;

size_t family_named(const char *name)
{
	for (size_t i = 0; i < family_count; i++)
		if (strcmp(families[i].name, name) == 0)
			return i;
	abort();
}

struct call {
	void (*site)(struct made *made);
	struct made *made;
};

FRAME static void call_site(void *data)
{
	struct call *call = data;

	call->site(call->made);
	call->made->target = -1;
}

/* Chooses a thing of the thread's that suits and may be closed or changed. Returns its index, or
 * -1. */
static int choose(struct thread *thread, bool (*suits)(const struct thing *thing))
{
	uint32_t from = thread->count ? random_below(&thread->random, (uint32_t)thread->count) : 0;

	for (int i = 0; i < thread->count; i++) {
		int index = (int)((from + (uint32_t)i) % (uint32_t)thread->count);
		const struct thing *thing = &thread->things[index];

		if (!thing->kept && suits(thing))
			return index;
	}
	return -1;
}

static bool any(const struct thing *thing)
{
	(void)thing;
	return true;
}

static bool plain(const struct thing *thing)
{
	return thing->owner == PLAIN;
}

static bool stream(const struct thing *thing)
{
	return thing->owner == STREAM;
}

static bool gives_away(const struct thing *thing)
{
	return !in_region(thing);
}

/* Connects a client to a listener of the test's, and closes the client. */
static bool visit(const struct sockaddr_storage *address, socklen_t length)
{
	const struct linger reset = {.l_onoff = 1};
	int client = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool done = client >= 0 && connect(client, (const struct sockaddr *)address, length) == 0;

	if (client >= 0) {
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(client);
	}
	return done;
}

/* Prepares the input of the family's call. *copied: index of the thing to copy, *replaced: of
 * the one to replace, else -1. Returns false if there is none. */
static bool prepare(struct thread *thread, const struct family *family, struct made *made,
		    int *copied, int *replaced)
{
	switch (family->source) {
	case NOTHING:
		return true;
	case UNIX_LISTENER:
		made->source = thread->unix_listener;
		return visit(&thread->unix_address, thread->unix_length);
	case TCP_LISTENER:
		made->source = thread->tcp_listener;
		return visit(&thread->tcp_address, thread->tcp_length);
	case LETTER:
		*copied = choose(thread, any);
		made->source = thread->post[1];
		return *copied >= 0 && send_descriptor(thread->post[0], thread->things[*copied].fd);
	case POST:
		made->source = thread->post[0];
		made->target = thread->post[1];
		return true;
	case COPY:
		*copied = choose(thread, any);
		made->source = *copied >= 0 ? thread->things[*copied].fd : -1;
		return *copied >= 0;
	case REPLACED:
		*copied = choose(thread, any);
		*replaced = choose(thread, plain);
		if (*copied < 0 || *replaced < 0 || *copied == *replaced)
			return false;
		made->source = thread->things[*copied].fd;
		made->target = thread->things[*replaced].fd;
		return true;
	case REOPENED:
		*replaced = choose(thread, stream);
		made->object = *replaced >= 0 ? thread->things[*replaced].object : NULL;
		return *replaced >= 0;
	}
	return false;
}

FRAME struct thing *open_by(struct thread *thread, size_t index, int path)
{
	const struct family *family = &families[index];
	int site = (int)random_below(&thread->random, SITES), copied = -1, replaced = -1;
	struct made made = {
		.source = -1,
		.target = -1,
		.region = REGION + thread->slot * REGION_SIZE,
		.path = thread->path,
		.name = thread->name,
		.fd = {-1, -1},
	};
	struct call call = {family->sites[site], &made};

	if (!prepare(thread, family, &made, &copied, &replaced))
		return NULL;
	path_walk(&paths[path], call_site, &call);
	if (made.fd[0] < 0) {
		if (family->source == REOPENED) /* the stream is closed, together with its number */
			model_remove(thread, replaced);
		return NULL;
	}

	struct thing thing = {
		.family = (int)index,
		.site = site,
		.path = path,
		.tid = thread->tid,
		.base = thread->base,
		.kind = family->kind ? family->kind : thread->things[copied].kind,
		.owner = family->owner,
		.object = made.object,
	};
	if (family->source == COPY || family->source == REPLACED) {
		thing.how = HOW_COPIED;
		thing.copy_of = thread->things[copied].fd;
	} else if (strcmp(family->name, "received_pidfd") == 0) {
		thing.how = HOW_RECEIVED;
	} else if (family->source == LETTER) {
		thing.how = HOW_RECEIVED;
		/* The receiver of a queue does not know that it is one, because the kernel calls
		 * it a file. */
		if (strcmp(thing.kind, "mqueue") == 0)
			thing.kind = "file";
	}
	if (replaced >= 0) {
		pairs_add(&thread->things[replaced], (uint32_t)model_key(&thing));
		model_remove(thread, replaced);
	}
	struct thing *first = NULL;
	for (int i = 0; i < 2 && made.fd[i] >= 0; i++) {
		thing.fd = made.fd[i];
		if (model_key(&thing) >= 0)
			thread->opened[model_key(&thing)]++;
		struct thing *added = model_add(thread, &thing);
		first = first ? first : added;
	}
	return first;
}

static size_t any_family(struct thread *thread)
{
	static int weights;

	if (!weights) {
		int sum = 0;
		for (size_t i = 0; i < family_count; i++)
			sum += families[i].weight;
		weights = sum;
	}
	int at = (int)random_below(&thread->random, (uint32_t)weights);
	for (size_t i = 0; i < family_count; i++)
		if ((at -= families[i].weight) < 0)
			return i;
	abort();
}

/* Makes a stream of a descriptor; from then on the stream's function has to close it. */
static void wrap(struct thread *thread)
{
	int index = choose(thread, plain);

	if (index < 0)
		return;
	struct thing *thing = &thread->things[index];
	if (in_region(thing))
		return;
	if (strcmp(thing->kind, "directory") == 0) {
		thing->object = fdopendir(thing->fd);
		thing->owner = thing->object ? DIRECTORY : PLAIN;
	} else {
		thing->object = fdopen(thing->fd, random_once_in(&thread->random, 2) ? "r" : "w");
		thing->owner = thing->object ? STREAM : PLAIN;
	}
}

/* Leaves a thing for another thread to take, and takes one that another has left. */
static void exchange(struct thread *thread)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct thread *mailbox = &threads[thread_count];
	int index = choose(thread, gives_away);

	if (index < 0)
		return;
	pthread_mutex_lock(&mutex);
	model_add(mailbox, &thread->things[index]);
	model_remove(thread, index);
	if (mailbox->count > MAILBOX_FULL) {
		index = (int)random_below(&thread->random, (uint32_t)mailbox->count);
		model_add(thread, &mailbox->things[index]);
		model_remove(mailbox, index);
	}
	pthread_mutex_unlock(&mutex);
}

/* Calls that must fail, and change nothing. */
static void fail(struct thread *thread)
{
	int own = thread->post[0], result = 0;
	/* For a snapshot the descriptor is being closed while the call lasts, so this must be
	 * one that need not be listed. */
	int index = choose(thread, plain), other = index >= 0 ? thread->things[index].fd : -1;

	switch (random_below(&thread->random, 14)) {
	case 0:
		result = close(-1);
		break;
	case 1:
		result = close(19999);
		break;
	case 2:
		result = dup2(-1, other);
		break;
	case 3:
		result = dup3(own, own, 0);
		break;
	case 4:
		result = open("/nowhere/at/all", O_RDONLY);
		break;
	case 5:
		result = socket(999, SOCK_STREAM, 0);
		break;
	case 6:
		result = accept(thread->tcp_listener, NULL, NULL);
		break;
	case 7:
		result = fopen("/nowhere/at/all", "r") ? 0 : -1;
		break;
	case 8:
		result = opendir("/dev/null") ? 0 : -1;
		break;
	case 9:
		result = close_range(5, 3, 0);
		break;
	case 10:
		result = epoll_create1(-1);
		break;
	case 11:
		result = fcntl(own, F_DUPFD, INT32_MAX);
		break;
	case 12:
		result = receive(thread->post[1]);
		break;
	case 13:
		result = dup2(own, -5);
		break;
	}
	if (result >= 0)
		discrepancy("a call that had to fail did not");
	if (dup2(own, own) != own) /* changes nothing */
		discrepancy("dup2(%d, %d) failed", own, own);
	close_range((unsigned int)own, (unsigned int)own, 4 /* CLOSE_RANGE_CLOEXEC */);
}

FRAME static int handler_opens(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : -1;
}

FRAME void on_alarm(int number)
{
	int saved = errno, fd = handler_opens();
	struct thread *thread = self;

	(void)number;
	if (thread && fd >= 0 && fd % 3 == 0 && thread->caught_count < CAUGHT_MAX)
		thread->caught[thread->caught_count++] = (struct thing){
			.fd = fd,
			.family = BY_HANDLER,
			.kind = "device",
			.tid = gettid(),
		};
	else if (fd >= 0)
		close(fd);
	errno = saved;
}

void take_caught(struct thread *thread)
{
	sigset_t alarms, before;

	if (!thread->caught_count)
		return;
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	model_did(DID_SIGNAL, thread->caught_count);
	for (int i = 0; i < thread->caught_count; i++)
		model_add(thread, &thread->caught[i]);
	thread->caught_count = 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int listen_on(struct thread *thread, const char *family, struct sockaddr_storage *address,
		     socklen_t *length)
{
	struct thing *thing = open_by(thread, family_named(family), 0);

	if (!thing || bind(thing->fd, (struct sockaddr *)address, *length) != 0 ||
	    listen(thing->fd, 16) != 0 || fcntl(thing->fd, F_SETFL, O_NONBLOCK) != 0)
		abort();
	*length = sizeof(*address);
	getsockname(thing->fd, (struct sockaddr *)address, length);
	thing->kept = true;
	return thing->fd;
}

void thread_begin(struct thread *thread)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&thread->tcp_address;

	snprintf(thread->path, sizeof(thread->path), "file-%d", thread->slot);
	snprintf(thread->name, sizeof(thread->name), "/torture-%d-%d", getpid(), thread->slot);
	thread->unix_address = thread->tcp_address = (struct sockaddr_storage){0};
	thread->unix_address.ss_family = AF_UNIX; /* the kernel chooses an abstract name: unix(7) */
	thread->unix_length = sizeof(sa_family_t);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	thread->tcp_length = sizeof(*in);
	thread->unix_listener =
		listen_on(thread, "socket_unix", &thread->unix_address, &thread->unix_length);
	thread->tcp_listener =
		listen_on(thread, "socket_tcp", &thread->tcp_address, &thread->tcp_length);
	struct thing *pair = open_by(thread, family_named("socketpair_unix"), 0);
	if (!pair)
		abort();
	for (int i = 0; i < 2; i++) {
		thread->post[i] = pair[i].fd;
		pair[i].kept = true;
	}
}

void thread_close_all(struct thread *thread)
{
	take_caught(thread);
	while (thread->count)
		close_thing(thread, thread->count - 1);
	mq_unlink(thread->name);
	shm_unlink(thread->name);
	unlink(thread->path);
}

static void ask(void)
{
	raise(SIGUSR1);
	model_did(DID_ASK, 1);
}

FRAME void operate(struct thread *thread)
{
	static const struct {
		void (*act)(struct thread *thread);
		uint32_t once_in;
	} rare[] = {
		{operate_fork, 4000},    {operate_vfork, 3000}, {operate_spawn, 4000},
		{operate_library, 1500}, {operate_clone, 2000}, {operate_thread, 400},
		{operate_misdeed, 300},
	};
	uint32_t dice = random_below(&thread->random, 1000);
	int index;

	take_caught(thread);
	thread->operations++;
	for (size_t i = 0; i < sizeof(rare) / sizeof(*rare); i++)
		if (random_once_in(&thread->random, rare[i].once_in)) {
			rare[i].act(thread);
			return;
		}
	if (random_once_in(&thread->random, 3000)) {
		ask();
	} else if (random_once_in(&thread->random, 4000)) {
		open_by(thread,
			family_named(random_once_in(&thread->random, 2) ? "popen_pipe"
									: "forked_terminal"),
			0);
	} else if (thread->count > ENOUGH || dice < 430) {
		index = choose(thread, any);
		if (index >= 0)
			close_thing(thread, index);
	} else if (dice < 900) {
		open_by(thread, any_family(thread), path_any(&thread->random));
	} else if (dice < 930) {
		wrap(thread);
	} else if (dice < 940) {
		close_region(thread);
	} else if (dice < 970) {
		exchange(thread);
	} else {
		fail(thread);
	}
}
