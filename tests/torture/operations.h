// SPDX-License-Identifier: MIT
/* What a thread of the torture does to descriptors. */
#pragma once

#include "model.h"

/* Opens by a function of this family, at the end of a path. Adds the things and returns the first;
 * NULL when the call was refused or there is nothing to call it with. */
struct thing *open_by(struct thread *thread, size_t family, int path);

/* The index of the family with this name. */
size_t family_named(const char *name);

/* Opens what the thread itself needs, and closes it all and everything else. */
void thread_begin(struct thread *thread);
void thread_close_all(struct thread *thread);

/* Takes what the signal handler has opened among the thread's things. */
void take_caught(struct thread *thread);
/* The handler of SIGALRM: opens, and closes or leaves it to take_caught. */
void on_alarm(int number);

/* One operation, drawn from the thread's numbers. */
void operate(struct thread *thread);

/* The thread that runs here; NULL in main. */
extern _Thread_local struct thread *self;

/* processes.c: children and libraries. Each does its one operation, and looks whether all is as it
 * was. */
void operate_fork(struct thread *thread);
void operate_vfork(struct thread *thread);
void operate_spawn(struct thread *thread);
void operate_clone(struct thread *thread);
void operate_library(struct thread *thread);
void operate_thread(struct thread *thread);

/* Waits for a thread of ours to end, and for its number to be nobody's: pthread_join returns a
 * moment before that, and a snapshot in that moment still finds the thread. tid: where the thread
 * has put it. */
void join_thread(pthread_t id, const int *tid);

extern const char *report_prefix; /* of FDTRAIL_OUTPUT, before the process id */
extern const char *plugin_path;
