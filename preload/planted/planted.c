// SPDX-License-Identifier: MIT
/*
 * Code that is copied into a Go program, and records there what the program opens. It runs on a
 * small stack of its own, in any thread, also in a signal handler that has interrupted it. It has
 * no libc, no thread-local variables and no vector registers, allocates nothing, waits for nothing,
 * and reads only memory that the program itself has just used. planted_entry.S calls it.
 *
 * The slots and the counts are those of slot.h, as in the preload. A stack is known by its key:
 * the return addresses that the frame pointers lead to, and the goroutine's creators. If the key is
 * new, this stops for the engine, which takes the stack, records the call and adds the key.
 */
#include "preload/planted/planted.h"

#include <fcntl.h>
#include <time.h>

#include "preload/core/base/syscall_numbers.h"

#define HIDDEN __attribute__((visibility("hidden"), used))

_Static_assert(offsetof(struct planted_control, plain) == CONTROL_PLAIN &&
		       offsetof(struct planted_control, back) == CONTROL_BACK &&
		       offsetof(struct planted_control, pool) == CONTROL_POOL &&
		       offsetof(struct planted_control, off) == CONTROL_OFF &&
		       offsetof(struct planted_control, vforks) == CONTROL_VFORKS &&
		       offsetof(struct planted_control, vfork) == CONTROL_VFORK &&
		       offsetof(struct planted_control, pool_bits) == CONTROL_POOL_BITS &&
		       offsetof(struct planted_control, requests) == CONTROL_REQUESTS &&
		       sizeof(struct planted_request) == REQUEST_SIZE &&
		       offsetof(struct planted_request, grow) == REQUEST_GROW &&
		       offsetof(struct planted_request, back) == REQUEST_BACK &&
		       offsetof(struct planted_control, asks) == CONTROL_ASKS &&
		       sizeof(struct planted_ask) == ASK_SIZE &&
		       offsetof(struct planted_ask, plain) == 0 &&
		       offsetof(struct planted_ask, back) == ASK_BACK &&
		       offsetof(struct planted_ask, number) == ASK_NUMBER && FRAME_STOPS == 1 << 8,
	       "planted_entry.S knows these offsets");

void planted_closing(const struct planted_frame *frame);
void planted_record(const struct planted_frame *frame);
void planted_request(const struct planted_frame *frame, uint32_t number);
void planted_asks(struct planted_frame *frame);

/* planted_entry.S. The arguments are those that the engine reads. */
long planted_stop(const struct planted_frame *frame, const uint64_t *words, uint64_t count,
		  enum planted_reason reason, uint64_t number);

HIDDEN struct planted_control planted_control = {.off = PLANTED_OFF};

enum effect {
	EFFECT_NONE,
	EFFECT_OPENS,
	EFFECT_DUP,
	EFFECT_FCNTL,
	EFFECT_PAIR_FIRST,
	EFFECT_PAIR_FOURTH
};

enum site {
	SITE_NONE,
#define PLANTED(name, effect, kind) SITE_##name,
#include "preload/planted/planted.list"
#undef PLANTED
	SITE_COUNT
};

_Static_assert(SITE_COUNT <= PLANTED_ASKS, "each call has a site");

static const struct planted_call {
	uint8_t effect, kind;
} calls[SITE_COUNT] = {
#define PLANTED(name, effect, kind) [SITE_##name] = {EFFECT_##effect, kind},
#include "preload/planted/planted.list"
#undef PLANTED
};

HIDDEN const uint8_t planted_numbers[PLANTED_NUMBERS_OF_CALLS] = {
#define PLANTED(name, effect, kind) [SYS_##name] = SITE_##name,
#include "preload/planted/planted.list"
#undef PLANTED
	[SYS_close] = PLANTED_CLOSE,
};

/* slot.h asks for memory if a slot is missing: never here, because fds is where slots end. */
void *arena_alloc(struct arena *arena, size_t size)
{
	return NULL;
}

/* struct g and struct m of Go, as in tools/engine/go. */
enum { G_STACK_LOW = 0, G_STACK_HIGH = 1, G_THREAD = 6, ANCESTOR_WORDS = 5 };

struct key {
	uint32_t count;
	uint64_t words[PLANTED_KEY_MAX];
};

/* number: of the request. */
static void stop_for(enum planted_reason reason, const struct planted_frame *frame,
		     const struct key *key, uint32_t number)
{
	if (planted_control.off != PLANTED_SILENT)
		planted_stop(frame, key ? key->words : NULL, key ? key->count : 0, reason, number);
}

static bool add(struct key *key, uint64_t word)
{
	if (key->count == PLANTED_KEY_MAX)
		return false;
	key->words[key->count++] = word;
	return true;
}

/* Adds the return addresses, as many as belong to a stack. False: they don't lead to the
 * goroutine's begin. */
