// SPDX-License-Identifier: MIT
/*
 * See borrowed_thread.h. Stops are those of PTRACE_SYSCALL, not breakpoints or single steps: these
 * raise SIGTRAP, whose disposition in the program the kernel resets if it is blocked or ignored.
 */
#include "borrowed_thread.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/arch/registers.h"
#include "tools/process/process_memory.h"

enum {
	ERESTARTNOHAND = 514, /* linux/errno.h: the kernel makes the call again, unless a handler
			       * runs */
	ERESTART_FIRST = 512,
	ERESTART_LAST = 516,
	PATIENCE_MS = 2000, /* for a stop: the thread needs a processor for it */
	ALARM_MS = 50,      /* between two looks at the time */
	STOPS_MOST = 1000,  /* system calls of a function */
	FXSAVE = 512,       /* bytes of xstate without the newer registers */
	FXSAVE_USED = 464,  /* the rest is the kernel's: arch/x86/include/uapi/asm/sigcontext.h */
	RED_ZONE = 128,     /* System V ABI, 3.2.2 */
	SYSCALL_STOP = SIGTRAP | 0x80,
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void on_alarm(int number)
{
	(void)number;
}

void borrowed_begin(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval often = {{0, ALARM_MS * 1000}, {0, ALARM_MS * 1000}};
	sigset_t mask;

	sigfillset(&mask);
	sigdelset(&mask, SIGALRM);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

/* Waits until the thread stops. Returns waitpid's status; or a negative errno. */
static int wait_for_stop(int tid)
{
	uint64_t end = now_ns() + (uint64_t)PATIENCE_MS * 1000000;
	int status;

	for (;;) {
		int changed = waitpid(tid, &status, __WALL);

		if (changed < 0 && errno != EINTR)
			return -errno;
		if (changed > 0)
			return WIFSTOPPED(status) ? status : -ESRCH;
		if (now_ns() > end)
			return -ETIMEDOUT;
	}
}

static bool is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
}

/* Interrupts the thread, and waits until it has stopped for that. A signal that comes before is
 * passed on. 0 or a negative errno. */
static int interrupt(int tid)
{
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) != 0)
		return -errno;
	for (;;) {
		int status = wait_for_stop(tid);

		if (status < 0 || is_event_stop(status))
			return status < 0 ? status : 0;
		int signal = WSTOPSIG(status) == SYSCALL_STOP ? 0 : WSTOPSIG(status);
		if (ptrace(PTRACE_CONT, tid, NULL, (unsigned long)signal) != 0)
			return -errno;
	}
}

static bool get_state(struct borrowed_thread *thread)
{
	struct iovec vector = {thread->xstate, sizeof(thread->xstate)};

	if (ptrace(PTRACE_GETREGS, thread->tid, NULL, &thread->registers) != 0 ||
	    ptrace(PTRACE_GETREGSET, thread->tid, NT_X86_XSTATE, &vector) != 0 ||
	    ptrace(PTRACE_GETSIGMASK, thread->tid, sizeof(thread->mask), &thread->mask) != 0)
		return false;
	thread->xstate_size = vector.iov_len;
	return true;
}

int borrowed_stop(struct borrowed_thread *thread, int tid, const struct libc_symbols *symbols)
{
	thread->tid = tid;
	thread->instruction = symbols->syscall;
	thread->restorer = symbols->restorer;
	thread->changed = false;
	if (ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACESYSGOOD) != 0)
		return -errno;
	int error = interrupt(tid);
	thread->stopped_ns = now_ns();
	if (!error && !get_state(thread))
		error = -errno;
	if (error && error != -ETIMEDOUT)
		ptrace(PTRACE_DETACH, tid, NULL, NULL);
	return error;
}

/* Lets the thread run up to its next system call, or to the end of the one that it is in. 0 or a
 * negative errno: -EFAULT it got a signal for a fault. */
static int run_to_syscall(int tid)
{
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, tid, NULL, NULL) != 0)
			return -errno;
		int status = wait_for_stop(tid);
		if (status < 0)
			return status;
		if (WSTOPSIG(status) == SYSCALL_STOP)
			return 0;
		if (!is_event_stop(status))
			return -EFAULT;
	}
}

