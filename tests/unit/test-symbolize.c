// SPDX-License-Identifier: MIT
/*
 * Parts of the symbolizer for which there are no files from outside: sources that crash, hang or
 * answer nonsense in the child process, names made to explode, and untrusted maps of generated
 * code.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/symbolize/demangle.h"
#include "tools/symbolize/demangle_library.h"
#include "tools/symbolize/language.h"
#include "tools/symbolize/user_code.h"
#include "tools/symbolize/perf_map.h"
#include "tools/symbolize/source_path.h"
#include "tools/symbolize/worker.h"

#include "../skip.h"

/* Demangling */

static const char *demangled(const char *name)
{
	static char text[DEMANGLE_TEXT_MAX];

	return demangle(name, text);
}

static void names_are_written_as_in_the_source(void **state)
{
	assert_string_equal(demangled("_ZN3app5fetchEiPKc"), "app::fetch(int, char const*)");
	assert_string_equal(demangled("_Z4drawIiEvT_"), "draw<int>(int)");
	/* Rust's legacy names end in a hash; its v0 names have a grammar of their own. */
	assert_string_equal(demangled("_ZN3std3net3tcp9TcpStream7connect17h0123456789abcdefE"),
			    "std::net::tcp::TcpStream::connect");
	assert_string_equal(demangled("_RNvCskwGfYPst2Cb_3foo16example_function"),
			    "foo::example_function");
}

static void a_name_that_isnt_mangled_stays_as_it_is(void **state)
{
	static const char *const names[] = {
		"main", "",       "_",      "_Z",    "_R",
		"_ZN",  "_start", "_Zebra", "_Rust", "main.(*Server).Run",
		"\xff",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_ptr_equal(demangled(names[i]), names[i]);
}

static void the_libraries_of_cpp_demangle_without_a_return_type(void **state)
{
	static const char *const names[][2] = {
		{"_ZN3app5fetchEiPKc", "app::fetch(int, char const*)"},
		{"_Z4drawIiEvT_", "draw<int>(int)"},
		{"_Z4pickISt4pairIiiEES1_T_", "pick<std::pair<int, int> >(std::pair<int, int>)"},
		{"_ZN12_GLOBAL__N_14drawIiEEvT_", "(anonymous namespace)::draw<int>(int)"},
		{"_ZN1AcvT_IiEEv", "A::operator int<int>()"},
		{"_ZTV3app", "vtable for app"},
		{"main", "main"},
		{"_ZN3", "_ZN3"},
	};
	char text[DEMANGLE_TEXT_MAX];

	if (demangle_by_library(names[0][0], text) != text)
		SKIP("no library that demangles C++ is installed");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char shown[DEMANGLE_TEXT_MAX], *to = shown;

		/* LLVM closes brackets without a blank between them. */
		for (const char *at = demangle_by_library(names[i][0], text); *at; at++) {
			if (at[0] == '>' && at[1] == '>')
				*to++ = '>', *to++ = ' ';
			else
				*to++ = *at;
		}
		*to = '\0';
		assert_string_equal(shown, names[i][1]);
	}
}

/* Writes a number in base 36, as C++ substitutions have it. */
static void put_substitution(FILE *name, unsigned int index)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	fputc('S', name);
	if (index > 36)
		fputc(digits[(index - 1) / 36], name);
	if (index)
		fputc(digits[(index - 1) % 36], name);
	fputc('_', name);
}

/* Each type is a pair of the previous one, so the demangled name has 2 to the power of count
 * parts. */
static char *cpp_bomb(unsigned int count)
{
	char *text;
	size_t size;
	FILE *name = open_memstream(&text, &size);

	fputs("_Z1f1pIiiE", name);
	for (unsigned int i = 0; i < count; i++) {
		put_substitution(name, 0);
		fputc('I', name);
		put_substitution(name, i + 1);
		put_substitution(name, i + 1);
		fputc('E', name);
	}
	fclose(name);
	return text;
}

