// SPDX-License-Identifier: MIT
/* Tests of tools/symbolize/source_map.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/source_map.h"

static struct source_map *read_text(const char *text)
{
	/* Without a zero at the end, so that a read behind it is noticed. */
	size_t size = strlen(text);
	char *copy = malloc(size + !size);
	assert_non_null(copy);
	memcpy(copy, text, size);
	struct source_map *map = source_map_read(copy, size);
	free(copy);
	return map;
}

static int line_of(const struct source_map *map, int generated, const char *name)
{
	const char *source = NULL;
	int line = source_map_line(map, generated, &source);

	if (line)
		assert_string_equal(source, name);
	return line;
}

static void a_line_leads_to_its_source(void **state)
{
	struct source_map *map =
		read_text("{\"version\":3,\"file\":\"m.js\",\"sourceRoot\":\"../r\","
			  "\"sources\":[\"a\\u00e9\\/b.ts\", \"c.ts\"],"
			  "\"sourcesContent\":[null, {\"x\":[\"]\"]}],"
			  "\"names\":[],\"mappings\":\"AACA;;AAEA,IAAI;ACHJ,C;gBmB\"}");

	(void)state;
	assert_non_null(map);
	assert_string_equal(source_map_root(map), "../r");
	assert_int_equal(line_of(map, 1, "a\xc3\xa9/b.ts"), 2);
	assert_int_equal(line_of(map, 2, ""), 0);
	assert_int_equal(line_of(map, 3, "a\xc3\xa9/b.ts"), 4);
	assert_int_equal(line_of(map, 4, "c.ts"), 1);
	assert_int_equal(line_of(map, 0, ""), 0);
	assert_int_equal(line_of(map, 6, ""), 0);
	source_map_destroy(map);
}

static void a_line_of_several_lines_or_sources_leads_nowhere(void **state)
{
	struct source_map *map = read_text("{\"version\":3,\"sources\":[\"a.ts\",\"b.ts\"],"
					   "\"mappings\":\"AAAA,CACA;ACDA,ADAA;AAAA,CAAC\"}");

	(void)state;
	assert_non_null(map);
	assert_int_equal(line_of(map, 1, ""), 0);
	assert_int_equal(line_of(map, 2, ""), 0);
	assert_int_equal(line_of(map, 3, "a.ts"), 1);
	source_map_destroy(map);
}

static void other_texts_are_no_maps(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		"{\"version\":2,\"sources\":[],\"mappings\":\"\"}",
		"{\"version\":3,\"sections\":[],\"sources\":[],\"mappings\":\"\"}",
		"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AA!A\"}",
		"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AADA\"}",
		"{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AgggggggggggA\"}",
		"{\"version\":3,\"sources\":[\"a\",\"mappings\":\"AAAA",
		"{\"version\":3,\"sources\":[\"a\\",
		"{\"x\":[[[[",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_null(read_text(texts[i]));
}

static void a_data_url_is_decoded(void **state)
{
	static const char url[] = "data:application/json;charset=utf-8;base64,eyJ2IjozfQ==";
	size_t size;
	char *text = source_map_inline(url, sizeof(url) - 1, &size);

	(void)state;
	assert_non_null(text);
	assert_int_equal(size, 7);
	assert_memory_equal(text, "{\"v\":3}", 7);
	free(text);
	assert_null(source_map_inline("main.js.map", 11, &size));
	assert_null(source_map_inline("data:,{}", 8, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_leads_to_its_source),
		cmocka_unit_test(a_line_of_several_lines_or_sources_leads_nowhere),
		cmocka_unit_test(other_texts_are_no_maps),
		cmocka_unit_test(a_data_url_is_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
