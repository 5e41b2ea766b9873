// SPDX-License-Identifier: MIT
/*
 * The culprit: the frame of a stack where a reader should look first, the innermost one of the
 * program's own code.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/model/model.h"

/* The culprit of a stack: the innermost frame of the program's own code (for a Go program, of its
 * main module, also in the stacks that created the goroutine), else the innermost frame; NULL if
 * there is none. *location: the index of its location. */
const struct model_frame *culprit_frame(const struct model_stack *stack, size_t *location);

/* Whether this function is known to be in a dependency of the Go program's main module. */
bool culprit_is_dependency(const struct model_frame *frame, size_t location);

/* Whether this function is the program's own. Before symbolize/ has run, decides by the names in
 * the text. */
bool culprit_is_own(const struct model_frame *frame, size_t location);

/* The frame of Go's package main that is nearest to the culprit. A dependency's function that
 * leaves a response to its caller is innocent, and the caller is to blame. Package main is always
 * the program's own; without build information nothing else tells dependencies from it. NULL if
 * there is no such frame, or if the culprit is in it. *where: the index of its location. */
const struct model_frame *culprit_main(const struct model_stack *stack,
				       const struct model_frame *culprit, size_t location,
				       size_t *where);
