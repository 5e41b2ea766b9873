// SPDX-License-Identifier: MIT
/* The addresses of --listen: what is accepted, and which ones other machines can reach. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tools/exporter/listen_address.h"

static void a_port_alone_is_one_of_the_loopback(void **state)
{
	static const struct {
		const char *text, *address;
		bool local;
	} cases[] = {
		{"9836", "127.0.0.1:9836", true},
		{"0", "127.0.0.1:0", true},
		{"127.0.0.1:65535", "127.0.0.1:65535", true},
		{"127.8.0.1:80", "127.8.0.1:80", true},
		{"localhost:80", "127.0.0.1:80", true},
		{"[::1]:80", "[::1]:80", true},
		{"0.0.0.0:80", "0.0.0.0:80", false},
		{"10.127.0.1:80", "10.127.0.1:80", false},
		{"[::]:80", "[::]:80", false},
		{"[2001:db8::1]:80", "[2001:db8::1]:80", false},
		{"[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct listen_address address;
		char text[LISTEN_ADDRESS_TEXT];

		assert_true(listen_address_parse(&address, cases[i].text));
		listen_address_text(&address, text);
		assert_string_equal(text, cases[i].address);
		assert_int_equal(listen_address_is_local(&address), cases[i].local);
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		":80",
		"x",
		"-1",
		"65536",
		"80x",
		" 80",
		"99999999999999999999",
		"127.0.0.1",
		"127.0.0.1:",
		"1.2.3:80",
		"::1:80",
		"[::1]",
		"[::1]80",
		"[:80",
		"[]:80",
		"[::1:80",
		"[127.0.0.1]:80",
		"example.org:80",
		"[1111111111111111111111111111111111111111111111111111111111111111]:80",
	};
	struct listen_address address;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (listen_address_parse(&address, texts[i]))
			fail_msg("accepted: '%s'", texts[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a port alone is one of the loopback; an address is what it says",
		 .test_func = a_port_alone_is_one_of_the_loopback},
		{.name = "anything else is refused", .test_func = anything_else_is_refused},
	};

	return cmocka_run_group_tests_name("listen-address", tests, NULL, NULL);
}
