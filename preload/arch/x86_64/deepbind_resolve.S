/* SPDX-License-Identifier: MIT */
/*
 * void *deepbind_resolve(const void *place, const char *name, void *dlsym_function, void *handle)
 *
 * Calls dlsym(3) for another library: dlsym searches the scope of the library that its return
 * address lies in. So that address is place, a `ret` instruction of that library, which returns to
 * the next word on the stack: an address in here. Returns NULL with a shadow stack, which would not
 * allow it.
 */
	.text
	.globl	deepbind_resolve
	.hidden	deepbind_resolve
	.type	deepbind_resolve, @function
deepbind_resolve:
	.cfi_startproc
	endbr64
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	xorl	%eax, %eax
	rdsspq	%rax			/* does nothing without a shadow stack */
	testq	%rax, %rax
	jnz	2f
	leaq	1f(%rip), %rax
	subq	$8, %rsp
	pushq	%rax
	pushq	%rdi			/* place */
	movq	%rcx, %rdi		/* handle; name is in its register */
	jmp	*%rdx
1:	leave
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_def_cfa %rbp, 16
2:	xorl	%eax, %eax
	leave
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_endproc
	.size	deepbind_resolve, . - deepbind_resolve

	.section .note.GNU-stack, "", @progbits
