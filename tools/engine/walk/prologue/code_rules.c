// SPDX-License-Identifier: MIT
/*
 * See code_rules.h. Some of the places at which functions seem to begin (code_beginnings.h) are
 * accidental. So a rule must be confirmed: the return address that it finds has to follow a call
 * instruction. If that call is direct, it must have gone to the place where the function seems to
 * begin, or to one from which the code leads here with the same rule.
 */
#include "code_rules.h"

#include <stdlib.h>
#include <string.h>

#include "code_beginnings.h"
#include "code_flow.h"
#include "tools/process/process_memory.h"
#include "x86_instruction.h"

enum {
	CODE_MAX = 128 * 1024 * 1024,
	REACH = CODE_FLOW_SIZE / 2, /* a function's beginning is at most this far away */
	TRIES = 64,                 /* the most beginnings to try */
	TRIES_MORE = 16,            /* .. after a possible one was found */
	FAILURES = 4,               /* after this many, a place isn't tried again */
	KEPT = 1024,                /* entries of the cache of rules, by place */
	CALL = 5,                   /* bytes of a direct call */
	CALL_LONGEST = 8,
	STUB = 11, /* bytes of the longest PLT entry's jump: endbr64; bnd jmp *SLOT(%rip) */
};

enum confirmation { REFUTED, POSSIBLE, CERTAIN };

/* The result for a place, cached because it takes a while to find. */
struct kept_rule {
	uint32_t place;  /* offset in the code, + 1; 0: unused */
	uint32_t failed; /* the number of failed tries */
	enum confirmation confirmed;
	uintptr_t back; /* POSSIBLE: the return address that confirmed it */
	struct leave_rule rule;
};

struct code_rules {
	int pid;
	struct memory *memory; /* that process' memory */
	uintptr_t start;       /* of the code .. */
	size_t size;
	uint8_t *code;  /* .. and a copy of it */
	uint32_t entry; /* offset in the code; UINT32_MAX: the program begins elsewhere */
	struct code_beginnings beginnings;
	struct kept_rule kept[KEPT];
};

struct code_rules *code_rules_create(int pid, struct memory *memory, const struct object *object,
				     uintptr_t dynamic, uintptr_t entry)
{
	struct code_rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return NULL;
	rules->pid = pid;
	rules->memory = memory;
	rules->start = object->code_start;
	rules->size = object->code_end - object->code_start;
	if (object->code_end <= object->code_start || rules->size > CODE_MAX)
		goto failed;
	rules->code = malloc(rules->size);
	if (!rules->code)
		goto failed;
	rules->size = process_memory_read(pid, rules->start, rules->code, rules->size);
	uint64_t offset = entry - rules->start;
	rules->entry = offset < rules->size ? (uint32_t)offset : UINT32_MAX;
	if (code_beginnings_find(&rules->beginnings, pid, object, rules->code, rules->size, dynamic,
				 entry))
		return rules;
failed:
	code_rules_destroy(rules);
	return NULL;
}

void code_rules_destroy(struct code_rules *rules)
{
	if (!rules)
		return;
	code_beginnings_finish(&rules->beginnings);
	free(rules->code);
	free(rules);
}

static bool same_rule(const struct leave_rule *a, const struct leave_rule *b)
{
	return a->outermost == b->outermost && a->by_fp == b->by_fp &&
	       a->frame_end == b->frame_end && a->saved_fp == b->saved_fp;
}

/* Finds the rule at place for a function that begins at this offset. */
static enum code_flow flow(const struct code_rules *rules, uint64_t beginning, uint64_t place,
			   struct leave_rule *rule)
{
	uint64_t from = place > REACH ? place - REACH : 0;

	if (beginning < from || beginning >= place + REACH || beginning >= rules->size)
		return FLOW_NOWHERE;
	return code_flow(rules->code + from, rules->size - from, beginning - from, place - from,
			 rule);
}

static bool jumps_away(const struct code_rules *rules, uint64_t beginning)
{
	uint64_t from = beginning > REACH ? beginning - REACH : 0;

	return beginning < rules->size &&
	       code_flow_jumps_away(rules->code + from, rules->size - from, beginning - from);
}

/* The same as jumps_away for a function of another object. */
static bool jumps_away_elsewhere(const struct code_rules *rules, uintptr_t function)
{
	static uint8_t code[CODE_FLOW_SIZE]; /* static because it is large */
	struct memory *memory = rules->memory;
	struct object object;

	if (!memory->find(memory, function, &object) || function < object.code_start ||
	    function >= object.code_end)
		return false;
	uintptr_t from =
		function - object.code_start > REACH ? function - REACH : object.code_start;
	size_t size = object.code_end - from < sizeof(code) ? object.code_end - from : sizeof(code);
	size = process_memory_read(rules->pid, from, code, size);
	return function - from < size && code_flow_jumps_away(code, size, function - from);
}

/* The function that a call to this address leads to: an entry of a procedure linkage table jumps on
 * to the address in its slot of the global offset table (System V ABI for AMD64, 5.2). */
static uintptr_t behind_stub(const struct code_rules *rules, uintptr_t called)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa}, jump[] = {0xff, 0x25};
	uint8_t code[STUB] = {0};
	uintptr_t target;
	size_t at = 0;

	process_memory_read(rules->pid, called, code, sizeof(code));
	if (memcmp(code, endbr64, sizeof(endbr64)) == 0)
		at += sizeof(endbr64);
	if (code[at] == 0xf2) /* bnd */
		at++;
	if (memcmp(code + at, jump, sizeof(jump)) != 0)
		return called;
	uintptr_t slot = called + at + 6 + (uintptr_t)(int64_t)x86_displacement(code + at + 2);
	if (process_memory_read(rules->pid, slot, &target, sizeof(target)) != sizeof(target))
		return called;
	return target;
}

