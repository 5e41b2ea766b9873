/* SPDX-License-Identifier: MIT */
/*
 * The hook of syscall(2). Programs also call it for futexes and clones. These calls go straight on,
 * with nothing of fdtrail's on the stack, because a raw vfork or clone would not survive that.
 * syscall_hook has the same arguments in the same places, so a jump is enough.
 */
#include "preload/libc/syscall_hook.h"

	.text
	.globl	syscall
	.type	syscall, @function
syscall:
	.cfi_startproc
	endbr64
	movq	syscall_real(%rip), %rax
	testq	%rax, %rax
	jz	1f
	cmpq	$SYSCALL_NUMBERS, %rdi
	jae	2f
	leaq	syscall_hooked(%rip), %r11
	cmpb	$0, (%r11, %rdi)
	je	2f
1:	jmp	syscall_hook
2:	jmp	*%rax
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits
