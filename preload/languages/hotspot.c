// SPDX-License-Identifier: MIT
/* See hotspot.h. */
#include "hotspot.h"

#include <string.h>

#include "preload/core/base/loaded_symbol.h"
#include "preload/core/capture/proven_memory.h"

/* The members of struct hotspot. A later row for the same one is for versions that lack the
 * earlier. */
struct wanted {
	const char *type, *field; /* field NULL: the type's size; type NULL: a constant */
	size_t member;
	bool optional;
};

#define MEMBER(name) offsetof(struct hotspot, name)

static const struct wanted wanted[] = {
	{"JavaThread", NULL, MEMBER(thread_size), false},
	{"JavaThread", "_anchor", MEMBER(thread_anchor), false},
	{"JavaThread", "_thread_state", MEMBER(thread_state), false},
	{"JavaThread", "_osthread", MEMBER(thread_os), true},
	{"Thread", "_osthread", MEMBER(thread_os), false}, /* 22 */
	{"JavaThread", "_stack_base", MEMBER(thread_base), true},
	{"Thread", "_stack_base", MEMBER(thread_base), false},
	{"OSThread", "_thread_id", MEMBER(os_thread_id), false},
	{"JavaFrameAnchor", "_last_Java_sp", MEMBER(anchor_sp), false},
	{"JavaFrameAnchor", "_last_Java_pc", MEMBER(anchor_pc), false},
	{"JavaFrameAnchor", "_last_Java_fp", MEMBER(anchor_fp), false},
	{"JavaCallWrapper", "_anchor", MEMBER(wrapper_anchor), false},
	{NULL, "frame::entry_frame_call_wrapper_offset", MEMBER(wrapper_of_frame), false},
	{NULL, "_thread_in_native", MEMBER(in_native), false},
	{"GrowableArray<int>", "_data", MEMBER(array_data), false},
	{"VirtualSpace", "_low", MEMBER(space_low), false},
	{"VirtualSpace", "_high", MEMBER(space_high), false},
	{"CodeHeap", "_memory", MEMBER(heap_memory), false},
	{"CodeHeap", "_segmap", MEMBER(heap_segmap), false},
	{"CodeHeap", "_log2_segment_size", MEMBER(heap_shift), false},
	{"HeapBlock", NULL, MEMBER(block_size), false},
	{"HeapBlock::Header", "_used", MEMBER(block_used), false},
	{"CodeBlob", "_name", MEMBER(blob_name), false},
	{"CodeBlob", "_frame_size", MEMBER(blob_frame_size), false},
	{"CodeBlob", "_code_begin", MEMBER(blob_code_begin), true},
	{"CodeBlob", "_code_offset", MEMBER(blob_code_offset), true}, /* 8, 23 */
	{"CodeBlob", "_data_offset", MEMBER(blob_data_offset), false},
	{"CodeBlob", "_mutable_data", MEMBER(blob_mutable_data), true}, /* 25 */
	{"CodeBlob", "_relocation_size", MEMBER(blob_relocation_size), true},
	{"CompiledMethod", "_method", MEMBER(nmethod_method), true}, /* 9 to 22 */
	{"nmethod", "_method", MEMBER(nmethod_method), false},
	{"nmethod", "_compile_id", MEMBER(nmethod_compile_id), false},
	{"nmethod", "_orig_pc_offset", MEMBER(nmethod_orig_pc), false},
	{"nmethod", "_stub_offset", MEMBER(nmethod_stub), false},
	{"nmethod", "_immutable_data", MEMBER(nmethod_immutable_data), true}, /* 23 */
	{"nmethod", "_scopes_pcs_offset", MEMBER(nmethod_pcs), false},
	{"nmethod", "_scopes_data_offset", MEMBER(nmethod_scopes), true}, /* 8, 23 */
	{"CompiledMethod", "_scopes_data_begin", MEMBER(nmethod_scopes_begin), true},
	{"nmethod", "_metadata_offset", MEMBER(nmethod_metadata), true}, /* to 24 */
	{"PcDesc", NULL, MEMBER(pc_desc_size), false},
	{"PcDesc", "_pc_offset", MEMBER(pc_desc_pc), false},
	{"PcDesc", "_scope_decode_offset", MEMBER(pc_desc_scope), false},
	{"Method", "_constMethod", MEMBER(method_const), false},
	{"ConstMethod", NULL, MEMBER(const_size), false},
	{"ConstMethod", "_constants", MEMBER(const_constants), false},
	{"ConstMethod", "_flags", MEMBER(const_flags), true},
	{"ConstMethod", "_flags._flags", MEMBER(const_flags), false}, /* 21 */
	{"ConstMethod", "_code_size", MEMBER(const_code_size), false},
	{"ConstMethod", "_name_index", MEMBER(const_name), false},
	{NULL, "ConstMethod::_has_linenumber_table", MEMBER(has_lines), true},
	{NULL, "ConstMethodFlags::_misc_has_linenumber_table", MEMBER(has_lines), false}, /* 21 */
	{"ConstantPool", NULL, MEMBER(pool_size), false},
	{"ConstantPool", "_pool_holder", MEMBER(pool_holder), false},
	{"ConstantPool", "_source_file_name_index", MEMBER(pool_file), true}, /* 17 */
	{"InstanceKlass", "_source_file_name_index", MEMBER(class_file), true},
	{"Klass", "_name", MEMBER(class_name), false},
	{"Symbol", "_length", MEMBER(symbol_length), true},
	{"Symbol", "_length_and_refcount", MEMBER(symbol_length_and_count), true}, /* 13 */
	{"Symbol", "_body", MEMBER(symbol_body), false},
};