/* Writes a place in the name in base 62, as Rust's back references have it. */
static void put_back_reference(FILE *name, unsigned int place)
{
	static const char digits[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	fputc('B', name);
	if (place > 62)
		fputc(digits[(place - 1) / 62], name);
	if (place)
		fputc(digits[(place - 1) % 62], name);
	fputc('_', name);
}

static char *rust_bomb(unsigned int count)
{
	char *text;
	size_t size, before;
	FILE *name = open_memstream(&text, &size);

	fputs("_RINvC1a1f", name);
	before = (size_t)ftell(name) - 2;
	fputs("TuuE", name);
	for (unsigned int i = 0; i < count; i++) {
		size_t place = (size_t)ftell(name) - 2;

		fputc('T', name);
		put_back_reference(name, (unsigned int)before);
		put_back_reference(name, (unsigned int)before);
		fputc('E', name);
		before = place;
	}
	fputc('E', name);
	fclose(name);
	return text;
}

static void a_name_that_doubles_itself_stays_mangled(void **state)
{
	char *cpp = cpp_bomb(60), *rust = rust_bomb(60), *small = cpp_bomb(2),
	     *small_rust = rust_bomb(2);

	/* The small names demangle, so these names are valid. */
	assert_string_equal(demangled(small),
			    "f(p<int, int>, p<p<int, int>, p<int, int> >, "
			    "p<p<p<int, int>, p<int, int> >, p<p<int, int>, p<int, "
			    "int> > >)");
	assert_string_equal(
		demangled(small_rust),
		"a::f::<((), ()), (((), ()), ((), ())), ((((), ()), ((), ())), (((), ()), ((), "
		"())))>");
	assert_ptr_equal(demangled(cpp), cpp);
	/* The result says that the name is too long, so that no demangler without a limit is
	 * tried. */
	char text[DEMANGLE_TEXT_MAX];
	assert_int_equal(demangle_try(cpp, text), DEMANGLE_TOO_LONG);
	assert_int_equal(demangle_try("_Z1fQ", text), DEMANGLE_UNREADABLE);
	assert_int_equal(demangle_try("main", text), DEMANGLE_NOT_MANGLED);
	assert_ptr_equal(demangled(rust), rust);
	free(cpp);
	free(rust);
	free(small);
	free(small_rust);
}

static void a_name_of_any_bytes_never_breaks_the_demangler(void **state)
{
	static const char letters[] = "_ZNRIEKPRSTLcivCBuj0123456789abXMYFDp.$@hn";
	unsigned int seed = 1;

	for (int round = 0; round < 20000; round++) {
		char name[200] = "_Z";
		size_t length = 2 + (size_t)(rand_r(&seed) % 190);

		if (round % 2)
			name[1] = 'R';
		for (size_t i = 2; i < length; i++)
			name[i] = letters[(size_t)rand_r(&seed) % (sizeof(letters) - 1)];
		assert_non_null(demangled(name));
	}
}

/* Paths */

static const char *path_of(const char *folder, const char *file)
{
	static char path[SOURCE_PATH_MAX];

	return source_path(path, folder, file);
}

static void a_source_is_named_by_one_plain_path(void **state)
{
	assert_string_equal(path_of("/build", "../src/a.c"), "/src/a.c");
	assert_string_equal(path_of("/home/you/build", "../tests/./a.c"), "/home/you/tests/a.c");
	assert_string_equal(path_of("/build", "/usr/include/x.h"), "/usr/include/x.h");
	assert_string_equal(path_of("/a//b/", "c//d.c"), "/a/b/c/d.c");
	assert_string_equal(path_of(NULL, "a.c"), "a.c");
	assert_string_equal(path_of(".", "./a.c"), "a.c");
	assert_string_equal(path_of(NULL, "../a/../b.c"), "../b.c");
	assert_string_equal(path_of(NULL, "../../b.c"), "../../b.c");
	assert_string_equal(path_of("/a", "../../../b.c"), "/b.c");
	assert_string_equal(path_of("/", ".."), "/");
	assert_string_equal(path_of("", ""), "");
}

static void a_path_that_is_too_long_stays_as_it_is(void **state)
{
	char *file = malloc(SOURCE_PATH_MAX + 1);

	memset(file, 'a', SOURCE_PATH_MAX);
	file[SOURCE_PATH_MAX] = '\0';
	assert_ptr_equal(path_of("/b", file), file);
	free(file);
}

/* The program's own code */

static void the_program_and_its_own_libraries_are_own(void **state)
{
	assert_true(own_module("/srv/app/server"));
	assert_true(own_module("/usr/bin/python3.11"));
	assert_true(own_module("/usr/lib/firefox/firefox"));
	assert_true(own_module("/srv/app/libstore.so.1"));
	assert_true(own_module(NULL)); /* generated at run time */
	assert_false(own_module("/lib/x86_64-linux-gnu/libc.so.6"));
	assert_false(own_module("/usr/lib/x86_64-linux-gnu/libssl.so.3"));
	assert_false(own_module("/srv/app/lib/libstdc++.so.6"));
	assert_false(own_module("linux-vdso.so.1"));
	assert_false(own_module("[vdso]"));
}

static void libraries_that_run_every_program_are_not_own_wherever_they_lie(void **state)
{
	static const char *const names[] = {
		"ld-linux-x86-64.so.2",
		"ld-musl-x86_64.so.1",
		"libc.so.6",
		"libc-2.31.so",
		"libc.musl-x86_64.so.1",
		"libpthread.so.0",
		"libdl.so.2",
		"libm.so.6",
		"librt.so.1",
		"libgcc_s.so.1",
		"libstdc++.so.6",
		"libc++.so.1",
		"libunwind.so.8",
		"libunwind-x86_64.so.8",
		"libasan.so.8",
		"libtsan.so.2",
		"libubsan.so.1",
		"liblsan.so.0",
		"libclang_rt.asan-x86_64.so",
		"libresolv.so.2",
		"libfdtrail.so",
	};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/srv/app/lib/%s", names[i]);
		assert_false(own_module(path));
		assert_false(own_module(names[i]));
	}
	/* Names that begin like the system's, but are the user's. */
	assert_true(own_module("/srv/app/lib/libcache.so"));
	assert_true(own_module("/srv/app/lib/libmine.so"));
	assert_true(own_module("/opt/x/libc"));
}

static void libraries_inside_the_program_are_not_own(void **state)
{
	assert_true(own_function("app::fetch(int)", "/src/app.cc"));
	assert_true(own_function("fetch", NULL));
	assert_true(own_function(NULL, NULL));
	assert_true(own_function("main", "/src/app.c"));
	assert_true(own_function("cloned", NULL));
	assert_false(own_function("_start", NULL));
	assert_false(own_function("__libc_start_call_main", NULL));
	assert_false(own_function("start_thread", NULL));
	assert_false(own_function("clone3", NULL));
	assert_false(own_function("__GI___clone3", "sysdeps/unix/sysv/linux/x86_64/clone3.S"));
	/* Rust's standard library, where Debian and rustup unpack it, and with its path cut. */
	assert_false(
		own_function("connect", "/usr/lib/rustlib/src/rust/library/std/src/net/tcp.rs"));
	assert_false(own_function("open", "/home/me/.rustup/x/library/core/src/ops/function.rs"));
	assert_true(own_function("app::run", "/home/me/library/src/main.rs"));
	assert_false(own_function("std::thread::_M_run()", "/usr/include/c++/12/thread"));
	assert_false(own_function("std::net::tcp::TcpStream::connect", NULL));
	assert_false(own_function("call", "/rustc/5980/library/std/src/net/tcp.rs"));
	assert_true(own_function("main.(*Server).Disconnect", "/src/main.go"));
	assert_true(own_function("Main.poll", "/src/main.ml"));
	assert_true(own_function("Unixy.connect", "/src/unixy.ml"));
	assert_true(own_function("camlUnixy__connect_245", NULL));
	assert_true(own_function(NULL, "/src/main.ml"));
	assert_false(own_function("Stdlib.open_in", "stdlib.ml"));
	assert_false(own_function("Stdlib__Printf.printf", "printf.ml"));
	assert_false(own_function("CamlinternalLazy.force", "camlinternalLazy.ml"));
	assert_false(own_function("camlUnix__connect_245", NULL));
	assert_false(own_function("camlStdlib.open_in_284", NULL));
	assert_false(own_function("caml_sys_open", NULL));
	assert_true(own_function("github.com/x/y.Dial", "/go/pkg/mod/github.com/x/y/dial.go"));
	assert_false(own_function("net/http.(*Transport).dial",
				  "/usr/lib/go/src/net/http/transport.go"));
	assert_false(own_function("openSync", "node:fs"));
	assert_false(own_function("openSync", "fs.js"));
	assert_false(own_function("Module._load", "internal/modules/cjs/loader.js"));
	assert_true(own_function("leakFile", "/srv/n.js"));
	assert_false(own_function("runtime.goexit", "/usr/lib/go/src/runtime/asm_amd64.s"));
	assert_false(own_function("net/http.(*onceCloseListener).Accept", "<autogenerated>"));
	assert_true(own_function("main.(*Server).Disconnect-fm", "<autogenerated>"));
	assert_false(own_function("caml_sys_open", NULL));
	assert_false(own_function("camlStdlib__open_in_gen_405", "stdlib.ml"));
	assert_false(own_function("camlStdlib.open_in_gen_405", NULL));
	assert_true(own_function("camlMain__first_line_12", "main.ml"));
	assert_true(own_function("camlMain.first_line_12", NULL));
}

