// SPDX-License-Identifier: MIT
/* See unwinder_library.h. */
#include "unwinder_library.h"

#include <dlfcn.h>
#include <limits.h>

#include <libunwind.h>

#include "preload/core/base/first_version.h"
#include "preload/core/base/line.h"

FIRST_VERSION(dlopen);
FIRST_VERSION(dlerror);

/* Each needs the ones before it. The loader doesn't look for them in the folder, but takes what is
 * loaded already. */
static const char *const files[] = {"liblzma.so.5", "libunwind.so.8", UNWINDER_LIBRARY};

void *unwinder_library_open(const char *folder)
{
	void *library = dlopen(UNWINDER_LIBRARY, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; !library && *folder && i < sizeof(files) / sizeof(*files); i++) {
		LINE(path, PATH_MAX);

		line_add(&path, folder);
		line_add(&path, "/");
		line_add(&path, files[i]);
		void *loaded = dlopen(path.text, RTLD_NOW | RTLD_LOCAL);
		if (i == sizeof(files) / sizeof(*files) - 1)
			library = loaded;
	}
	if (!library)
		dlerror(); /* clears our error: the program may call dlerror for its own calls */
	return library;
}
