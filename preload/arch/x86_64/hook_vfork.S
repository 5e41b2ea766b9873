/* SPDX-License-Identifier: MIT */
/*
 * The hook of vfork(2). Parent and child share the stack, so the child would overwrite a return
 * address there; a register that the system call preserves keeps it. The thread's counter of vforks
 * goes up before the call, in memory that both share, and down only in the parent, when the child
 * is gone. While it is up, hooks check which of the two they run in (runtime_on_slowly).
 */
#include <sys/syscall.h>

	.text
	.globl	vfork
	.type	vfork, @function
	.globl	__vfork
	.type	__vfork, @function
vfork:
__vfork:
	.cfi_startproc
	endbr64
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rdi
	movq	thread_state@gottpoff(%rip), %rdx
	incl	%fs:(%rdx)		/* .vforks */
	movl	$SYS_vfork, %eax
	syscall
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	.cfi_offset %rip, -8
	testl	%eax, %eax
	jz	1f
	movq	thread_state@gottpoff(%rip), %rdx
	decl	%fs:(%rdx)
	cmpl	$-4095, %eax
	jae	2f
1:	ret
2:	negl	%eax
	pushq	%rax
	.cfi_adjust_cfa_offset 8
	call	*__errno_location@GOTPCREL(%rip)
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	movl	%edx, (%rax)
	movl	$-1, %eax
	ret
	.cfi_endproc
	.size	vfork, . - vfork
	.size	__vfork, . - __vfork

	.section .note.GNU-stack, "", @progbits