/* The child process */

struct answers {
	size_t found;
	const char *source;
	char function[32];
	uint64_t last;
	size_t waited;
	char step[64];
};

static void found(void *data, size_t index, const struct name_source *source,
		  const struct model_location *locations, size_t count)
{
	struct answers *answers = data;

	answers->found++;
	answers->source = source->name;
	answers->last = index;
	assert_true(count > 0);
	snprintf(answers->function, sizeof(answers->function), "%s", locations[0].function);
}

static void waiting(void *data, const char *step)
{
	struct answers *answers = data;

	answers->waited++;
	snprintf(answers->step, sizeof(answers->step), "%s", step);
}

static int opens(const struct module_file *file, void **state)
{
	*state = NULL;
	return 0;
}

static void closes(void *state)
{
}

static bool knows_all(void *state, uint64_t address, struct answer *answer)
{
	answer_add(answer, "_ZN3app1fEv", "/src/app.cc", 7, 3, false);
	return true;
}

static bool knows_even(void *state, uint64_t address, struct answer *answer)
{
	if (address % 2)
		return false;
	answer_add(answer, "even", NULL, 0, 0, false);
	return true;
}

static bool crashes(void *state, uint64_t address, struct answer *answer)
{
	if (address == 3)
		raise(SIGSEGV);
	return knows_even(state, address, answer);
}

static bool hangs(void *state, uint64_t address, struct answer *answer)
{
	static volatile bool goes_on = true;

	while (goes_on)
		;
	return false;
}

static bool aborts(void *state, uint64_t address, struct answer *answer)
{
	abort();
}

static bool knows_long_names(void *state, uint64_t address, struct answer *answer)
{
	static char name[100000];

	memset(name, 'n', sizeof(name) - 1);
	for (int i = 0; i < 1000; i++)
		answer_add(answer, name, name, -1, -1, true);
	return true;
}

static const struct name_source good = {"good", opens, knows_all, closes};
static const struct name_source even = {"even", opens, knows_even, closes};
static const struct name_source crashing = {"crashing", opens, crashes, closes};
static const struct name_source hanging = {"hanging", opens, hangs, closes};
static const struct name_source aborting = {"aborting", opens, aborts, closes};
static const struct name_source talkative = {"talkative", opens, knows_long_names, closes};

static char module_path[] = "/tmp/module-XXXXXX";

/* A library without sections and build-id: a header and one segment. */
static int make_module(void **state)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
	} file = {
		.header =
			{
				.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					    ELFDATA2LSB, EV_CURRENT},
				.e_type = ET_DYN,
				.e_machine = EM_X86_64,
				.e_version = EV_CURRENT,
				.e_phoff = sizeof(Elf64_Ehdr),
				.e_ehsize = sizeof(Elf64_Ehdr),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = 1,
			},
		.segment = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_align = 4096},
	};
	int fd = mkstemp(module_path);

	file.segment.p_filesz = file.segment.p_memsz = sizeof(file);
	return fd >= 0 && write(fd, &file, sizeof(file)) == sizeof(file) ? close(fd) : -1;
}

static int remove_module(void **state)
{
	return unlink(module_path);
}

static int ask(const struct name_source *const *sources, struct answers *answers, char *trouble)
{
	static const uint64_t addresses[] = {1, 2, 3, 4};

	*answers = (struct answers){0};
	return worker_run(
		&(struct worker_request){
			.module =
				{
					.path = module_path,
					.same_host = true,
					.taken = (double)time(NULL) + 10,
				},
			.addresses = addresses,
			.count = 4,
			.sources = sources,
			.seconds = 1,
			.found = found,
			.waiting = waiting,
			.data = answers,
		},
		trouble);
}

