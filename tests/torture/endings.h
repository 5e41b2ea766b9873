// SPDX-License-Identifier: MIT
/* Closes the things of the torture's threads, by the functions of closings.h. */
#pragma once

#include "model.h"

void close_thing(struct thread *thread, int index);

/* Closes everything in the thread's own region at once. */
void close_region(struct thread *thread);
