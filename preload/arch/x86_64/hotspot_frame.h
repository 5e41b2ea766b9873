// SPDX-License-Identifier: MIT
/*
 * A frame of HotSpot's interpreter, in words from its frame pointer: OpenJDK's frame_x86.hpp.
 */
#pragma once

enum {
	HOTSPOT_CALLER_FP = 0,
	HOTSPOT_RETURN = 1,
	HOTSPOT_CALLER_SP = -1, /* before the frame's arguments extended the caller's frame */
	HOTSPOT_METHOD = -3,
	HOTSPOT_BYTECODE = -8,
	HOTSPOT_BYTECODE_8 = -7, /* JDK 8 */
};
