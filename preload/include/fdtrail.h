/* SPDX-License-Identifier: MIT */
/*
 * fdtrail.h: a program tells fdtrail what only it knows: who asked for work that another thread, or
 * a later event, does; and which test begins.
 *
 * The stack of a worker thread doesn't say who has put the work into its queue. So the code that
 * queues work keeps its cause, and the worker gives it back around the work:
 *
 *	job->cause = fdtrail_cause_here();              // where the job is queued
 *
 *	before = fdtrail_cause_begin(job->cause);       // where it is done
 *	job->run(job);
 *	fdtrail_cause_end(before);
 *
 * For each descriptor that the work opens, a report then shows the stack of fdtrail_cause_here,
 * below "asked for by:". With fdtrail_mark it can say which test leaked.
 *
 * It needs a tracer that was loaded by LD_PRELOAD, as `fdtrail run` does. Without it, each of these
 * functions only tests a pointer. There is nothing to link with. All of them are async-signal-safe
 * and keep errno. C99 or later, and C++.
 */
#ifndef FDTRAIL_H
#define FDTRAIL_H

#ifdef __cplusplus
extern "C" {
#endif

/* A stack that asks for something; id is fdtrail's. All zeroes: none. It may be copied, is never
 * freed, and is valid in this process and in its forked children. */
struct fdtrail_cause {
	unsigned int id;
};

/* The address of a function of libfdtrail.so; NULL: it isn't loaded. By way of the global offset
 * table, because a linker takes a weak function as missing for good in a program that isn't
 * position-independent. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define FDTRAIL_FIND_(function, to)                                                                \
	__asm__(".weak " #function "\n\tmovq " #function "@GOTPCREL(%%rip), %0" : "=r"(to))
#else /* fdtrail doesn't run there */
#define FDTRAIL_FIND_(function, to) ((to) = 0)
#endif

/* The parts of fdtrail_cause_here: the function to call, and the cause of its result. The empty
 * instruction keeps that call from becoming a jump, which would leave no trace of the caller. */
static inline unsigned int fdtrail_no_cause_(void)
{
	return 0;
}

typedef unsigned int fdtrail_here_function_(void);
static inline fdtrail_here_function_ *fdtrail_find_here_(void)
{
	fdtrail_here_function_ *here;

	FDTRAIL_FIND_(libfdtrail_cause_here, here);
	return here ? here : fdtrail_no_cause_;
}

static inline struct fdtrail_cause fdtrail_make_cause_(unsigned int id)
{
	struct fdtrail_cause cause;

	cause.id = id;
	__asm__ __volatile__("");
	return cause;
}

/* struct fdtrail_cause fdtrail_cause_here(void): the stack of the calling thread, to be kept with
 * the work that it queues. Takes tens of nanoseconds, and the first time at each place about 30
 * microseconds. A macro, so that the stack begins in the caller. */
#define fdtrail_cause_here() (fdtrail_make_cause_(fdtrail_find_here_()()))

/* From now on the calling thread works for this cause. Returns the one for which it has worked,
 * for fdtrail_cause_end. Pairs of begin and end may lie within each other. */
static inline struct fdtrail_cause fdtrail_cause_begin(struct fdtrail_cause cause)
{
	struct fdtrail_cause before = {0};
	unsigned int (*set)(unsigned int);

	FDTRAIL_FIND_(libfdtrail_cause_set, set);
	if (set)
		before.id = set(cause.id);
	return before;
}

/* The work that began with fdtrail_cause_begin, which has returned before, is done. */
static inline void fdtrail_cause_end(struct fdtrail_cause before)
{
	(void)fdtrail_cause_begin(before);
}

/* From now on, until the next mark, descriptors are opened under this mark, in the whole process:
 * the name of a test, for example. The text is copied; more than 200 bytes are cut off. */
static inline void fdtrail_mark(const char *text)
{
	void (*mark)(const char *);

	FDTRAIL_FIND_(libfdtrail_mark, mark);
	if (mark)
		mark(text);
}

#undef FDTRAIL_FIND_

#ifdef __cplusplus
}
#endif

#endif
