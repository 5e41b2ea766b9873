/* SPDX-License-Identifier: MIT */
/*
 * The way into planted code and out of it. Go's Syscall6 jumps here in place of its system call
 * instruction, with the call's number and arguments in the kernel's registers. As for the kernel,
 * rcx, r11 and the flags may change, and no other register. The goroutine's stack may end just
 * below rsp, so nothing is put there.
 *
 * A call of interest is made at a site of its own, because after it no register says which call it
 * was. Nothing is held while the kernel works: the call may block for hours, its thread may end in
 * it, a signal may interrupt it, and the kernel may repeat it.
 */
#include "preload/planted/planted.h"

	.section .planted.sites, "ax", @progbits
	.globl planted_sites
planted_sites:
	syscall /* PLANTED_STOP_CALL */
	ret
	.set site, 1
	.rept PLANTED_SITES - 1
	.balign 1 << PLANTED_SITE_SHIFT, 0xcc
	syscall
	movl $site, %ecx
	jmp planted_returned
	.set site, site + 1
	.endr
	.balign 1 << PLANTED_SITE_SHIFT, 0xcc

	/* struct planted_header */
	.long planted_entry - planted_sites
	.set number, 0
	.rept PLANTED_REQUESTS
	.long planted_requests + (number << 6) - planted_sites
	.set number, number + 1
	.endr
	.long planted_asking - planted_sites
	.long planted_numbers - planted_sites
	.long planted_control - planted_sites
	.long planted_end - planted_sites

	.text

/* Switches to a stack of the pool, and saves there all registers that C code may change, except r11:
 * struct planted_frame. Then rdi is its address. A thread waits for a free stack only if as many threads
 * as there are stacks are in planted code. */
	.macro enter
	movq %rsp, %r11
	shrq $13, %r11
	andl $(PLANTED_POOL - 1), %r11d
10:	lock btsl %r11d, planted_control + CONTROL_POOL_BITS(%rip)
	jnc 11f
	pause
	incl %r11d
	andl $(PLANTED_POOL - 1), %r11d
	jmp 10b
11:	shlq $PLANTED_POOL_SHIFT, %r11
	addq planted_control + CONTROL_POOL(%rip), %r11
	movq %rsp, (1 << PLANTED_POOL_SHIFT) - 8(%r11)
	movq %rax, (1 << PLANTED_POOL_SHIFT) - 16(%r11)
	leaq (1 << PLANTED_POOL_SHIFT) - 16(%r11), %rsp
	pushq %r11
	pushq %r9
	pushq %r8
	pushq %r10
	pushq %rdx
	pushq %rsi
	pushq %rdi
	pushq %rbp
	pushq %r14
	pushq %rcx
	movq %rsp, %rdi
	.endm

/* Goes back to the goroutine's stack, and then gives the other one back. */
	.macro leave_pool
	popq %rcx
	addq $16, %rsp
	popq %rdi
	popq %rsi
	popq %rdx
	popq %r10
	popq %r8
	popq %r9
	popq %r11
	popq %rax
	movq (%rsp), %rsp
	subq planted_control + CONTROL_POOL(%rip), %r11
	shrq $PLANTED_POOL_SHIFT, %r11
	lock btrl %r11d, planted_control + CONTROL_POOL_BITS(%rip)
	.endm

	.globl planted_entry
	.hidden planted_entry
planted_entry:
	movl %eax, %ecx
	cmpl $PLANTED_NUMBERS_OF_CALLS, %ecx
	jae 1f
	leaq planted_numbers(%rip), %r11
	movzbl (%r11, %rcx), %ecx
	testl %ecx, %ecx
	jz 1f
	cmpl $0, planted_control + CONTROL_OFF(%rip)
	jne 1f
	cmpl $0, planted_control + CONTROL_VFORKS(%rip)
	jne 3f
2:	cmpl $PLANTED_CLOSE, %ecx
	je 4f
	cmpl $PLANTED_ASKS, %ecx
	jae planted_ask
make_call:
	shll $PLANTED_SITE_SHIFT, %ecx
	leaq planted_sites(%rip), %r11
	addq %rcx, %r11
	jmp *%r11
