// SPDX-License-Identifier: MIT
/*
 * Finds out who asked for what libuv does later or in a thread of its pool. It takes over the
 * functions that begin such work, of a libuv that is linked into the program (Node).
 */
#pragma once

struct capture;

/* Takes libuv's functions over. For the constructor only. Where that isn't possible, stacks are as
 * without it. */
void libuv_start(struct capture *capture);
