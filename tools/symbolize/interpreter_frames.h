// SPDX-License-Identifier: MIT
/* Stacks with frames of an interpreted language: which of their native frames are the user's. */
#pragma once

#include "tools/model/model.h"

/* The native frames of an interpreter and of its language's libraries are not the program's own
 * code, wherever they lie. If a stack has no others, the interpreter has opened for itself. */
void interpreter_frames_disown(struct model_snapshot *snapshot);
