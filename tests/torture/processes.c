// SPDX-License-Identifier: MIT
/*
 * Operations of the torture that create and end processes, threads and libraries. A child closes
 * its descriptors, and its parent must not lose a record by that. A forked child's own snapshot is
 * compared with the model.
 */
#define _GNU_SOURCE
#include "operations.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../programs/frame.h"
#include "steps.h"

enum { CHILD_OPENS = 3, CHILD_STACK = 64 * 1024 };

extern char **environ;
const char *report_prefix, *plugin_path;

static void wait_for(pid_t pid, int expected, const char *what)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		;
	if (status != expected)
		discrepancy("%s ended with wait status %#x, not %#x", what, status, expected);
}

FRAME static int child_opens(void)
{
	volatile int fd = open("/dev/null", O_WRONLY);

	return fd;
}

static void check_child(const struct thread *thread, const char *path, const int *fds)
{
	struct report report = {0};
	char *text = file_read(path, false), *at = text;
	int count = 0;

	while (at && report_read(&report, &at)) {
		count++;
		if (!report.whole) {
			discrepancy("a forked child's snapshot is cut");
			break;
		}
		for (int i = 0; i < CHILD_OPENS; i++) {
			const struct report_descriptor *found = report_find(&report, fds[i]);
			const struct report_group *group =
				found ? &report.groups[found->group] : NULL;

			if (!group || group->origin != REPORT_OPENED ||
			    group->opened != CHILD_OPENS || group->live != CHILD_OPENS ||
			    group->function_count == 0 ||
			    strcmp(group->functions[0], "child_opens") != 0)
				discrepancy("a forked child's descriptor %d is not what it opened: "
					    "origin %d, %ld opened, %ld live, by %s",
					    fds[i], group ? (int)group->origin : -1,
					    group ? group->opened : 0, group ? group->live : 0,
					    group && group->function_count ? group->functions[0]
									   : "nobody");
		}
		for (int i = 0; i < thread->count; i++)
			model_agrees(&report, &thread->things[i], REPORT_FORKED);
		if (report.misuses > 0)
			discrepancy("a forked child has %ld misuses of its parent's",
				    report.misuses);
		if (report.unclosed != CHILD_OPENS)
			discrepancy("a forked child that opened %d has %ld unclosed", CHILD_OPENS,
				    report.unclosed);
	}
	if (count != 2) /* one by the signal, and one at its end */
		discrepancy("a forked child has written %d snapshots, not 2", count);
	report_release(&report);
	free(text);
	unlink(path);
}

void operate_fork(struct thread *thread)
{
	int fds[CHILD_OPENS], wire[2];
	char path[512];
	sigset_t alarms, before;

	if (pipe(wire) != 0)
		return;
	/* Otherwise the handler could open something between the fork and the child's snapshot,
	 * which would be in neither model. */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	take_caught(thread);
	pid_t pid = fork();
	if (pid == 0) {
		for (volatile int i = 0; i < CHILD_OPENS; i++) /* volatile: one call, not three */
			fds[i] = child_opens();
		raise(SIGUSR1);
		(void)!write(wire[1], fds, sizeof(fds));
		_exit(7);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (pid > 0) {
		wait_for(pid, 7 << 8, "a forked child");
		if (read(wire[0], fds, sizeof(fds)) == sizeof(fds)) {
			snprintf(path, sizeof(path), "%s%d", report_prefix, pid);
			check_child(thread, path, fds);
		}
	}
	close(wire[0]);
	close(wire[1]);
	model_did(DID_FORK, 1);
}

/* Runs in a child that shares the parent's memory: closes descriptors, and must leave no trace. */
static void close_some(const struct thread *thread)
{
	for (int i = 0; i < thread->count && i < 4; i++)
		if (i % 2)
			close(thread->things[i].fd);
		else
			dup2(0, thread->things[i].fd);
}

void operate_vfork(struct thread *thread)
{
	char *words[] = {(char *)"true", NULL};
	pid_t pid = vfork();

	if (pid == 0) {
		close_some(thread);
		if (thread->slot % 2)
			_exit(0);
		execve("/bin/true", words, environ);
		_exit(127);
	}
	if (pid > 0)
		wait_for(pid, 0, "a vfork child");
	model_did(DID_VFORK, 1);
}

void operate_spawn(struct thread *thread)
{
	char *words[] = {(char *)"true", NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, thread->post[0]);
	posix_spawn_file_actions_adddup2(&actions, 0, thread->tcp_listener);
	if (posix_spawnp(&pid, "true", &actions, NULL, words, environ) == 0)
		wait_for(pid, 0, "a spawned child");
	else
		discrepancy("posix_spawnp failed");
	posix_spawn_file_actions_destroy(&actions);
	model_did(DID_SPAWN, 1);
}

static int cloned(void *data)
{
	close_some(data);
	_exit(0);
}

void operate_clone(struct thread *thread)
{
	char *stack = malloc(CHILD_STACK);
	int pid =
		stack ? clone(cloned, stack + CHILD_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, thread)
		      : -1;

	if (pid > 0)
		wait_for(pid, 0, "a cloned child");
	else
		discrepancy("clone failed");
	free(stack);
	model_did(DID_SPAWN, 1);
}

void operate_library(struct thread *thread)
{
	char name[32];
	int site = (int)random_below(&thread->random, 8);

	if (thread->plugin) {
		dlclose(thread->plugin);
		thread->plugin = NULL;
		return;
	}
	/* Symbols are bound at once, or at the first call, or to the C library before the
	 * tracer. */
	static const int flags[] = {RTLD_NOW, RTLD_LAZY, RTLD_NOW | RTLD_DEEPBIND,
				    RTLD_LAZY | RTLD_DEEPBIND};
	thread->plugin = dlopen(plugin_path, flags[random_below(&thread->random, 4)]);
	snprintf(name, sizeof(name), "plugin_opens_%d", site);
	int (*opens)(void) = thread->plugin ? (int (*)(void))dlsym(thread->plugin, name) : NULL;
	if (!opens) {
		discrepancy("the library can't be loaded: %s", dlerror());
		return;
	}
	struct thing thing = {
		.fd = opens(),
		.family = BY_PLUGIN,
		.site = site,
		.kind = "device",
		.tid = thread->tid,
	};
	if (thing.fd >= 0)
		model_add(thread, &thing);
	if (random_once_in(&thread->random, 2)) {
		dlclose(thread->plugin);
		thread->plugin = NULL;
	}
	model_did(DID_LOAD, 1);
}

void join_thread(pthread_t id, const int *tid)
{
	pthread_join(id, NULL);
	while (syscall(SYS_tgkill, getpid(), *tid, 0) == 0)
		sched_yield();
}

FRAME static void *short_lived(void *data)
{
	struct thread *thread = data;

	thread->tid = gettid();
	for (volatile int i = 0; i < 3; i++) { /* volatile: one call, not three */
		size_t family = family_named(i == 0   ? "eventfd_counter"
					     : i == 1 ? "pipe_pair"
						      : "memfd");
		open_by(thread, family, path_any(&thread->random));
	}
	return NULL;
}

/* Runs a thread that makes three opens; its descriptors belong to the calling thread when it has
 * ended. */
void operate_thread(struct thread *thread)
{
	int tid = thread->tid;
	pthread_t id;
	sigset_t alarms, before;

	/* A handler in that thread would find no thread of the test's. */
	thread->base = BASE_SHORT_LIVED;
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	int error = pthread_create(&id, NULL, short_lived, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		join_thread(id, &thread->tid);
	thread->tid = tid;
	thread->base = BASE_WORKER;
	model_did(DID_THREAD, 1);
}
