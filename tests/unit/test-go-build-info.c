// SPDX-License-Identifier: MIT
/* Which functions of a Go program are its own, by the lines of its build information. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tools/symbolize/go_build_info.h"

static bool is_main(const char *lines, const char *function)
{
	const struct go_modules modules = {lines, strlen(lines)};

	return go_modules_is_main(&modules, function);
}

static void packages_of_the_main_module_are_the_programs_own(void **state)
{
	static const char lines[] =
		"path\texample.org/server/cmd\nmod\texample.org/server\t(devel)\t\n"
		"dep\tother.example/rest\tv1.2.3\th1:abc=\n";

	assert_true(is_main(lines, "main.run"));
	assert_true(is_main(lines, "main.(*Server).Stop"));
	assert_true(is_main(lines, "example.org/server.Start"));
	assert_true(is_main(lines, "example.org/server/internal/broker.(*Broker).Disconnect"));
	assert_true(is_main(lines, "example.org/server/internal/broker.(*Broker).Close.func1"));
	assert_false(is_main(lines, "other.example/rest.(*Client).Do"));
	assert_false(is_main(lines, "example.org/serverless.Start"));
	assert_false(is_main(lines, "example.org.Start"));
	/* The types in brackets have paths of their own, which do not count. */
	assert_false(is_main(lines, "other.example/rest.Map[example.org/server.Key]"));
	assert_true(is_main(lines, "example.org/server.Map[other.example/rest.Key]"));
	assert_false(is_main(lines, ""));
	assert_false(is_main(lines, "no_package"));
}

static void a_module_inside_another_one_is_not_part_of_it(void **state)
{
	static const char lines[] = "mod\texample.org/mono\t(devel)\n"
				    "dep\texample.org/mono/api\tv0.0.0\n=>\t./api\t(devel)\n";

	assert_true(is_main(lines, "example.org/mono/server.Run"));
	assert_false(is_main(lines, "example.org/mono/api.Do"));
	assert_false(is_main(lines, "example.org/mono/api/v2.Do"));
	assert_true(is_main(lines, "example.org/mono/apiary.Do"));
}

static void dots_in_a_packages_last_part_are_escaped_by_the_linker(void **state)
{
	static const char lines[] = "mod\texample.org/yaml.v3\tv3.0.1\n";

	assert_true(is_main(lines, "example.org/yaml%2ev3.Parse"));
	assert_true(is_main(lines, "example.org/yaml.v3/internal.Parse"));
	assert_false(is_main(lines, "example.org/yaml%2ev4.Parse"));
	assert_false(is_main(lines, "example.org/yaml%2.Parse"));
}

static void a_main_module_of_which_files_were_named_is_a_dep_under_development(void **state)
{
	static const char lines[] = "path\tcommand-line-arguments\n"
				    "dep\texample.org/server\t(devel)\t\n"
				    "dep\tother.example/rest\tv1.2.3\th1:abc=\n";

	assert_true(is_main(lines, "main.run"));
	assert_true(is_main(lines, "example.org/server/internal/broker.Stop"));
	assert_false(is_main(lines, "other.example/rest.Do"));
	assert_false(is_main(lines, "net/http.Get"));
}

static void without_modules_the_repository_of_package_main_is_the_programs_own(void **state)
{
	static const char lines[] = "path\texample.org/me/server/cmd/serve\nbuild\t-compiler=gc\n";
	static const char named[] = "path\tcommand-line-arguments\nbuild\t-compiler=gc\n";

	assert_true(is_main(lines, "main.(*config).load"));
	assert_true(is_main(lines, "example.org/me/server/internal/broker.(*Broker).Close"));
	assert_true(is_main(lines, "tools/broker.Close"));
	assert_false(is_main(lines, "example.org/me/server/vendor/other.example/rest.Do"));
	assert_false(is_main(lines, "example.org/me/serverless.Do"));
	assert_false(is_main(lines, "other.example/rest/client.Do"));
	assert_false(is_main(lines, "os.Open"));
	assert_false(is_main(lines, "net/http.Get"));
	assert_true(is_main(named, "main.(*config).load"));
	assert_true(is_main(named, "broker.Close"));
	assert_false(is_main(named, "golang.org/x/sys/unix.InotifyInit1"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "packages of the main module are the program's own",
		 .test_func = packages_of_the_main_module_are_the_programs_own},
		{.name = "a module inside another one is not part of it",
		 .test_func = a_module_inside_another_one_is_not_part_of_it},
		{.name = "a main module of which files were named is a dep under development",
		 .test_func = a_main_module_of_which_files_were_named_is_a_dep_under_development},
		{.name = "without modules the repository of package main is the program's own",
		 .test_func = without_modules_the_repository_of_package_main_is_the_programs_own},
		{.name = "dots in a package's last part are escaped by the linker",
		 .test_func = dots_in_a_packages_last_part_are_escaped_by_the_linker},
	};

	return cmocka_run_group_tests_name("go_build_info", tests, NULL, NULL);
}
