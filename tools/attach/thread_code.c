// SPDX-License-Identifier: MIT
/*
 * See thread_code.h. The new thread first gets a descriptor table of its own, and an empty one, so
 * that what it opens takes no number from the program, and what the program closes is not kept open
 * (close_range(2) with CLOSE_RANGE_UNSHARE; before Linux 5.9 it has a copy for some milliseconds).
 * At its end it unmaps the order and then, as its last jump, its own code. If the command has
 * ended, it does so after some seconds.
 */
#include "thread_code.h"

__asm__(".pushsection .rodata\n"
	".globl attach_code_begin, attach_code_thread, attach_code_return, attach_code_end\n"
	".balign 16\n"
	"attach_code_begin:\n"

	"attach_code_return:\n"
	"	movl %eax, %ebx\n"
	"1:	movl $15, %eax\n" /* rt_sigreturn */
	"	syscall\n"
	"	jmp 1b\n" /* the command has left out the call, and then ended */

	".balign 16\n"
	"attach_code_thread:\n"
	"	pushq %rbx\n"
	"	pushq %rbp\n"
	"	pushq %r12\n"
	"	movq %rdi, %rbx\n"
	"	movl $186, %eax\n" /* gettid */
	"	syscall\n"
	"	movl %eax, 112(%rbx)\n"
	"	movq %fs:16, %rdi\n" /* pthread_self(): the TCB holds its own address there */
	"	call *64(%rbx)\n"    /* pthread_detach */
	"	xorl %edi, %edi\n"
	"	movl $-1, %esi\n"
	"	movl $2, %edx\n"   /* CLOSE_RANGE_UNSHARE */
	"	movl $436, %eax\n" /* close_range */
	"	syscall\n"
	"	testl %eax, %eax\n"
	"	jz 1f\n"
	"	movl $0x400, %edi\n" /* CLONE_FILES */
	"	movl $272, %eax\n"   /* unshare */
	"	syscall\n"
	"	testl %eax, %eax\n"
	"	jnz 8f\n"
	"1:	movq 80(%rbx), %rax\n" /* enter */
	"	testq %rax, %rax\n"
	"	jz 2f\n"
	"	movq %rbx, %rdi\n"
	"	call *%rax\n"
	"	jmp 9f\n"
	/* Makes the library's file. */
	"2:	leaq 152(%rbx), %rdi\n"
	"	movl $1, %esi\n"   /* MFD_CLOEXEC */
	"	movl $319, %eax\n" /* memfd_create */
	"	syscall\n"
	"	testl %eax, %eax\n"
	"	js 8f\n"
	"	movl %eax, %ebp\n"
	"	movq 0(%rbx), %rsi\n"
	"	movq 8(%rbx), %r12\n"
	"3:	movl %ebp, %edi\n"
	"	movq %r12, %rdx\n"
	"	movl $1, %eax\n" /* write */
	"	syscall\n"
	"	testq %rax, %rax\n"
	"	jle 8f\n"
	"	addq %rax, %rsi\n"
	"	subq %rax, %r12\n"
	"	jnz 3b\n"
	/* The path names descriptor 0 of this thread. */
	"	movl %ebp, %edi\n"
	"	xorl %esi, %esi\n"
	"	movl $33, %eax\n" /* dup2 */
	"	syscall\n"
	"	testl %eax, %eax\n"
	"	js 8f\n"
	"	leaq 120(%rbx), %rdi\n"
	"	movl $0x102, %esi\n" /* RTLD_NOW | RTLD_GLOBAL */
	"	call *48(%rbx)\n"    /* dlopen */
	"	testq %rax, %rax\n"
	"	jnz 9f\n"
	"	call *56(%rbx)\n" /* dlerror */
	"	movq %rax, 88(%rbx)\n"
	"	movl $-8, %eax\n" /* -ENOEXEC */
	"8:	movl %eax, 100(%rbx)\n"
	"9:	movl $1, 96(%rbx)\n" /* finished */
	/* Waits for the command to read the answer. */
	"	movl $5000, %ebp\n"
	"10:	cmpl $0, 104(%rbx)\n" /* acknowledged */
	"	jne 11f\n"
	"	pushq $1000000\n" /* struct timespec: 1 ms */
	"	pushq $0\n"
	"	movq %rsp, %rdi\n"
	"	xorl %esi, %esi\n"
	"	movl $35, %eax\n" /* nanosleep */
	"	syscall\n"
	"	addq $16, %rsp\n"
	"	decl %ebp\n"
	"	jnz 10b\n"
	"11:	movq 32(%rbx), %r8\n"
	"	movq 40(%rbx), %r9\n"
	"	movq 72(%rbx), %r10\n"
	"	movq 16(%rbx), %rdi\n"
	"	movq 24(%rbx), %rsi\n"
	"	movl $11, %eax\n" /* munmap, which keeps these registers */
	"	syscall\n"
	"	movq %r8, %rdi\n"
	"	movq %r9, %rsi\n"
	"	popq %r12\n"
	"	popq %rbp\n"
	"	popq %rbx\n"
	"	jmp *%r10\n" /* libc's munmap, which returns to the thread's end */
	"attach_code_end:\n"
	".popsection\n");
