// SPDX-License-Identifier: MIT
/* Sizes of the bytecodes of a V8 that doesn't export them (Bytecodes::kBytecodeSizes in V8's
 * src/interpreter/bytecodes.cc). */
#pragma once

#include <stdint.h>

enum { V8_BYTECODES_MAJOR = 13, V8_BYTECODES_MINOR = 6, V8_BYTECODES = 208 };

extern const uint8_t v8_bytecode_sizes[3 * V8_BYTECODES];
