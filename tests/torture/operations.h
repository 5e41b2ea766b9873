// SPDX-License-Identifier: MIT
/* The operations of the torture's threads on descriptors. */
#pragma once

#include "model.h"

/* Opens by a function of this family, at the end of a path. Adds the things and returns the
 * first one; NULL if the call failed, or its input is missing. */
struct thing *open_by(struct thread *thread, size_t family, int path);

/* The index of the family with this name. */
size_t family_named(const char *name);

/* Opens what the thread itself needs; closes that and everything else. */
void thread_begin(struct thread *thread);
void thread_close_all(struct thread *thread);

/* Adds the descriptors that the signal handler has opened to the thread's things. */
void take_caught(struct thread *thread);
/* The handler of SIGALRM: opens, and closes or leaves it to take_caught. */
void on_alarm(int number);

/* Does one operation, chosen by the thread's random numbers. */
void operate(struct thread *thread);

/* The running thread; NULL in main. */
extern _Thread_local struct thread *self;

/* processes.c: children and libraries. Each does its one operation, and checks that nothing else
 * has changed. */
void operate_fork(struct thread *thread);
void operate_vfork(struct thread *thread);
void operate_spawn(struct thread *thread);
void operate_clone(struct thread *thread);
void operate_library(struct thread *thread);
void operate_thread(struct thread *thread);

/* Waits for a thread of the test's to end, and for the kernel to release its number:
 * pthread_join returns a moment before that, and a snapshot in that moment still finds the
 * thread. tid: where the thread has stored its number. */
void join_thread(pthread_t id, const int *tid);

extern const char *report_prefix; /* the part of FDTRAIL_OUTPUT before the process id */
extern const char *plugin_path;
