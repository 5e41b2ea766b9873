// SPDX-License-Identifier: MIT
/*
 * assert_uint_in_range for every version of cmocka: include it after <cmocka.h>. Before 2.0 its
 * name was assert_in_range, which 2.0 warns about.
 */
#pragma once

#ifndef assert_uint_in_range
#define assert_uint_in_range assert_in_range
#endif
