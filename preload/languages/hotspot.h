// SPDX-License-Identifier: MIT
/*
 * The places of the parts of a stack in HotSpot: offsets of members, addresses of static variables
 * and sizes of types. libjvm.so exports tables of them for its own debugger (jhsdb, the
 * "serviceability agent"), so no version's layout is written down here, except for an interpreted
 * frame on the stack (arch/NAME/hotspot_frame.h) and for how debug information is compressed.
 *
 * Facts from OpenJDK's sources: runtime/vmStructs.cpp, code/nmethod.hpp, code/scopeDesc.cpp,
 * memory/heap.cpp, utilities/unsigned5.hpp, oops/method.hpp; for JDK 8 to 25.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the code cache. */
struct hotspot_heap {
	uintptr_t low, map; /* first address; the map of its segments */
	uintptr_t high;     /* address of its end, which moves up */
	uint32_t shift;     /* a segment has 1 << shift bytes */
};

enum { HOTSPOT_HEAPS = 3 };

#define HOTSPOT_NONE SIZE_MAX

/* Offsets and sizes in bytes; HOTSPOT_NONE: this version has no such member. */
struct hotspot {
	/* Addresses of static variables; 0: none. */
	uintptr_t code_heaps; /* GrowableArray<CodeHeap *> *; JDK 9 and later */
	uintptr_t code_heap;  /* CodeHeap *; JDK 8 */
	uintptr_t call_stub_return;
	uintptr_t version;

	size_t thread_size, thread_anchor, thread_state, thread_os, thread_base;
	size_t os_thread_id;
	size_t anchor_sp, anchor_pc, anchor_fp;
	size_t wrapper_anchor, wrapper_of_frame;
	size_t in_native;

	size_t array_data;
	size_t space_low, space_high;
	size_t heap_memory, heap_segmap, heap_shift;
	size_t block_size, block_used;

	size_t blob_name, blob_frame_size, blob_code_begin, blob_code_offset, blob_data_offset;
	size_t blob_mutable_data, blob_relocation_size;
	size_t nmethod_method, nmethod_compile_id, nmethod_orig_pc, nmethod_stub;
	size_t nmethod_immutable_data, nmethod_pcs, nmethod_scopes, nmethod_scopes_begin;
	size_t nmethod_metadata;
	size_t pc_desc_size, pc_desc_pc, pc_desc_scope;

	size_t method_const;
	size_t const_size, const_constants, const_flags, const_code_size, const_name;
	size_t has_lines;
	size_t pool_size, pool_holder, pool_file, class_file;
	size_t class_name;
	size_t symbol_length, symbol_length_and_count, symbol_body;

	/* Not from the tables. */
	unsigned int release; /* 8, 11, 17, ... */
	uint8_t compact_zero; /* the byte for 0 in compressed numbers */
	struct hotspot_heap heaps[HOTSPOT_HEAPS];
	_Atomic uint32_t heap_count; /* 0: hotspot_find_heaps has not found them yet */
};

/* Reads the tables of the libjvm.so that is loaded. False: they lack something. */
bool hotspot_read_tables(struct hotspot *vm);

/* Finds the parts of the code cache, which stay what they are once the virtual machine has started.
 * False: it has not. Async-signal-safe; several threads may do it at a time. */
bool hotspot_find_heaps(struct hotspot *vm);
