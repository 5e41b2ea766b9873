// SPDX-License-Identifier: MIT
/*
 *     unloads seen ROUNDS LIBRARY...
 *
 * A thread for each library loads it, opens and closes a descriptor by it, and unloads it, ROUNDS
 * times.
 *
 *     unloads unseen ROUNDS LIBRARY...
 *
 * Two threads load and unload the first library all the time, by the C library's own dlclose, which
 * no hook sees. Meanwhile each of the others is loaded, and opens, once. ROUNDS isn't used.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool finished;
static int (*unseen)(void *);
static int rounds;

static void *load(const char *name)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		puts(dlerror());
		exit(1);
	}
	return library;
}

static void open_by(void *library)
{
	int (*open_one)(const char *) = (int (*)(const char *))dlsym(library, "library_call");
	int fd = open_one("/dev/null");

	if (fd < 0 || close(fd) != 0)
		exit(1);
}

static void *unload_seen(void *name)
{
	for (int i = 0; i < rounds; i++) {
		void *library = load(name);

		open_by(library);
		dlclose(library);
	}
	return NULL;
}

static void *unload_unseen(void *name)
{
	while (!finished)
		unseen(load(name));
	return NULL;
}

int main(int count, char **words)
{
	int is_unseen = count > 3 && strcmp(words[1], "unseen") == 0;
	pthread_t threads[16];
	int running = is_unseen ? 2 : count - 3;

	if (count < 4 || running > 16)
		return 1;
	rounds = atoi(words[2]);
	/* Before glibc 2.34 dlclose is libdl's; since then libdl needs libc, which has it. */
	unseen = (int (*)(void *))dlsym(load("libdl.so.2"), "dlclose");
	if (!unseen)
		return 1;
	for (int i = 0; i < running; i++)
		if (pthread_create(&threads[i], NULL, is_unseen ? unload_unseen : unload_seen,
				   words[is_unseen ? 3 : 3 + i]) != 0)
			return 1;
	for (int i = 4; is_unseen && i < count; i++)
		open_by(load(words[i]));
	finished = 1;
	for (int i = 0; i < running; i++)
		pthread_join(threads[i], NULL);
	puts("good");
	return 0;
}
