// SPDX-License-Identifier: MIT
/*
 * Two structures that libunwind's versions lay out in different ways, though all are
 * libunwind-*.so.8, and the program may load another version than the one that this code was
 * compiled with. unw_dyn_info_t got a member in the middle after 1.3 (load_offset), and
 * unw_accessors_t got more functions at its end in 1.8.
 */
#pragma once

#include <libunwind.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	DYN_INFO_START = 2, /* words of unw_dyn_info_t: start_ip */
	DYN_INFO_END,
	DYN_INFO_GP,
	DYN_INFO_FORMAT, /* an int32_t and padding */
	DYN_INFO_UNION,  /* u; or load_offset, and then u */
	DYN_INFO_WORDS = 16,
};

/* The header's version. */
#define DYN_INFO_HAS_LOAD_OFFSET                                                                   \
	(offsetof(unw_dyn_info_t, u) == (DYN_INFO_UNION + 1) * sizeof(unw_word_t))
_Static_assert(DYN_INFO_HAS_LOAD_OFFSET ||
		       offsetof(unw_dyn_info_t, u) == DYN_INFO_UNION * sizeof(unw_word_t),
	       "one of the two layouts");
_Static_assert(offsetof(unw_dyn_info_t, format) == DYN_INFO_FORMAT * sizeof(unw_word_t) &&
		       offsetof(unw_dyn_remote_table_info_t, table_data) ==
			       3 * sizeof(unw_word_t) &&
		       sizeof(unw_dyn_info_t) <= DYN_INFO_WORDS * sizeof(unw_word_t),
	       "libunwind-dynamic.h");

/* Fills in an unw_dyn_info_t for the code from start to end, whose table of entries at data, with
 * addresses relative to base, is read through the accessors. */
static inline void dyn_info_fill(unw_word_t info[DYN_INFO_WORDS], bool has_load_offset,
				 unw_word_t start, unw_word_t end, unw_word_t base,
				 unw_word_t entries, unw_word_t data)
{
	/* name_ptr, segbase, table_len, table_data */
	unw_word_t *table = &info[DYN_INFO_UNION + has_load_offset];

	for (int i = 0; i < DYN_INFO_WORDS; i++)
		info[i] = 0;
	info[DYN_INFO_START] = start;
	info[DYN_INFO_END] = end;
	*(int32_t *)&info[DYN_INFO_FORMAT] = UNW_INFO_FORMAT_REMOTE_TABLE;
	table[1] = base;
	table[2] = entries;
	table[3] = data;
}

/* libunwind copies as many functions as its version has. NULL: none. */
struct unwinder_accessors {
	unw_accessors_t known;
	void *later[16];
};
