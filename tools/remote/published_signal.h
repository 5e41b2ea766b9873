// SPDX-License-Identifier: MIT
/* The signal that the tracer in a process goes by, as it says itself (preload/runtime/published.h).
 */
#pragma once

/* The signal's number, 0 when none asks; or a negative errno: -ENODATA it does not say, or what
 * reading its memory failed with. */
int published_signal_of(int pid);