/* Whether the kernel would repeat the call that the thread was in, or ends it with EINTR only
 * because of our stop. */
static bool is_repeated(const struct user_regs_struct *registers)
{
	long error = -regs_result(registers);

	return regs_number(registers) >= 0 &&
	       (error == EINTR || (error >= ERESTART_FIRST && error <= ERESTART_LAST));
}

/* The end of a signal's frame, as the kernel makes it (arch/x86/kernel/signal_64.c). rt_sigreturn
 * restores the thread from it. It can't repeat a call with the time that was left, but it repeats
 * it. */
struct frame {
	uintptr_t returns;
	struct ucontext_t context;
};

/* vectors: the address of the vector registers. */
static void fill_frame(struct frame *frame, const struct borrowed_thread *thread, uintptr_t vectors,
		       uintptr_t returns)
{
	const struct user_regs_struct *from = &thread->registers;
	greg_t *to = frame->context.uc_mcontext.gregs;

	frame->returns = returns;
	frame->context.uc_stack.ss_flags = 0x7fff; /* not valid: the thread's own stays */
	to[REG_R8] = (greg_t)from->r8;
	to[REG_R9] = (greg_t)from->r9;
	to[REG_R10] = (greg_t)from->r10;
	to[REG_R11] = (greg_t)from->r11;
	to[REG_R12] = (greg_t)from->r12;
	to[REG_R13] = (greg_t)from->r13;
	to[REG_R14] = (greg_t)from->r14;
	to[REG_R15] = (greg_t)from->r15;
	to[REG_RDI] = (greg_t)from->rdi;
	to[REG_RSI] = (greg_t)from->rsi;
	to[REG_RBP] = (greg_t)from->rbp;
	to[REG_RBX] = (greg_t)from->rbx;
	to[REG_RDX] = (greg_t)from->rdx;
	to[REG_RCX] = (greg_t)from->rcx;
	to[REG_RAX] = (greg_t)from->rax;
	to[REG_RSP] = (greg_t)from->rsp;
	to[REG_RIP] = (greg_t)from->rip;
	to[REG_EFL] = (greg_t)from->eflags;
	to[REG_CSGSFS] = (greg_t)(from->cs | from->ss << 48);
	if (is_repeated(from)) {
		to[REG_RAX] = (greg_t)from->orig_rax;
		to[REG_RIP] -= 2; /* the system call instruction */
	}
	memcpy(&frame->context.uc_sigmask, &thread->mask, sizeof(thread->mask));
	frame->context.uc_mcontext.fpregs = (fpregset_t)vectors;
}

/* Puts a frame below the end of a stack, and makes registers begin there with the code at pc. It
 * returns to returns, and that restores the thread. */
static bool enter(struct borrowed_thread *thread, struct user_regs_struct *registers,
		  uintptr_t stack, uintptr_t pc, uintptr_t returns)
{
	uintptr_t vectors = (stack - FXSAVE) & ~(uintptr_t)63;
	/* As after a call instruction: the return address ends at a multiple of 16. */
	uintptr_t at = ((vectors - sizeof(struct frame)) & ~(uintptr_t)15) - 8;
	uint8_t fxsave[FXSAVE] = {0};
	struct frame frame = {0};

	fill_frame(&frame, thread, vectors, returns);
	memcpy(fxsave, thread->xstate, FXSAVE_USED);
	*registers = thread->registers;
	registers->rsp = at;
	registers->rip = pc;
	registers->eflags &= ~0x400UL; /* the direction flag: System V ABI, 3.2.1 */
	registers->orig_rax = -1UL;
	return process_memory_write(thread->tid, at, &frame, sizeof(frame)) &&
	       process_memory_write(thread->tid, vectors, fxsave, sizeof(fxsave));
}

/* Gives the thread our registers, and blocks all signals in it, and with that in the thread that it
 * makes. In this order: the frame restores the mask. */
