// SPDX-License-Identifier: MIT
/*
 * Differential torture: threads open, copy, pass on and close descriptors at random, by hundreds of
 * functions; at barriers a snapshot is compared with /proc/self/fd and with the threads' own
 * records.
 *
 *     torture --report=PREFIX --plugin=FILE [--seed=N] [--operations=N] [--threads=N] [--every=N]
 *
 * It runs under the tracer with FDTRAIL_OUTPUT=PREFIX%p and FDTRAIL_INHERITED=1. The seed
 * determines the operations of each thread, but not how the threads interleave, unless there is
 * only one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../programs/frame.h"
#include "../programs/raw.h"
#include "misdeeds.h"
#include "operations.h"
#include "pairs.h"
#include "steps.h"
#include "watchdog.h"

enum { PATIENCE = 60, LEAVES_ONCE_IN = 4 };

static long operations = 20000, every = 1000;
static pthread_barrier_t arrived, go;
static char report_path[512];

static void set_alarms(int how)
{
	sigset_t alarms;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(how, &alarms, NULL);
}

FRAME static void *worker(void *data)
{
	struct thread *thread = data;
	bool first = thread->count == 0;

	self = thread;
	thread->tid = gettid();
	for (;;) {
		pthread_barrier_wait(&go);
		set_alarms(SIG_UNBLOCK);
		if (first)
			thread_begin(thread);
		first = false;
		for (long i = 0; i < every; i++) {
			operate(thread);
			watchdog_alive();
		}
		set_alarms(SIG_BLOCK);
		take_caught(thread);
		thread->leaving = random_once_in(&thread->random, LEAVES_ONCE_IN);
		bool leaving = thread->leaving;
		pthread_barrier_wait(&arrived);
		if (leaving)
			return NULL;
	}
}

static void start_thread_of(struct thread *thread)
{
	if (pthread_create(&thread->id, NULL, worker, thread) != 0) {
		perror("pthread_create");
		exit(2);
	}
	thread->alive = true;
}

/* Reads the snapshots that were written since the last barrier. The last one is the barrier's
 * own. The earlier ones were taken while threads worked, so only things that no thread touches
 * can be compared. */
static bool check_reports(long behind)
{
	char *text = file_read(report_path, true), *copy = text ? strdup(text) : NULL, *at = text;
	struct report report = {0};
	int in_between = -1;
	bool agree = true;

	while (at && report_read(&report, &at)) {
		in_between++;
		if (!report.whole) {
			discrepancy("a snapshot is cut or does not begin as one");
			agree = false;
		}
		if (!*at)
			break;
		for (int i = 0; i < thread_count; i++)
			for (int j = 0; j < threads[i].count; j++)
				if (threads[i].things[j].kept && threads[i].settled)
					agree = model_agrees(&report, &threads[i].things[j],
							     REPORT_OPENED) &&
						agree;
	}
	if (in_between < 0) {
		discrepancy("no snapshot was written to %s", report_path);
		agree = false;
	} else {
		agree = model_compare(&report, behind, in_between) && agree;
	}
	if (!agree) {
		FILE *file = fopen("failed.txt", "w");
		if (file && copy)
			fputs(copy, file);
		if (file)
			fclose(file);
	}
	report_release(&report);
	free(text);
	free(copy);
	return agree;
}

/* Closes a thing by a raw system call, which the snapshot has to notice. */
static long close_behind(struct random *random)
{
	struct thread *thread = &threads[random_below(random, (uint32_t)thread_count)];

	for (int i = 0; i < thread->count; i++) {
		const struct thing *thing = &thread->things[i];

		if (thing->kept || thing->owner != PLAIN)
			continue;
		raw_call(SYS_close, thing->fd, 0, 0, 0);
		pairs_add(thing, CLOSER_UNTRACED);
		model_remove(thread, i);
		return 1;
	}
	return 0;
}

static bool round_of_all(struct random *random)
{
	pthread_barrier_wait(&go);
	pthread_barrier_wait(&arrived);
	for (int i = 0; i < thread_count; i++)
		if (threads[i].leaving) {
			join_thread(threads[i].id, &threads[i].tid);
			/* Its descriptors stay open, and belong to its successor. */
			threads[i].alive = false;
		}
	long behind = random_once_in(random, 3) ? close_behind(random) : 0;
	raise(SIGUSR1);
	bool agree = check_reports(behind);
	for (int i = 0; i < thread_count; i++)
		threads[i].settled = true;
	misdeeds_settle();
	for (int i = 0; i < thread_count; i++)
		if (threads[i].leaving) {
			threads[i].leaving = false;
			model_did(DID_THREAD, 1);
			start_thread_of(&threads[i]);
		}
	return agree;
}

