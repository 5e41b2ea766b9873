// SPDX-License-Identifier: MIT
/*
 * The list of languages whose frames the tracer reads. A language is a file of this room and a row
 * in languages.c. core/ doesn't know this room: the runtime passes the list to capture.
 */
#pragma once

#include "preload/core/capture/interpreter.h"

extern const struct interpreter erlang;
extern const struct interpreter java;
extern const struct interpreter perl;
extern const struct interpreter php;
extern const struct interpreter python;
extern const struct interpreter ruby;
extern const struct interpreter v8;

/* All languages; NULL ends the list. */
extern const struct interpreter *const languages[];
