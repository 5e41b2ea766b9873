/* SPDX-License-Identifier: MIT */
/* The image that meson has built from preload/planted/. */
	.section .rodata
	.globl planted_image, planted_image_end
	.balign 16
planted_image:
	.incbin "planted.bin"
planted_image_end:
	.section .note.GNU-stack, "", @progbits