static bool add_frames(struct key *key, const struct planted_frame *frame)
{
	const uint64_t *go = (const uint64_t *)frame->go;
	uint64_t low = frame->sp, fp = frame->fp, high;

	if (!go)
		return false;
	high = go[G_STACK_HIGH];
	if (low < go[G_STACK_LOW] || low > high - sizeof(low) || !add(key, *(const uint64_t *)low))
		return false;
	for (uint32_t depth = 0; fp && depth < planted_control.depth; depth++) {
		/* A saved frame pointer is further from the stack's end than the one before. */
		if (fp <= low || fp % sizeof(fp) || fp > high - 2 * sizeof(fp))
			return false;
		low = fp;
		fp = ((const uint64_t *)low)[0];
		if (!add(key, ((const uint64_t *)low)[1]))
			return false;
	}
	return true;
}

/* Adds the goroutine's creators: see tools/engine/go/go_ancestry.c. */
static bool add_creators(struct key *key, const struct planted_frame *frame)
{
	const uint64_t *creator = (const uint64_t *)(frame->go + planted_control.go_creator);
	const uint64_t *slice = (const uint64_t *)creator[1];

	if (!add(key, creator[0]) || !add(key, creator[2]))
		return false;
	if (!slice || !planted_control.ancestors)
		return true;
	if (!add(key, slice[1]))
		return false;
	const uint64_t *ancestor = (const uint64_t *)slice[0];
	for (uint64_t i = 0; i < slice[1] && i < planted_control.ancestors;
	     i++, ancestor += ANCESTOR_WORDS) {
		const uint64_t *pcs = (const uint64_t *)ancestor[0];

		if (!add(key, ancestor[1]) || !add(key, ancestor[4]))
			return false;
		for (uint64_t pc = 0; pc < ancestor[1]; pc++)
			if (!add(key, pcs[pc]))
				return false;
	}
	return true;
}

/* The stack that is known by the key; 0: none. */
static uint32_t find(const struct planted_shared *shared, const struct key *key)
{
	uint32_t hash = planted_hash(key->words, key->count);
	uint32_t at = atomic_load_explicit(&shared->buckets[hash % PLANTED_BUCKETS],
					   memory_order_acquire);

	while (at) {
		const struct planted_key *known = (const void *)&shared->keys[at];
		uint32_t same = 0;

		if (known->hash == hash && known->count == key->count) {
			while (same < key->count && known->words[same] == key->words[same])
				same++;
			if (same == key->count)
				return known->stack;
		}
		at = known->next;
	}
	return STACK_NONE;
}

static uint64_t now_ms(void)
{
	int (*clock)(clockid_t, struct timespec *) =
		(int (*)(clockid_t, struct timespec *))planted_control.clock;
	struct timespec now;

	clock(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Takes apart what the call has made: the descriptors, and the number that they are copies of. */
static unsigned int made(const struct planted_frame *frame, int fds[2], uint32_t *dup_of)
{
	const int *pair = NULL;

	*dup_of = LEDGER_NO_FD;
	fds[0] = (int)frame->result;
	switch ((enum effect)calls[frame->site].effect) {
	case EFFECT_NONE:
		return 0;
	case EFFECT_OPENS:
		return 1;
	case EFFECT_FCNTL:
		if ((int)frame->arguments[1] != F_DUPFD &&
		    (int)frame->arguments[1] != F_DUPFD_CLOEXEC)
			return 0;
		/* fall through */
	case EFFECT_DUP:
		*dup_of = (uint32_t)frame->arguments[0];
		return 1;
	case EFFECT_PAIR_FIRST:
		pair = (const int *)frame->arguments[0];
		break;
	case EFFECT_PAIR_FOURTH:
		pair = (const int *)frame->arguments[3];
		break;
	}
	fds[0] = pair[0];
	fds[1] = pair[1];
	return 2;
}

static void watch(const struct planted_frame *frame, unsigned int count, uint64_t now)
{
	if (atomic_fetch_sub_explicit(&planted_control.opens_left, count, memory_order_relaxed) <=
		    (int64_t)count ||
	    now >= planted_control.next_interval_ms)
		stop_for(PLANTED_WATCH, frame, NULL, 0);
}

HIDDEN void planted_record(const struct planted_frame *frame)
{
	struct planted_shared *shared = (struct planted_shared *)planted_control.shared;
	struct ledger *ledger = &shared->ledger;
	int fds[2];
	uint32_t dup_of, stack;
	struct key key;

	if ((int64_t)frame->result < 0) {
		stop_for(PLANTED_RECORD, frame, NULL, 0);
		return;
	}
	unsigned int count = made(frame, fds, &dup_of);
	if (!count)
		return;
	key.count = 0;
	if (!planted_control.go_creator || !planted_control.go_thread || !add_frames(&key, frame) ||
	    !add_creators(&key, frame)) {
		stop_for(PLANTED_RECORD, frame, NULL, 0);
		return;
	}
	stack = find(shared, &key);
	struct stack_figures *figures =
		stack < PLANTED_STACKS ? stack_table_figures(&ledger->stacks, stack) : NULL;
	for (unsigned int i = 0; i < count; i++)
		/* A new descriptor 2 is the engine's concern, too: it writes there. */
		if ((uint32_t)fds[i] >= planted_control.fds || fds[i] == 2)
			figures = NULL;
	if (stack < STACK_FIRST || !figures) {
		stop_for(PLANTED_RECORD, frame, &key, 0);
		return;
	}
	uint64_t now = now_ms();
	uint32_t at = (uint32_t)((now - planted_control.started_ms) / LEDGER_TICK_MS);
	const uint64_t *go = (const uint64_t *)frame->go;
	uint32_t thread = *(const uint32_t *)(go[G_THREAD] + planted_control.go_thread);
	bool copy = dup_of != LEDGER_NO_FD;
	uint32_t opening =
		slot_opening(copy ? slot_kind(ledger, (int)dup_of) : calls[frame->site].kind,
			     copy ? FD_DUPLICATED : FD_OPENED, FD_OWNER_NONE);
	for (unsigned int i = 0; i < count; i++)
		slot_opened(ledger, fds[i], opening, slot_link(dup_of), at, thread, stack, figures);
	if (planted_control.watching)
		watch(frame, count, now);
}

/* The mark stays until the number is opened again, or a snapshot finds it closed: until then the
 * entry must not be taken for that of a descriptor that has got the number since. */
HIDDEN void planted_closing(const struct planted_frame *frame)
{
	struct planted_shared *shared = (struct planted_shared *)planted_control.shared;

	if ((uint32_t)frame->arguments[0] < planted_control.fds)
		slot_closing(&shared->ledger, (int)frame->arguments[0]);
}

/* Whether the call, whose number is in rax, is to stop for the engine. */
HIDDEN void planted_asks(struct planted_frame *frame)
{
	bool known = false;

	for (uint32_t i = 0; i < planted_control.conditions_count; i++) {
		const struct planted_condition *row = &planted_control.conditions[i];
		uint32_t argument = (uint32_t)frame->arguments[row->argument];

		if (row->number != frame->result)
			continue;
		known = true;
		if (row->any ? (argument & row->value) != 0 : argument == row->value) {
			frame->site |= FRAME_STOPS;
			return;
		}
	}
	if (!known)
		frame->site |= FRAME_STOPS;
}

/* The descriptor of the persistConn at this address, by the layout that the engine has found; -1:
 * it is of another kind. */
static int descriptor_of(uint64_t receiver)
{
	const uint64_t *connection =
		(const uint64_t *)(receiver + planted_control.http_connection - 1);

	for (int nested = 0; nested < 2; nested++) {
		uint64_t table = connection[0], value = connection[1];

		if (!table || !value)
			return -1;
		if (table == planted_control.http_sockets[0] ||
		    table == planted_control.http_sockets[1]) {
			/* poll.FD of the netFD: its lock, and then Sysfd. */
			const uint64_t *file = (const uint64_t *)*(const uint64_t *)value;

			return file && file[2] <= INT32_MAX ? (int)file[2] : -1;
		}
		if (table != planted_control.http_wrapper)
			return -1;
		connection = (const uint64_t *)value;
	}
	return -1;
}

/* Counts a request of this stack over the descriptor. */
static void use(struct planted_shared *shared, int fd, uint32_t stack, uint64_t transport)
{
	struct planted_use *use = &shared->uses[fd];
	uint32_t sequence = ledger_times_recorded(&shared->ledger, fd);

	if (use->sequence != sequence) {
		atomic_store_explicit(&use->count, 0, memory_order_relaxed);
		use->missed = 0;
		use->transport = transport;
		use->sequence = sequence;
	}
	if (use->transport != transport)
		use->missed = 1;
	use->stack = stack;
	atomic_fetch_add_explicit(&use->count, 1, memory_order_release);
}

HIDDEN void planted_request(const struct planted_frame *frame, uint32_t number)
{
	struct planted_shared *shared = (struct planted_shared *)planted_control.shared;
	struct key key;
	int fd = -1;

	/* A stack of a call begins with an address. */
	key.count = 1;
	key.words[0] = number;
	bool whole = number == 0 && planted_control.http_connection &&
		     planted_control.http_transport && planted_control.go_creator &&
		     add_frames(&key, frame) && add_creators(&key, frame);
	uint32_t stack = whole ? find(shared, &key) : STACK_NONE;
	if (stack >= STACK_FIRST)
		fd = descriptor_of(frame->result);
	if (fd < 0 || (uint32_t)fd >= planted_control.fds || planted_control.off ||
	    slot_kind(&shared->ledger, fd) != FD_SOCKET) {
		stop_for(PLANTED_REQUEST, frame, whole ? &key : NULL, number);
		return;
	}
	use(shared, fd, stack,
	    *(const uint64_t *)(frame->result + planted_control.http_transport - 1));
}
