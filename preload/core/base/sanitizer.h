// SPDX-License-Identifier: MIT
/* Whether AddressSanitizer checks this code: ADDRESS_SANITIZER is 1 or 0 (gcc's and clang's words
 * for it differ). */
#pragma once

#ifndef __has_feature /* clang */
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#else
#define ADDRESS_SANITIZER 0
#endif