#define ASK(answers, trouble, ...)                                                                 \
	ask((const struct name_source *const[]){__VA_ARGS__, NULL}, answers, trouble)

static void the_first_source_that_knows_an_address_answers(void **state)
{
	char trouble[MODULE_TROUBLE_SIZE];
	struct answers answers;

	assert_int_equal(ASK(&answers, trouble, &even, &good), 0);
	assert_string_equal(trouble, "");
	assert_int_equal(answers.found, 4);
	assert_string_equal(answers.source, "good");
	assert_string_equal(answers.function, "app::f()");
	assert_int_equal(answers.last, 2);
}

static void a_source_that_crashes_costs_its_own_answers_only(void **state)
{
	char trouble[MODULE_TROUBLE_SIZE];
	struct answers answers;

	assert_int_equal(ASK(&answers, trouble, &crashing, &good), 0);
	assert_int_equal(answers.found, 4);
	assert_string_equal(answers.source, "good");
	assert_non_null(strstr(trouble, "its file is damaged: reading it (crashing) ended with: "
					"Segmentation fault"));
	assert_int_equal(ASK(&answers, trouble, &aborting, &aborting), 0);
	assert_int_equal(answers.found, 0);
	assert_non_null(strstr(trouble, "Aborted"));
}

static void a_source_that_never_ends_is_given_up(void **state)
{
	char trouble[MODULE_TROUBLE_SIZE];
	struct answers answers;

	assert_int_equal(ASK(&answers, trouble, &hanging, &good), 0);
	assert_int_equal(answers.found, 4);
	assert_string_equal(trouble,
			    "reading its file (hanging) was stopped after 1 s of CPU time");
	/* Until then the caller was told which step takes so long. */
	assert_true(answers.waited > 1);
	assert_memory_equal(answers.step, "reading module-", 15);
}

static void names_without_end_are_cut(void **state)
{
	char trouble[MODULE_TROUBLE_SIZE];
	struct answers answers;

	assert_int_equal(ASK(&answers, trouble, &talkative), 0);
	assert_string_equal(trouble, "");
	assert_int_equal(answers.found, 4);
}

static void no_child_is_left_behind(void **state)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Maps of generated code */

static char folder[] = "/tmp/perf-map-XXXXXX";

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/perf-7.map", folder);
	unlink(path);
	return rmdir(folder);
}

static void write_map(const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/perf-7.map", folder);
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void generated_code_has_the_name_of_the_last_entry(void **state)
{
	struct perf_map_name names[] = {
		{0x1000, NULL}, {0x10ff, NULL}, {0x1100, NULL}, {0x2005, NULL}};

	write_map("1000 100 old\n"
		  "1000 100 LazyCompile:*serve /srv/a b.js:12\n"
		  "0x2000 10 with prefix\n"
		  "2000 6 Function:~late\r\n"
		  "nonsense\n\n3000\n4000 zz x\nffffffffffffffff ffffffffffffffff wraps\n");
	assert_int_equal(perf_map_find(folder, 7, 0, names, 4), 0);
	assert_string_equal(names[0].name, "LazyCompile:*serve /srv/a b.js:12");
	assert_string_equal(names[1].name, "LazyCompile:*serve /srv/a b.js:12");
	assert_null(names[2].name);
	assert_string_equal(names[3].name, "Function:~late");
	for (int i = 0; i < 4; i++)
		free(names[i].name);
}

static void a_map_that_may_be_anothers_is_not_read(void **state)
{
	struct perf_map_name name = {0x1000, NULL};
	char path[64];

	assert_int_equal(perf_map_find(folder, 8, 0, &name, 1), -ENOENT);
	write_map("1000 100 a\n");
	snprintf(path, sizeof(path), "%s/perf-7.map", folder);
	/* The map was written before the process began, so it is of another process with the
	 * same number. */
	assert_int_equal(perf_map_find(folder, 7, (double)time(NULL) + 3600, &name, 1), -EPERM);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(perf_map_find(folder, 7, 0, &name, 1), -EPERM);
	}
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(perf_map_find(folder, 7, 0, &name, 1), -ELOOP);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(perf_map_find(folder, 7, 0, &name, 1), -EPERM);
	assert_null(name.name);
}