static const struct wanted wanted_statics[] = {
	{"CodeCache", "_heaps", MEMBER(code_heaps), true},
	{"CodeCache", "_heap", MEMBER(code_heap), true},
	{"StubRoutines", "_call_stub_return_address", MEMBER(call_stub_return), false},
	{"Abstract_VM_Version", "_vm_major_version", MEMBER(version), false},
};

enum { WANTED = sizeof(wanted) / sizeof(*wanted) };
enum { WANTED_STATICS = sizeof(wanted_statics) / sizeof(*wanted_statics) };

/* One of libjvm's tables. The places of an entry's members are exported, too. */
struct table {
	uintptr_t entry;
	uint64_t stride, type, field, is_static, offset, address;
};

static bool exported(const char *name, uint64_t *value)
{
	struct loaded_symbol symbol;

	if (!loaded_symbol_find(name, &symbol))
		return false;
	memcpy(value, (const void *)symbol.address, sizeof(*value));
	return true;
}

static const char *text_at(uintptr_t place)
{
	const char *text;

	memcpy(&text, (const void *)place, sizeof(text));
	return text;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && *a == *b && strcmp(a, b) == 0);
}

static void take(struct hotspot *vm, const struct wanted *rows, size_t count, const char *type,
		 const char *field, uint64_t value)
{
	for (size_t i = 0; i < count; i++)
		if (same(rows[i].field, field) && same(rows[i].type, type))
			memcpy((char *)vm + rows[i].member, &value, sizeof(value));
}

static bool read_members(struct hotspot *vm)
{
	struct table table;
	uint64_t offset, address;
	int is_static;

	if (!exported("gHotSpotVMStructs", &table.entry) ||
	    !exported("gHotSpotVMStructEntryArrayStride", &table.stride) ||
	    !exported("gHotSpotVMStructEntryTypeNameOffset", &table.type) ||
	    !exported("gHotSpotVMStructEntryFieldNameOffset", &table.field) ||
	    !exported("gHotSpotVMStructEntryIsStaticOffset", &table.is_static) ||
	    !exported("gHotSpotVMStructEntryOffsetOffset", &table.offset) ||
	    !exported("gHotSpotVMStructEntryAddressOffset", &table.address))
		return false;
	for (; text_at(table.entry + table.type); table.entry += table.stride) {
		const char *type = text_at(table.entry + table.type);
		const char *field = text_at(table.entry + table.field);

		memcpy(&is_static, (const void *)(table.entry + table.is_static),
		       sizeof(is_static));
		memcpy(&offset, (const void *)(table.entry + table.offset), sizeof(offset));
		memcpy(&address, (const void *)(table.entry + table.address), sizeof(address));
		if (is_static)
			take(vm, wanted_statics, WANTED_STATICS, type, field, address);
		else
			take(vm, wanted, WANTED, type, field, offset);
	}
	return true;
}

