// SPDX-License-Identifier: MIT
/*
 * trace PROGRAM ARGUMENT...: becomes the program, traced by the ptrace engine, with planted code if
 * TRACE_ENGINE is "planted". So the process that a test starts is the program itself, as under the
 * preload.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/engine/tracer/engine.h"

int main(int argc, char **argv)
{
	const char *engine = getenv("TRACE_ENGINE");

	if (argc < 2)
		return 125;
	return engine_exec(&(struct engine_request){
		.path = argv[1],
		.argv = argv + 1,
		.envp = environ,
		.go_ancestors = 10,
		.http = true,
		.planted = engine && strcmp(engine, "planted") == 0,
	});
}
