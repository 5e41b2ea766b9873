// SPDX-License-Identifier: MIT
/*
 * Perl: 5.32 to 5.42, built with threads, as distributions build it. A thread's interpreter is the
 * value of a pthread key; pthread_getspecific only reads. In 5.36 and later there is also a
 * thread-local variable, which costs memory at a thread's first access if Perl was loaded late.
 *
 * A function of Perl has no native frame of its own; each call from native code has one of
 * Perl_runops_standard.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/line.h"
#include "preload/core/base/loaded_symbol.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/capture/proven_memory.h"
#include "end_call.h"
#include "languages.h"
#include "perl_walk.h"

static struct perl_layout layout;
static struct loaded_symbol loop, debugged_loop, run, parse, destruct;
static uintptr_t key;                           /* the address of PL_thr_key */
static void *(*get_specific)(unsigned int key); /* found, so that no version of the C library's
						 * is asked for */
static bool is_command; /* the program is the perl command, which ends after one script */
static struct end_call end_call;

static bool is_perl_command(void)
{
	char path[PATH_MAX];
	long length = RAW(readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof(path) - 1);

	if (length <= 0)
		return false;
	path[length] = '\0';
	return strncmp(base_name(path), "perl", 4) == 0;
}

/* The x of version 5.x; 0: another one. */
static unsigned int minor_version(struct detection *detection)
{
	struct loaded_symbol revision, version;
	uint8_t major, minor;
	LINE(line, LINE_SHORT);

	if (!loaded_symbol_find("PL_revision", &revision) ||
	    !loaded_symbol_find("PL_version", &version) ||
	    !proven_copy(&major, revision.address, 1) || !proven_copy(&minor, version.address, 1))
		return 0;
	line_number(&line, major);
	line_add(&line, ".");
	line_number(&line, minor);
	memcpy(detection->version, line.text, line.length + 1);
	return major == 5 ? minor : 0;
}

static enum detected detect(struct detection *detection)
{
	enum { TRIED_MOST = 16 };
	static unsigned int tried;
	struct loaded_symbol specific, thread_key, first;
	uintptr_t interpreter = 0;

	if (!loaded_symbol_find("perl_run", &run))
		return DETECTED_NOT;
	unsigned int minor = minor_version(detection);
	detection->trouble = "fdtrail knows the frames of Perl 5.32 to 5.42";
	if (minor < PERL_FIRST || minor > PERL_LAST || minor % 2)
		return DETECTED_UNKNOWN;
	detection->trouble = "fdtrail doesn't know builds without threads";
	if (!loaded_symbol_find("PL_thr_key", &thread_key))
		return DETECTED_UNKNOWN;
	detection->trouble = "its library doesn't export what fdtrail needs";
	if (!loaded_symbol_find("PL_curinterp", &first) ||
	    !loaded_symbol_find("pthread_getspecific", &specific) ||
	    !loaded_symbol_find("Perl_runops_standard", &loop))
		return DETECTED_UNKNOWN;
	/* Until the first interpreter is made, the key may be another library's. */
	if (!proven_word(first.address, &interpreter) || !interpreter)
		return DETECTED_LATER;
	if (!perl_layout_find(interpreter, minor, &layout)) {
		detection->trouble = "its interpreter isn't laid out as in the builds that "
				     "fdtrail knows";
		return ++tried < TRIED_MOST ? DETECTED_LATER : DETECTED_UNKNOWN;
	}
	/* Without them less is known, so the answers don't matter. */
	loaded_symbol_find("Perl_runops_debug", &debugged_loop);
	loaded_symbol_find("perl_parse", &parse);
	end_call_find("perl_destruct", &destruct);
	memcpy(&get_specific, &specific.address, sizeof(specific.address));
	key = thread_key.address;
	is_command = is_perl_command();
	return DETECTED;
}

/* The calling thread's interpreter; 0: it has none. */
static uintptr_t this_interpreter(void)
{
	return (uintptr_t)get_specific(*(const unsigned int *)key);
}

static int frames(const struct registers *from, struct language_frame *into, int room)
{
	uintptr_t interpreter = this_interpreter();

	(void)from;
	return interpreter ? perl_walk(&layout, interpreter, into, room) : 0;
}

static bool describe(const struct language_frame *frame, struct language_name *name)
{
	return perl_name(&layout, this_interpreter(), frame, name);
}

static bool is_loop(uintptr_t pc)
{
	return loaded_symbol_covers(&loop, pc) || loaded_symbol_covers(&debugged_loop, pc);
}

/* The interpreter is in the command itself, or in libperl.so. */
static bool is_library(const char *module)
{
	if (!*module)
		return is_command;
	return strcmp(module, run.module) == 0 || strstr(module, "/perl/") ||
	       strstr(module, "/perl5/") || strstr(module, "/perl-base/");
}

/*
 * Perl's main function calls perl_parse, perl_run and perl_destruct, which runs the program's END
 * blocks, and then closes the files that are left. Only the command is known to end then.
 */
static void walked(const uintptr_t *pcs, const uintptr_t *sps, uint32_t count)
{
	for (uint32_t i = 1; i < count && is_command && !end_call.at; i++)
		if (loaded_symbol_covers(&run, pcs[i - 1]) ||
		    loaded_symbol_covers(&parse, pcs[i - 1]))
			end_call.at = sps[i] - sizeof(uintptr_t);
}

static bool is_finishing(void)
{
	return end_call_runs(&end_call, &destruct) &&
	       !perl_in_end_block(&layout, this_interpreter());
}

const struct interpreter perl = {
	.name = "perl",
	.detect = detect,
	.frames = frames,
	.describe = describe,
	.is_loop = is_loop,
	.is_library = is_library,
	.walked = walked,
	.is_finishing = is_finishing,
};