static bool read_sizes(struct hotspot *vm)
{
	struct table table;
	uint64_t size;

	if (!exported("gHotSpotVMTypes", &table.entry) ||
	    !exported("gHotSpotVMTypeEntryArrayStride", &table.stride) ||
	    !exported("gHotSpotVMTypeEntryTypeNameOffset", &table.type) ||
	    !exported("gHotSpotVMTypeEntrySizeOffset", &table.offset))
		return false;
	for (; text_at(table.entry + table.type); table.entry += table.stride) {
		memcpy(&size, (const void *)(table.entry + table.offset), sizeof(size));
		take(vm, wanted, WANTED, text_at(table.entry + table.type), NULL, size);
	}
	return true;
}

static bool read_constants(struct hotspot *vm)
{
	struct table table;
	int32_t value;

	if (!exported("gHotSpotVMIntConstants", &table.entry) ||
	    !exported("gHotSpotVMIntConstantEntryArrayStride", &table.stride) ||
	    !exported("gHotSpotVMIntConstantEntryNameOffset", &table.field) ||
	    !exported("gHotSpotVMIntConstantEntryValueOffset", &table.offset))
		return false;
	for (; text_at(table.entry + table.field); table.entry += table.stride) {
		memcpy(&value, (const void *)(table.entry + table.offset), sizeof(value));
		take(vm, wanted, WANTED, NULL, text_at(table.entry + table.field),
		     (uint64_t)(int64_t)value);
	}
	return true;
}

static bool all_found(const struct hotspot *vm)
{
	size_t value;

	for (size_t i = 0; i < WANTED; i++) {
		memcpy(&value, (const char *)vm + wanted[i].member, sizeof(value));
		if (value == HOTSPOT_NONE && !wanted[i].optional)
			return false;
	}
	/* These came, moved or went with one of the versions. */
	return (vm->code_heaps || vm->code_heap) && vm->call_stub_return && vm->version &&
	       (vm->blob_code_begin != HOTSPOT_NONE || vm->blob_code_offset != HOTSPOT_NONE) &&
	       (vm->nmethod_scopes != HOTSPOT_NONE || vm->nmethod_scopes_begin != HOTSPOT_NONE) &&
	       (vm->nmethod_metadata != HOTSPOT_NONE ||
		(vm->blob_mutable_data != HOTSPOT_NONE &&
		 vm->blob_relocation_size != HOTSPOT_NONE)) &&
	       (vm->pool_file != HOTSPOT_NONE || vm->class_file != HOTSPOT_NONE) &&
	       (vm->symbol_length != HOTSPOT_NONE || vm->symbol_length_and_count != HOTSPOT_NONE);
}

bool hotspot_read_tables(struct hotspot *vm)
{
	size_t absent = HOTSPOT_NONE;

	*vm = (struct hotspot){0};
	for (size_t i = 0; i < WANTED; i++)
		memcpy((char *)vm + wanted[i].member, &absent, sizeof(absent));
	return read_members(vm) && read_sizes(vm) && read_constants(vm) && all_found(vm);
}

static bool find_heap(const struct hotspot *vm, uintptr_t object, struct hotspot_heap *heap)
{
	uintptr_t memory = object + vm->heap_memory;
	uintptr_t segments = object + vm->heap_segmap;

	heap->high = memory + vm->space_high;
	return object && proven_word(memory + vm->space_low, &heap->low) && heap->low &&
	       proven_word(segments + vm->space_low, &heap->map) && heap->map &&
	       proven_readable(heap->high, sizeof(uintptr_t)) &&
	       proven_copy(&heap->shift, object + vm->heap_shift, sizeof(heap->shift)) &&
	       heap->shift < 16;
}

bool hotspot_find_heaps(struct hotspot *vm)
{
	uintptr_t heaps, object;
	uint32_t count = 0;

	if (atomic_load_explicit(&vm->heap_count, memory_order_acquire))
		return true;
	if (!vm->code_heaps) {
		if (!proven_word(vm->code_heap, &object) || !find_heap(vm, object, &vm->heaps[0]))
			return false;
		count = 1;
	} else if (!proven_word(vm->code_heaps, &heaps) || !heaps ||
		   !proven_copy(&count, heaps, sizeof(count)) || count > HOTSPOT_HEAPS ||
		   !proven_word(heaps + vm->array_data, &heaps)) {
		return false;
	} else {
		for (uint32_t i = 0; i < count; i++)
			if (!proven_word(heaps + i * sizeof(object), &object) ||
			    !find_heap(vm, object, &vm->heaps[i]))
				return false;
	}
	atomic_store_explicit(&vm->heap_count, count, memory_order_release);
	return count != 0;
}
