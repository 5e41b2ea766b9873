// SPDX-License-Identifier: MIT
/*
 * Java: HotSpot, the virtual machine of OpenJDK. It is found by what libjvm.so exports. A thread's
 * Java frames are read only if HotSpot says that the thread is in native code: in the virtual
 * machine itself (it loads a class, collects garbage) its own native frames say more, and other
 * threads of it (compilers, collectors) have none.
 */
#include <string.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/line.h"
#include "preload/core/base/loaded_symbol.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/capture/proven_memory.h"
#include "hotspot.h"
#include "hotspot_names.h"
#include "hotspot_walk.h"
#include "languages.h"

/* The part of JNI that is used here: "JNI Specification", The Invocation API. */
enum { JNI_OK = 0, JNI_VERSION_1_2 = 0x00010002 };
struct java_vm {
	const struct invocation {
		void *reserved[3];
		int32_t (*destroy)(struct java_vm *vm);
		int32_t (*attach)(struct java_vm *vm, void **env, void *arguments);
		int32_t (*detach)(struct java_vm *vm);
		int32_t (*get_env)(struct java_vm *vm, void **env, int32_t version);
	} * functions;
};
typedef int32_t get_created(struct java_vm **vms, int32_t room, int32_t *count);

enum { OLDEST = 8, NEWEST = 25, COMPACT_WITHOUT_ZERO = 20 };

static struct hotspot hotspot;
static const char *libjvm; /* the loader's name of it */
static size_t home_length; /* of the folder of the virtual machine's libraries in it */
static get_created *find_vm;
static _Atomic(struct java_vm *) machine; /* NULL: it has not started */
static _Atomic uintptr_t env_in_thread;   /* offset of JNIEnv in JavaThread; 0: not known */

static void put_version(struct detection *detection, unsigned int release)
{
	LINE(line, LINE_SHORT);

	line_number(&line, release);
	memcpy(detection->version, line.text, strnlen(line.text, sizeof(detection->version) - 1));
}

/* The length of a path without its last parts. */
static size_t length_to_folder(const char *path, int parts)
{
	size_t length = strlen(path);

	while (length && parts)
		if (path[--length] == '/')
			parts--;
	return length;
}

static enum detected detect(struct detection *detection)
{
	struct loaded_symbol symbol;
	uint32_t version;

	if (!loaded_symbol_find("JNI_GetCreatedJavaVMs", &symbol))
		return DETECTED_NOT;
	/* The virtual machine is never unloaded. Other threads may be using what is known of it. */
	if ((uintptr_t)find_vm == symbol.address)
		return DETECTED;
	get_created *function = (get_created *)symbol.address;
	if (!loaded_symbol_find("gHotSpotVMStructs", &symbol)) {
		detection->trouble = "this virtual machine isn't HotSpot";
		return loaded_symbol_busy() ? DETECTED_NOT : DETECTED_UNKNOWN;
	}
	if (!hotspot_read_tables(&hotspot) ||
	    !proven_copy(&version, hotspot.version, sizeof(version))) {
		detection->trouble = "libjvm.so's tables lack something";
		return loaded_symbol_busy() ? DETECTED_NOT : DETECTED_UNKNOWN;
	}
	hotspot.release = hotspot.code_heaps ? version : 8;
	hotspot.compact_zero = hotspot.release >= COMPACT_WITHOUT_ZERO;
	put_version(detection, hotspot.release);
	if (hotspot.release < OLDEST || hotspot.release > NEWEST) {
		detection->trouble = "fdtrail doesn't know this version";
		return DETECTED_UNKNOWN;
	}
	libjvm = symbol.module;
	home_length = length_to_folder(libjvm, 2);
	find_vm = function;
	return DETECTED;
}

/* The thread's JNIEnv, which only threads of Java have. 0: none. */
static uintptr_t current_env(void)
{
	struct java_vm *vm = atomic_load_explicit(&machine, memory_order_acquire);
	void *env = NULL;
	int32_t count = 0;

	if (!vm) {
		if (find_vm(&vm, 1, &count) != JNI_OK || !count)
			return 0;
		atomic_store_explicit(&machine, vm, memory_order_release);
	}
	return vm->functions->get_env(vm, &env, JNI_VERSION_1_2) == JNI_OK ? (uintptr_t)env : 0;
}

/* Finds out where a JavaThread has its JNIEnv: no table says so. A JavaThread leads to its thread
 * id. */
static uintptr_t find_env_offset(uintptr_t env)
{
	long self = RAW(gettid);

	for (uintptr_t offset = 0; offset < hotspot.thread_size; offset += 8) {
		uintptr_t os;
		uint32_t id;

		if (proven_word(env - offset + hotspot.thread_os, &os) && os % 8 == 0 && os &&
		    proven_copy(&id, os + hotspot.os_thread_id, sizeof(id)) && (long)id == self)
			return offset;
	}
	return 0;
}

static int frames(const struct registers *from, struct language_frame *frames, int room)
{
	uintptr_t env = current_env();
	uintptr_t offset = atomic_load_explicit(&env_in_thread, memory_order_relaxed);

	(void)from;
	if (!env)
		return 0;
	if (!offset) {
		offset = find_env_offset(env);
		atomic_store_explicit(&env_in_thread, offset, memory_order_relaxed);
	}
	return offset && hotspot_find_heaps(&hotspot)
		       ? hotspot_walk(&hotspot, env - offset, frames, room)
		       : 0;
}

static bool describe(const struct language_frame *frame, struct language_name *name)
{
	return hotspot_name(&hotspot, frame, name);
}

static bool is_loop(uintptr_t pc)
{
	return hotspot_find_heaps(&hotspot) && hotspot_owns(&hotspot, pc);
}

/* The virtual machine's own modules lie in the folder above that of libjvm.so (lib/server/). The
 * launcher loads its own by another path: bin/../lib/libjli.so. */
static bool is_library(const char *module)
{
	struct loaded_symbol launcher;

	if (!*module)
		return loaded_symbol_find("JLI_Launch", &launcher);
	return strncmp(module, libjvm, home_length) == 0 ||
	       strcmp(base_name(module), "libjli.so") == 0;
}

const struct interpreter java = {
	.name = "java",
	.detect = detect,
	.frames = frames,
	.describe = describe,
	.inlines = true,
	.ends_walk = true,
	.is_loop = is_loop,
	.is_library = is_library,
};