1:	jmp *planted_control + CONTROL_PLAIN(%rip)

	/* A vfork child has its parent's registers, and so its goroutine. */
3:	.set place, 0
	.rept PLANTED_VFORKS
	cmpq %r14, planted_control + CONTROL_VFORK + 8 * place(%rip)
	je 1b
	.set place, place + 1
	.endr
	jmp 2b

4:	enter
	call planted_closing
	leave_pool
	jmp *planted_control + CONTROL_PLAIN(%rip)

/* r11: the struct planted_ask of the site in rcx, which changes. */
	.macro find_ask
	subl $PLANTED_ASKS, %ecx
	imull $ASK_SIZE, %ecx, %ecx
	leaq planted_control + CONTROL_ASKS(%rip), %r11
	addq %rcx, %r11
	.endm

/* The program's other instructions for calls jump here, in place of putting the call's number in
 * eax. The system call instruction that follows there is as it was. */
	.balign 1 << PLANTED_SITE_SHIFT, 0xcc
planted_asking:
	.set site, PLANTED_ASKS
	.rept PLANTED_ASKS_END - PLANTED_ASKS
	.balign 1 << PLANTED_SITE_SHIFT, 0xcc
	movl $site, %ecx
	jmp 1f
	.set site, site + 1
	.endr
1:	movl %ecx, %eax
	find_ask
	movl %eax, %ecx
	movl ASK_NUMBER(%r11), %eax
	cmpl $0, planted_control + CONTROL_OFF(%rip)
	jne 2f

/* The call with the number in rax, at the site in rcx, may have to stop. */
planted_ask:
	enter
	call planted_asks
	leave_pool
	btrl $8, %ecx /* FRAME_STOPS */
	jnc 2f
	jmp make_call
2:	find_ask
	jmp *(%r11)

/* long planted_stop(frame, words, count, reason, number) */
	.globl planted_stop
	.hidden planted_stop
planted_stop:
	movq %rcx, %r10
	movl $PLANTED_STOP_CALL, %eax
	jmp planted_sites

/* No engine has answered if the result is ENOSYS. Or the kernel doesn't have the call, and then it
 * may be made again. */
planted_asked:
	find_ask
	cmpq $-38, %rax
	je 1f
	jmp *ASK_BACK(%r11)
1:	movl ASK_NUMBER(%r11), %eax
	jmp *(%r11)

	.globl planted_returned
	.hidden planted_returned
planted_returned:
	cmpl $PLANTED_ASKS, %ecx
	jae planted_asked
	cmpq $-4095, %rax
	jae 2f
1:	enter
	call planted_record
	leave_pool
3:	jmp *planted_control + CONTROL_BACK(%rip)
2:	cmpq $-24, %rax /* EMFILE */
	je 1b
	cmpq $-23, %rax /* ENFILE */
	je 1b
	jmp 3b

/* The begin of a function in which a request begins. Registers hold its arguments; only r12 and r13
 * are free ("Go internal ABI specification"). If the goroutine's stack is too small, the function
 * begins again with a larger one, and comes here again. */
	.balign 64, 0xcc
planted_requests:
	.set number, 0
	.rept PLANTED_REQUESTS
	.balign 64, 0xcc
	movq planted_control + CONTROL_REQUESTS + REQUEST_SIZE * number(%rip), %r12
	addq %rsp, %r12
	cmpq 16(%r14), %r12
	jbe 1f
	movl $number, %r12d
	jmp planted_begins
1:	jmp *planted_control + CONTROL_REQUESTS + REQUEST_SIZE * number + REQUEST_GROW(%rip)
	.set number, number + 1
	.endr
	.balign 64, 0xcc
planted_begins:
	movq %r11, %r13
	enter
	movl %r12d, %esi
	call planted_request
	leave_pool
	movq %r13, %r11
	imulq $REQUEST_SIZE, %r12
	leaq planted_control + CONTROL_REQUESTS(%rip), %r13
	jmp *REQUEST_BACK(%r13, %r12)

	.section .note.GNU-stack, "", @progbits
