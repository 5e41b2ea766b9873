// SPDX-License-Identifier: MIT
/*
 * Finds out who has submitted what a thread of a ThreadPoolExecutor does (concurrent.futures, and
 * asyncio's run_in_executor and to_thread, which use one).
 */
#pragma once

#include "preload/core/capture/capture.h"
#include "python_layout.h"

/* Looks for the module _queue, and takes its functions over once it is loaded. this_thread returns
 * the calling thread's PyThreadState. May call the loader; one thread at a time. */
void python_executors_look(struct capture *capture, const struct python_layout *layout,
			   uintptr_t (*this_thread)(void));
