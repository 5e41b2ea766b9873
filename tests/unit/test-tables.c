// SPDX-License-Identifier: MIT
/* Connections and modules: preload/core/ledger/connection_table.h and module_table.h. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../in_range.h"
#include "preload/core/ledger/connection_table.h"
#include "preload/core/ledger/module_table.h"
#include "preload/core/ledger/stack_table.h"

static struct arena arena;
static struct connection_table connections;
static struct module_table modules;

static int begin(void **state)
{
	(void)state;
	return connection_table_init(&connections, &arena) && module_table_init(&modules, &arena)
		       ? 0
		       : -1;
}

static uint32_t connect_to(uint32_t stack, uint32_t host, uint16_t port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(host)};

	return connection_table_intern(&connections, stack, (struct sockaddr *)&address,
				       sizeof(address));
}

static void a_connection_is_kept_once(void **state)
{
	uint32_t id = connect_to(2, 0x7f000001, 80);
	const struct connection *connection = connection_table_get(&connections, id);

	(void)state;
	assert_int_not_equal(id, CONNECTION_NONE);
	assert_int_equal(connect_to(2, 0x7f000001, 80), id);
	assert_int_not_equal(connect_to(3, 0x7f000001, 80), id);
	assert_int_not_equal(connect_to(2, 0x7f000001, 81), id);
	assert_int_equal(connection->stack, 2);
	assert_int_equal(connection->family, AF_INET);
	assert_int_equal(ntohs(connection->port), 80);
	assert_memory_equal(connection->address, "\x7f\0\0\x01", 4);
}

static void a_short_or_strange_address_is_left_out(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	uint32_t id = connection_table_intern(&connections, 2, (struct sockaddr *)&address, 8);

	(void)state;
	assert_int_equal(connection_table_get(&connections, id)->family, AF_UNSPEC);
	assert_int_equal(connection_table_intern(&connections, 2, NULL, 0), id);
	/* As long as an IPv4 address, which is too short for IPv6. */
	assert_int_equal(connection_table_intern(&connections, 2, (struct sockaddr *)&address,
						 sizeof(struct sockaddr_in)),
			 id);
	address.sin6_family = AF_UNIX;
	assert_int_equal(connection_table_intern(&connections, 2, (struct sockaddr *)&address,
						 sizeof(address)),
			 id);
}

static void an_ipv6_address_is_kept_whole(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
	const struct connection *connection;
	uint32_t id;

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8:1:2:3:4:5:6", &address.sin6_addr), 1);
	id = connection_table_intern(&connections, 2, (struct sockaddr *)&address, sizeof(address));
	connection = connection_table_get(&connections, id);
	assert_int_equal(connection->family, AF_INET6);
	assert_int_equal(ntohs(connection->port), 443);
	assert_memory_equal(connection->address, &address.sin6_addr, 16);
	address.sin6_addr.s6_addr[15]++;
	assert_int_not_equal(connection_table_intern(&connections, 2, (struct sockaddr *)&address,
						     sizeof(address)),
			     id);
}

/* Fills the table with addresses from one stack; returns how many fit. */
static uint32_t fill(uint32_t stack)
{
	uint32_t kept = 0;

	for (uint32_t host = 1; host < 2 * CONNECTION_LIMIT; host++) {
		uint32_t id = connect_to(stack, host, 1);

		assert_true(id < CONNECTION_LIMIT);
		kept += id != CONNECTION_NONE &&
			connection_table_get(&connections, id)->family == AF_INET;
	}
	return kept;
}

static void a_table_full_of_addresses_still_takes_stacks(void **state)
{
	uint32_t first = connect_to(2, 1, 1), last;
	const struct connection *connection;

	(void)state;
	assert_uint_in_range(fill(2), CONNECTION_LIMIT / 2, CONNECTION_LIMIT);
	assert_int_equal(connect_to(2, 1, 1), first);
	for (uint32_t stack = 3; stack < 1000; stack++) {
		last = connect_to(stack, 0x7fffffff, 1);
		assert_int_equal(connect_to(stack, 0x7ffffffe, 1), last);
		connection = connection_table_get(&connections, last);
		assert_non_null(connection);
		assert_int_equal(connection->stack, stack);
		assert_int_equal(connection->family, AF_UNSPEC);
		assert_int_equal(connection->port, 0);
	}
}

static void a_full_table_returns_none_and_keeps_its_entries(void **state)
{
	uint32_t first = connect_to(2, 1, 1), last = first;

	(void)state;
	fill(2);
	for (uint32_t stack = 3; stack < CONNECTION_LIMIT; stack++)
		last = connect_to(stack, 1, 1);
	assert_int_equal(last, CONNECTION_NONE);
	assert_int_equal(connect_to(2, 1, 1), first);
}

static void a_last_user_may_be_kept_without_the_address(void **state)
{
	uint32_t first = connect_to(STACK_NONE, 1, 1), id;
	const struct connection *used;

	(void)state;
	fill(STACK_NONE);
	id = connection_table_used(&connections, first, 7, true);
	used = connection_table_get(&connections, id);
	assert_non_null(used);
	assert_int_equal(used->user, 7);
	assert_int_equal(used->shared, 1);
	assert_int_equal(used->family, AF_UNSPEC);
	for (uint32_t stack = 3; stack < CONNECTION_LIMIT; stack++)
		connect_to(stack, 1, 1);
	/* Without any room the address is kept and no user is named, because another one would
	 * be blamed. */
	assert_int_equal(connection_table_used(&connections, first, 8, false), first);
	assert_int_equal(connection_table_used(&connections, first, 7, true), id);
}

static void without_room_nobody_is_named_instead_of_somebody_else(void **state)
{
	uint32_t first = connect_to(2, 1, 1),
		 used = connection_table_used(&connections, first, 7, true), id;

	(void)state;
	fill(2);
	for (uint32_t stack = 3; stack < CONNECTION_LIMIT; stack++)
		connect_to(stack, 1, 1);
	/* Stack 7 used it last. Now stack 8 does, for which there is no room. */
	id = connection_table_used(&connections, used, 8, false);
	assert_int_equal(id, first);
	assert_int_equal(connection_table_get(&connections, id)->user, STACK_NONE);
}

static uint32_t add(const char *path, const char *build_id, uintptr_t start)
{
	return module_table_add(&modules, path, (const uint8_t *)build_id, strlen(build_id), start,
				start, start + 4096);
}

static void a_module_loaded_again_elsewhere_is_the_same(void **state)
{
	uint32_t id = add("/lib/a.so", "abc", 0x1000);

	(void)state;
	assert_int_equal(add("/lib/a.so", "abc", 0x1000), id);
	modules.modules[id].unloaded = true;
	assert_int_equal(add("/lib/a.so", "abc", 0x9000), id);
	assert_int_equal(modules.modules[id].start, 0x9000);
	assert_false(modules.modules[id].unloaded);
}

static void another_build_or_a_second_mapping_is_another_module(void **state)
{
	uint32_t id = add("/lib/a.so", "abc", 0x1000);

	(void)state;
	assert_int_not_equal(add("/lib/a.so", "abd", 0x1000), id);
	assert_int_not_equal(add("/lib/a.so", "abc", 0x5000), id);
	assert_int_not_equal(add("/lib/b.so", "abc", 0x1000), id);
}

static void a_module_in_parts_is_one(void **state)
{
	uint32_t id =
		module_table_add(&modules, "/bin/a", (const uint8_t *)"abc", 3, 0, 0x5000, 0x6000);

	(void)state;
	assert_int_equal(
		module_table_add(&modules, "/bin/a", (const uint8_t *)"abc", 3, 0, 0x9000, 0xa000),
		id);
	assert_int_equal(modules.modules[id].start, 0x5000);
	assert_int_equal(modules.modules[id].end, 0xa000);
	/* After it was unloaded the module may be mapped elsewhere. */
	modules.modules[id].unloaded = true;
	assert_int_equal(
		module_table_add(&modules, "/bin/a", (const uint8_t *)"abc", 3, 0, 0x9000, 0xa000),
		id);
	assert_int_equal(modules.modules[id].start, 0x9000);
}

static void a_relative_name_is_that_of_a_file_in_the_working_directory(void **state)
{
	char folder[] = "/tmp/fdtrail-tables-XXXXXX", expected[64];
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	file = open("a.so", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	close(file);

	uint32_t id = add("././a.so", "abc", 0x1000);
	snprintf(expected, sizeof(expected), "%s/a.so", folder);
	assert_string_equal(modules.modules[id].path, expected);
	assert_string_equal(modules.modules[id].name, "././a.so");
	assert_string_equal(modules.modules[add("./b.so", "abc", 0x1000)].path, "./b.so");
	assert_string_equal(modules.modules[add("a.so", "abc", 0x1000)].path, "a.so");

	/* It is the same module whatever the current folder is. */
	assert_int_equal(fchdir(before), 0);
	assert_int_equal(add("././a.so", "abc", 0x1000), id);
	assert_string_equal(modules.modules[id].path, expected);
	close(before);
	assert_int_equal(unlink(expected), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void the_table_of_modules_ends(void **state)
{
	(void)state;
	for (uintptr_t i = 1; i <= MODULE_LIMIT; i++)
		assert_int_equal(add("/lib/a.so", "abc", i * 0x1000), i);
	assert_int_equal(add("/lib/b.so", "abc", 0x1000), MODULE_NONE);
	assert_null(module_table_get(&modules, MODULE_NONE));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
	const struct CMUnitTest tests[] = {
		TEST(a_connection_is_kept_once),
		TEST(a_short_or_strange_address_is_left_out),
		TEST(an_ipv6_address_is_kept_whole),
		TEST(a_table_full_of_addresses_still_takes_stacks),
		TEST(a_full_table_returns_none_and_keeps_its_entries),
		TEST(a_last_user_may_be_kept_without_the_address),
		TEST(without_room_nobody_is_named_instead_of_somebody_else),
		TEST(a_module_loaded_again_elsewhere_is_the_same),
		TEST(another_build_or_a_second_mapping_is_another_module),
		TEST(a_module_in_parts_is_one),
		TEST(a_relative_name_is_that_of_a_file_in_the_working_directory),
		TEST(the_table_of_modules_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
