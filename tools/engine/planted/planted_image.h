// SPDX-License-Identifier: MIT
/*
 * The code of preload/planted/, as the build has linked it: see planted.h there.
 */
#pragma once

extern const char planted_image[], planted_image_end[];