static void read_options(int count, char **words)
{
	static const struct option options[] = {
		{"report", required_argument, NULL, 'r'},
		{"plugin", required_argument, NULL, 'p'},
		{"seed", required_argument, NULL, 's'},
		{"operations", required_argument, NULL, 'o'},
		{"threads", required_argument, NULL, 't'},
		{"every", required_argument, NULL, 'e'},
		{"outside", no_argument, NULL, 'x'},
		{0},
	};
	int option;

	thread_count = 4;
	seed = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
	while ((option = getopt_long(count, words, "", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			report_prefix = optarg;
			break;
		case 'p':
			plugin_path = optarg;
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			operations = atol(optarg);
			break;
		case 't':
			thread_count = atoi(optarg);
			break;
		case 'e':
			every = atol(optarg);
			break;
		case 'x':
			outside = true;
			break;
		default:
			exit(2);
		}
	}
	if (!report_prefix || !plugin_path || thread_count < 1 || thread_count > THREADS_MAX ||
	    every < 1) {
		fprintf(stderr,
			"usage: torture --report=PREFIX --plugin=FILE [--seed=N] "
			"[--operations=N] [--threads=1..%d] [--every=N] [--outside]\n",
			THREADS_MAX);
		exit(2);
	}
}

int main(int count, char **words)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval ticks = {{0, 2000}, {0, 2000}}, none = {{0, 0}, {0, 0}};
	struct random random;
	long done = 0, barriers = 0;
	bool agree = true;

	read_options(count, words);
	/* Otherwise glibc's malloc opens /sys/devices/system/cpu/online in the thread that happens
	 * to need the ninth arena. The ptrace engine sees that call, also within opendir(3). */
	mallopt(M_ARENA_MAX, THREADS_MAX);
	random.state = seed;
	paths_make(&random);
	snprintf(report_path, sizeof(report_path), "%s%d", report_prefix, getpid());
	signal(SIGUSR1, SIG_IGN); /* raised below, to trigger snapshots */
	sigaction(SIGALRM, &action, NULL);
	set_alarms(SIG_BLOCK);
	watchdog_start(PATIENCE);
	pthread_barrier_init(&arrived, NULL, (unsigned int)thread_count + 1);
	pthread_barrier_init(&go, NULL, (unsigned int)thread_count + 1);
	for (int i = 0; i <= thread_count; i++) {
		threads[i].slot = i;
		threads[i].random.state = random_next(&random);
		threads[i].opened = calloc(model_keys(), sizeof(*threads[i].opened));
		if (!threads[i].opened)
			abort();
	}
	for (int i = 0; i < thread_count; i++)
		start_thread_of(&threads[i]);
	setitimer(ITIMER_REAL, &ticks, NULL);
	while (agree && done < operations) {
		/* Forked children are compared by the threads that make them. */
		agree = round_of_all(&random) && !discrepancy_any();
		barriers++;
		done = 0;
		for (int i = 0; i < thread_count; i++)
			done += threads[i].operations;
	}
	setitimer(ITIMER_REAL, &none, NULL);
	printf("seed %llu: %ld operations by %d threads in %zu functions; %ld descriptors and %ld "
	       "closing stacks compared in %ld "
	       "snapshots, %ld more asked for in between; %ld wrong closes, %ld forks, %ld vforks, "
	       "%ld spawned, %ld "
	       "libraries loaded, %ld threads come and gone, %ld left open by signal handlers: "
	       "%s\n",
	       (unsigned long long)seed, done, thread_count, family_count * SITES,
	       model_done(DID_COMPARE), model_done(DID_PAIR), barriers, model_done(DID_ASK),
	       model_done(DID_MISDEED), model_done(DID_FORK), model_done(DID_VFORK),
	       model_done(DID_SPAWN), model_done(DID_LOAD), model_done(DID_THREAD),
	       model_done(DID_SIGNAL), agree ? "no discrepancy" : "DISCREPANCY, see failed.txt");
	for (int i = 0; i <= thread_count; i++)
		thread_close_all(&threads[i]);
	fflush(stdout);
	_exit(agree ? 0 : 1);
}