static bool change(struct borrowed_thread *thread, const struct user_regs_struct *registers)
{
	uint64_t all = UINT64_MAX;

	if (ptrace(PTRACE_SETREGS, thread->tid, NULL, registers) != 0)
		return false;
	thread->changed = true;
	return ptrace(PTRACE_SETSIGMASK, thread->tid, sizeof(all), &all) == 0;
}

long borrowed_syscall(struct borrowed_thread *thread, long number, const long arguments[6])
{
	struct user_regs_struct registers;

	/* On the thread's own stack, where a signal's frame would lie. */
	if (!enter(thread, &registers, thread->registers.rsp - RED_ZONE, thread->instruction,
		   thread->restorer))
		return -EFAULT;
	registers.rax = (unsigned long)number;
	registers.rdi = (unsigned long)arguments[0];
	registers.rsi = (unsigned long)arguments[1];
	registers.rdx = (unsigned long)arguments[2];
	registers.r10 = (unsigned long)arguments[3];
	registers.r8 = (unsigned long)arguments[4];
	registers.r9 = (unsigned long)arguments[5];
	if (!change(thread, &registers))
		return -errno;
	for (int stop = 0; stop < 2; stop++) {
		int error = run_to_syscall(thread->tid);

		if (error)
			return error;
	}
	if (ptrace(PTRACE_GETREGS, thread->tid, NULL, &registers) != 0)
		return -errno;
	return regs_result(&registers);
}

int borrowed_call(struct borrowed_thread *thread, const struct borrowed_call *call, int *result)
{
	struct user_regs_struct registers;

	if (!enter(thread, &registers, call->stack, call->function, call->returns))
		return -EFAULT;
	registers.rdi = call->arguments[0];
	registers.rsi = call->arguments[1];
	registers.rdx = call->arguments[2];
	registers.rcx = call->arguments[3];
	registers.rax = 0;
	if (!change(thread, &registers))
		return -errno;
	for (int stops = 0; stops < STOPS_MOST; stops++) {
		int error = run_to_syscall(thread->tid);

		if (error)
			return error;
		if (ptrace(PTRACE_GETREGS, thread->tid, NULL, &registers) != 0)
			return -errno;
		if (regs_number(&registers) == SYS_rt_sigreturn &&
		    regs_pc(&registers) - call->returns < 16) {
			*result = (int)registers.rbx;
			return 0;
		}
	}
	return -EAGAIN;
}

uint64_t borrowed_release(struct borrowed_thread *thread)
{
	struct user_regs_struct registers = thread->registers;
	struct iovec vector = {thread->xstate, thread->xstate_size};

	if (thread->changed) {
		struct user_regs_struct none;

		/* A system call that it stands before is left out. The registers must be set in a
		 * stop like the first, where the kernel looks again whether a call is to be
		 * repeated. */
		if (ptrace(PTRACE_GETREGS, thread->tid, NULL, &none) == 0) {
			none.orig_rax = -1UL;
			ptrace(PTRACE_SETREGS, thread->tid, NULL, &none);
		}
		ptrace(PTRACE_INTERRUPT, thread->tid, NULL, NULL);
		ptrace(PTRACE_CONT, thread->tid, NULL, NULL);
		for (int status; (status = wait_for_stop(thread->tid)) >= 0;) {
			if (is_event_stop(status))
				break;
			ptrace(PTRACE_CONT, thread->tid, NULL, NULL);
		}
	}
	if (regs_number(&registers) >= 0 && regs_result(&registers) == -EINTR)
		regs_set_result(&registers, -ERESTARTNOHAND);
	/* The registers last: until then the frame restores all of it. */
	if (thread->changed) {
		ptrace(PTRACE_SETREGSET, thread->tid, NT_X86_XSTATE, &vector);
		ptrace(PTRACE_SETSIGMASK, thread->tid, sizeof(thread->mask), &thread->mask);
	}
	ptrace(PTRACE_SETREGS, thread->tid, NULL, &registers);
	uint64_t stopped = now_ns() - thread->stopped_ns;
	ptrace(PTRACE_DETACH, thread->tid, NULL, NULL);
	thread->changed = false;
	return stopped;
}
