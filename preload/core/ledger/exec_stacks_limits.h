// SPDX-License-Identifier: MIT
/* The most that a text of exec_stacks.h has, for the writer and the reader. */
#pragma once

enum {
	DESCRIPTORS_MOST = 64,
	STACKS_MOST = 64,
	FRAMES_MOST = 32, /* of a stack */
	MODULES_MOST = 64,
	NAMES_MOST = 256,  /* frames of a language */
	NAME_MOST = 4096,  /* bytes of a name */
	LOOKS_MOST = 4096, /* descriptors that are looked at */
};
