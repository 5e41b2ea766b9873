// SPDX-License-Identifier: MIT
/* Functions whose entry is taken over, and functions that are left alone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/languages/take_over.h"

typedef long function(long);

/* Returns an executable function of these bytes. Sanitizers look for marks before functions. */
static uintptr_t make(const char *bytes, size_t size)
{
	enum { SIZE = 4096, BEFORE = 64 };
	uint8_t *code =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(code != MAP_FAILED);
	memset(code, 0xcc, SIZE);
	memcpy(code + BEFORE, bytes, size);
	assert_int_equal(mprotect(code, SIZE, PROT_READ | PROT_EXEC), 0);
	return (uintptr_t)code + BEFORE;
}

static uintptr_t original;

static long ours(long number)
{
	return ((function *)original)(number) + 1000;
}

static void check_taken(const char *bytes, size_t size, long expected)
{
	uintptr_t at = make(bytes, size);

	assert_int_equal(((function *)at)(7), expected);
	assert_true(take_over(at, (uintptr_t)ours, &original));
	assert_int_equal(((function *)at)(7), expected + 1000);
	assert_int_equal(((function *)original)(7), expected);
}

#define TAKEN(bytes, expected) check_taken(bytes, sizeof(bytes) - 1, expected)

static void a_function_calls_ours_and_ours_can_call_it(void **state)
{
	(void)state;
	/* push %rbp; mov %rsp,%rbp; push %r12; mov %rdi,%r12; lea 1(%r12),%rax; pop; pop; ret */
	TAKEN("\x55\x48\x89\xe5\x41\x54\x49\x89\xfc\x49\x8d\x44\x24\x01\x41\x5c\x5d\xc3", 8);
	/* endbr64; xor %eax,%eax; mov %edi,%eax; ret */
	TAKEN("\xf3\x0f\x1e\xfa\x31\xc0\x89\xf8\xc3", 7);
	/* cmp $7,%edi; mov %rdi,%rax; je 1f; xor %eax,%eax; 1: ret. The flags must survive. */
	TAKEN("\x83\xff\x07\x48\x89\xf8\x74\x02\x31\xc0\xc3", 7);
	/* mov $5,%eax; add %edi,%eax; ret */
	TAKEN("\xb8\x05\x00\x00\x00\x01\xf8\xc3", 12);
}

static void a_jump_at_the_entry_still_leads_to_its_function(void **state)
{
	(void)state;
	/* xor %ecx,%ecx; jmp 1f; int3; int3; 1: mov %rdi,%rax; ret */
	TAKEN("\x31\xc9\xe9\x02\x00\x00\x00\xcc\xcc\x48\x89\xf8\xc3", 7);
}

static void code_that_depends_on_its_address_is_left_alone(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} refused[] = {
		{"\x48\x8d\x05\x00\x00\x00\x00\xc3", 8}, /* lea 0(%rip),%rax */
		{"\x8b\x05\x00\x00\x00\x00\xc3", 7},     /* mov 0(%rip),%eax */
		{"\x75\x01\x90\x31\xc0\xc3", 6},         /* jne */
		{"\xe8\x00\x00\x00\x00\xc3", 6},         /* call */
		{"\x31\xc0\xc3\xcc\xcc\xcc", 6},         /* returns before the jump would end */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		uintptr_t at = make(refused[i].bytes, refused[i].size);

		assert_false(take_over(at, (uintptr_t)ours, &original));
		assert_memory_equal((const void *)at, refused[i].bytes, refused[i].size);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a function that is taken over calls ours, and ours can call it",
		 .test_func = a_function_calls_ours_and_ours_can_call_it},
		{.name = "a jump at the entry still leads to its function",
		 .test_func = a_jump_at_the_entry_still_leads_to_its_function},
		{.name = "code that depends on its address, or is too short, is left alone",
		 .test_func = code_that_depends_on_its_address_is_left_alone},
	};

	return cmocka_run_group_tests_name("take-over", tests, NULL, NULL);
}