static void a_name_by_v8_is_taken_apart(void **state)
{
	static const struct {
		const char *text, *function, *file;
		int line, column;
	} cases[] = {
		{"JS:^leakFile /srv/n.js:2:18", "leakFile", "/srv/n.js", 2, 18},
		{"LazyCompile:*get size /srv/a b.js:12:5", "get size", "/srv/a b.js", 12, 5},
		{"InterpretedFunction:serve /srv/a.js:12", "serve", "/srv/a.js", 12, 0},
		{"JS:~ file:///srv/m.mjs:1:1", "(anonymous)", "file:///srv/m.mjs", 1, 1},
		{"JS:*openSync node:fs:570:18", "openSync", "node:fs", 570, 18},
		{"Function:~late /srv/x.js:7", "late", "/srv/x.js", 7, 0},
		{"JS:^odd /srv/x.js:0:99999999999", "odd", "/srv/x.js:0:99999999999", 0, 0},
		{"Builtin:ArrayMap", NULL, NULL, 0, 0},
		{"Ljava/net/Socket;::connect", NULL, NULL, 0, 0},
		{"JS:", NULL, NULL, 0, 0},
		{"JS:^ ", NULL, NULL, 0, 0},
		{"JS:^name", NULL, NULL, 0, 0},
		{"", NULL, NULL, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct generated_name name;
		char *text = strdup(cases[i].text);

		assert_int_equal(language_parse_name(text, &name), cases[i].function != NULL);
		if (cases[i].function) {
			assert_string_equal(name.function, cases[i].function);
			assert_string_equal(name.file, cases[i].file);
			assert_int_equal(name.line, cases[i].line);
			assert_int_equal(name.column, cases[i].column);
		} else {
			assert_string_equal(text, cases[i].text);
		}
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{"names are written as in the source", names_are_written_as_in_the_source, NULL,
		 NULL, NULL},
		{"a name that isn't mangled stays as it is",
		 a_name_that_isnt_mangled_stays_as_it_is, NULL, NULL, NULL},
		{"a name that doubles itself stays mangled",
		 a_name_that_doubles_itself_stays_mangled, NULL, NULL, NULL},
		{"the libraries of C++ that are installed demangle, too, without a return type",
		 the_libraries_of_cpp_demangle_without_a_return_type, NULL, NULL, NULL},
		{"a name of any bytes never breaks the demangler",
		 a_name_of_any_bytes_never_breaks_the_demangler, NULL, NULL, NULL},
		{"a source is named by one plain path", a_source_is_named_by_one_plain_path, NULL,
		 NULL, NULL},
		{"a path that is too long stays as it is", a_path_that_is_too_long_stays_as_it_is,
		 NULL, NULL, NULL},
		{"the program and its own libraries are own",
		 the_program_and_its_own_libraries_are_own, NULL, NULL, NULL},
		{.name = "libraries that run every program are not own, wherever they lie",
		 .test_func = libraries_that_run_every_program_are_not_own_wherever_they_lie},
		{"libraries inside the program are not own",
		 libraries_inside_the_program_are_not_own, NULL, NULL, NULL},
		{"the first source that knows an address answers",
		 the_first_source_that_knows_an_address_answers, make_module, NULL, NULL},
		{"a source that crashes costs its own answers only",
		 a_source_that_crashes_costs_its_own_answers_only, NULL, NULL, NULL},
		{"a source that never ends is given up", a_source_that_never_ends_is_given_up, NULL,
		 NULL, NULL},
		{"names without end are cut", names_without_end_are_cut, NULL, NULL, NULL},
		{"no child is left behind", no_child_is_left_behind, NULL, remove_module, NULL},
		{"generated code has the name of the last entry",
		 generated_code_has_the_name_of_the_last_entry, make_folder, NULL, NULL},
		{"a name by V8 is taken apart", a_name_by_v8_is_taken_apart, NULL, NULL, NULL},
		{"a map that may be another's is not read", a_map_that_may_be_anothers_is_not_read,
		 NULL, remove_folder, NULL},
	};

	return cmocka_run_group_tests_name("symbolize", tests, NULL, NULL);
}
