// SPDX-License-Identifier: MIT
/*
 * The frame of a stack where a reader should look first: the innermost one of the program's own
 * code.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/model/model.h"

/* The frame of a stack that a reader should look at: the innermost one of the program's own code
 * (in a Go program of its main module, also in what created the goroutine), else the innermost;
 * NULL when there is none. *location: which of its locations. */
const struct model_frame *culprit_frame(const struct model_stack *stack, size_t *location);

/* Whether this function is known to be of a module that the program's own one needs. */
bool culprit_is_dependency(const struct model_frame *frame, size_t location);

/* Whether this function is the program's own; before symbolize/ by the names that the text has. */
bool culprit_is_own(const struct model_frame *frame, size_t location);

/* A dependency's function that leaves a response to its caller is innocent: whose is it? The
 * package main is always the program's own; without build information dependencies are told from it
 * by nothing that is sure. The frame of package main that is nearest to the culprit; NULL: there is
 * none, or the culprit is in it. *where: which of its locations. */
const struct model_frame *culprit_main(const struct model_stack *stack,
				       const struct model_frame *culprit, size_t location,
				       size_t *where);
