// SPDX-License-Identifier: MIT
/*
 * `fdtrail attach` and `fdtrail detach`, in the process that they have come to. See attach.c.
 */
#pragma once

#include <stdbool.h>

/* If the command has had this library loaded, carries out its order, and returns true. False: the
 * library was preloaded. For the constructor. */
bool attach_ordered(void);