/* Whether a call to this address may have led to place, in the function at beginning. */
static enum confirmation confirm_call(const struct code_rules *rules, uintptr_t called,
				      uint32_t beginning, uint32_t place,
				      const struct leave_rule *rule)
{
	uint64_t offset = behind_stub(rules, called) - rules->start;
	struct leave_rule again;

	if (offset == beginning)
		return CERTAIN;
	if (offset >= rules->size)
		return jumps_away_elsewhere(rules, rules->start + offset) ? POSSIBLE : REFUTED;
	/* The called function may have jumped here. */
	if (flow(rules, offset, place, &again) == FLOW_RULE && same_rule(rule, &again))
		return CERTAIN;
	return jumps_away(rules, offset) ? POSSIBLE : REFUTED;
}

/* Whether an indirect call ends just before behind; before: the number of bytes that are readable
 * there. */
static bool is_indirect_call(const uint8_t *behind, size_t before)
{
	for (size_t length = 2; length <= CALL_LONGEST && length <= before; length++) {
		struct instruction instruction;

		if (x86_decode(behind - length, length, &instruction) &&
		    instruction.length == length && instruction.way == WAY_CALL &&
		    !instruction.direct)
			return true;
	}
	return false;
}

/* Reads the return address that the rule leads to. False: it can't be read. */
static bool return_address(struct code_rules *rules, uintptr_t sp, uintptr_t fp,
			   const struct leave_rule *rule, uintptr_t *back)
{
	uintptr_t end = (rule->by_fp ? fp : sp) + (uintptr_t)rule->frame_end;
	struct memory *memory = rules->memory;

	return end > sp && memory->read(memory, end - sizeof(*back), back);
}

/* Whether the return address that the rule leads to confirms it. */
static enum confirmation confirm(struct code_rules *rules, uint32_t beginning, uint32_t place,
				 uintptr_t back, const struct leave_rule *rule)
{
	struct memory *memory = rules->memory;
	uint8_t other[CALL_LONGEST];
	const uint8_t *behind;
	size_t before = CALL_LONGEST;
	uint64_t offset = back - rules->start;
	if (offset <= rules->size) {
		behind = rules->code + offset;
		before = offset < CALL_LONGEST ? (size_t)offset : (size_t)CALL_LONGEST;
	} else { /* the caller is in another object */
		struct object caller;

		if (!memory->find(memory, back - 1, &caller) ||
		    process_memory_read(rules->pid, back - CALL_LONGEST, other, sizeof(other)) !=
			    sizeof(other))
			return REFUTED;
		behind = other + CALL_LONGEST;
	}
	if (before >= CALL && behind[-CALL] == 0xe8)
		return confirm_call(rules, back + (uintptr_t)(int64_t)x86_displacement(behind - 4),
				    beginning, place, rule);
	return is_indirect_call(behind, before) ? POSSIBLE : REFUTED;
}

/* Searches for the rule among the beginnings of one sort: 0 or JUMPED_TO. True: it is certain. */
static bool look_among(struct code_rules *rules, struct kept_rule *kept, uint32_t sort,
		       uint32_t place, uintptr_t sp, uintptr_t fp)
{
	size_t count = code_beginnings_up_to(&rules->beginnings, place), tries = 0;

	for (size_t i = count; i-- > 0 && tries < (kept->confirmed ? TRIES_MORE : TRIES);) {
		uint32_t beginning = rules->beginnings.list[i] >> 1;
		struct leave_rule rule = {0};
		uintptr_t back;

		if (place - beginning >= REACH)
			break;
		if ((rules->beginnings.list[i] & JUMPED_TO) != sort)
			continue;
		tries++;
		enum code_flow flown = flow(rules, beginning, place, &rule);
		/* The frame pointer of an outermost frame is 0 (System V ABI for AMD64, 3.4.1). */
		if ((flown != FLOW_NOWHERE && beginning == rules->entry) ||
		    (flown == FLOW_RULE && rule.outermost && fp == 0)) {
			kept->confirmed = CERTAIN;
			kept->rule = (struct leave_rule){.outermost = true};
			return true;
		}
		if (flown != FLOW_RULE || rule.outermost ||
		    !return_address(rules, sp, fp, &rule, &back))
			continue;
		enum confirmation confirmed = confirm(rules, beginning, place, back, &rule);
		if (confirmed == POSSIBLE && sort == JUMPED_TO)
			continue;
		if (confirmed > kept->confirmed) {
			kept->confirmed = confirmed;
			kept->rule = rule;
			kept->back = back;
		}
		if (confirmed == CERTAIN)
			return true;
	}
	return false;
}

bool code_rules_find(struct code_rules *rules, uintptr_t place, uintptr_t sp, uintptr_t fp,
		     struct leave_rule *rule)
{
	uint64_t offset = place - rules->start;
	struct kept_rule *kept = &rules->kept[offset % KEPT];
	uintptr_t back;

	if (offset >= rules->size)
		return false;
	if (kept->place != (uint32_t)offset + 1)
		*kept = (struct kept_rule){.place = (uint32_t)offset + 1};
	bool known = kept->confirmed == CERTAIN ||
		     (kept->confirmed == POSSIBLE &&
		      return_address(rules, sp, fp, &kept->rule, &back) && back == kept->back);
	if (!known && kept->failed < FAILURES) {
		kept->confirmed = REFUTED;
		if (!look_among(rules, kept, 0, (uint32_t)offset, sp, fp))
			look_among(rules, kept, JUMPED_TO, (uint32_t)offset, sp, fp);
		known = kept->confirmed != REFUTED;
		kept->failed += !known;
	}
	*rule = kept->rule;
	return known;
}
