// SPDX-License-Identifier: MIT
/* Stacks with frames of an interpreted language: which of their native frames are the user's. */
#pragma once

#include "tools/model/model.h"

/* In a stack with frames of an interpreted language, the native frames of the interpreter and of
 * its libraries are not the program's own code, wherever they lie. */
void interpreter_frames_disown(struct model_snapshot *snapshot);
