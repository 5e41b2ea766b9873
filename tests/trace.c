// SPDX-License-Identifier: MIT
/*
 * trace PROGRAM ARGUMENT...: becomes the program, traced by the ptrace engine. So the process that
 * a test starts is the program itself, as under the preload.
 */
#include <unistd.h>

#include "tools/engine/tracer/engine.h"

int main(int argc, char **argv)
{
	if (argc < 2)
		return 125;
	return engine_exec(&(struct engine_request){
		.path = argv[1],
		.argv = argv + 1,
		.envp = environ,
		.go_ancestors = 10,
		.http = true,
	});
}
