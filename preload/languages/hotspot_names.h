// SPDX-License-Identifier: MIT
/*
 * Names Java methods and lines, by the virtual machine's own structures. For frames that the
 * calling thread is in, because these can't be freed meanwhile.
 */
#pragma once

#include "preload/core/capture/interpreter.h"
#include "hotspot.h"

/* struct interpreter's describe(), with inlined functions. Leaves out classes that Java itself
 * makes for lambdas and reflection. Async-signal-safe. */
bool hotspot_name(const struct hotspot *vm, const struct language_frame *frame,
		  struct language_name *name);
