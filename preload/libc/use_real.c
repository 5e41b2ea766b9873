// SPDX-License-Identifier: MIT
/* See use_real.h. */
#include "use_real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "preload/core/base/first_version.h"

FIRST_VERSION(dlsym);
FIRST_VERSION(dlerror);

struct use_real use_real;

/* Stores the function's address in the pointer at place. */
static void look_up(void *place, const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	/* Clears the error, because the program may call dlerror about its own calls. */
	if (!function)
		dlerror();
	memcpy(place, &function, sizeof(function));
}

void use_real_resolve(void)
{
	int saved = errno;

#define USED(function)             look_up(&use_real.function, #function);
#define USED_LIKE(function, other) USED(function)
#include "use_names.h"
#undef USED
#undef USED_LIKE
	errno = saved;
}
