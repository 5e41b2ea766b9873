// SPDX-License-Identifier: MIT
/*
 * See v8_layout.h. Known are V8 10.2, 11.3, 12.4 and 13.6, which Node 18, 20, 22 and 24 have. In
 * other versions the members without a symbol may lie elsewhere.
 */
#include "v8_layout.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "preload/core/base/loaded_symbol.h"
#include "preload/core/capture/local_memory.h"
#include "function_table.h"
#include "v8_bytecodes.h"

struct v8_layout v8_layout;

enum { ISOLATE_MAX = 64 * 1024 }; /* the part of an Isolate that generated code uses is smaller */

/* Members by the symbols that give them, without "v8dbg_". The newest name of a symbol whose name
 * has changed stands last, because it wins. */
static const struct {
	uint16_t member;
	const char *symbol;
} symbols[] = {
#define AT(member) offsetof(struct v8_layout, member)
#define SHARED     "class_SharedFunctionInfo__"
	{AT(map_type), "class_Map__instance_type__uint16_t"},
	{AT(function_shared), "class_JSFunction__shared__SharedFunctionInfo"},
	{AT(shared_name), SHARED "name_or_scope_info__Object"},
	{AT(shared_name), SHARED "name_or_scope_info__Tagged_Object_"},
	{AT(shared_name), SHARED "name_or_scope_info__Tagged_NameOrScopeInfoT_"},
	{AT(shared_script), SHARED "script_or_debug_info__HeapObject"},
	{AT(shared_script), SHARED "script__Tagged_HeapObject_"},
	{AT(shared_length), SHARED "length__uint16_t"},
	{AT(shared_flags), SHARED "flags__int"},
	{AT(script_source), "class_Script__source__Object"},
	{AT(script_name), "class_Script__name__Object"},
	{AT(script_line_ends), "class_Script__line_ends__Object"},
	{AT(bytecodes_data), "class_BytecodeArray__data__uintptr_t"},
	{AT(array_length), "class_FixedArrayBase__length__SMI"},
	{AT(array_data), "class_FixedArray__data__uintptr_t"},
	{AT(string_length), "class_String__length__int32_t"},
	{AT(string_data), "class_SeqOneByteString__chars__char"},
	{AT(cons_first), "class_ConsString__first__String"},
	{AT(cons_second), "class_ConsString__second__String"},
	{AT(sliced_parent), "class_SlicedString__parent__String"},
	{AT(sliced_offset), "class_SlicedString__offset__SMI"},
	{AT(thin_actual), "class_ThinString__actual__String"},
	{AT(external_resource), "class_ExternalString__resource__Object"},
	{AT(type_function), "type_JSFunction__JS_FUNCTION_TYPE"},
	{AT(type_shared), "type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE"},
	{AT(type_script), "type_Script__SCRIPT_TYPE"},
	{AT(type_scope), "type_ScopeInfo__SCOPE_INFO_TYPE"},
	{AT(type_bytecodes), "type_BytecodeArray__BYTECODE_ARRAY_TYPE"},
	{AT(type_code), "type_Code__CODE_TYPE"},
	{AT(type_byte_array), "type_ByteArray__BYTE_ARRAY_TYPE"},
	{AT(type_first_no_string), "FirstNonstringType"},
	{AT(string_one_byte), "OneByteStringTag"},
	{AT(string_kind_mask), "StringRepresentationMask"},
	{AT(string_cons), "ConsStringTag"},
	{AT(string_external), "ExternalStringTag"},
	{AT(string_sliced), "SlicedStringTag"},
	{AT(string_thin), "ThinStringTag"},
	{AT(scope_locals), "scopeinfo_idx_ncontextlocals"},
	{AT(scope_first), "scopeinfo_idx_first_vars"},
	{AT(kind_mask), "CodeKindFieldMask"},
	{AT(kind_baseline), "CodeKindBaseline"},
	{AT(kind_interpreted), "CodeKindInterpretedFunction"},
#undef SHARED
#undef AT
};

/* Constants that the code relies on. */
static const struct {
	const char *symbol;
	int32_t value;
} constants[] = {
	{"off_fp_context", V8_FP_CONTEXT},
	{"off_fp_function", V8_FP_FUNCTION},
	{"off_fp_bytecode_array", V8_FP_BYTECODES},
	{"off_fp_bytecode_offset", V8_FP_BYTECODE_OFFSET},
	{"HeapObjectTag", 1},
	{"SmiTag", 0},
	{"SmiTagMask", 1},
	{"SmiShiftSize", 31},
	{"SmiValueShift", 1},
	{"class_HeapObject__map__Map", 0},
	{"CodeKindFieldShift", 0},
};

/* A debug symbol is an int; false: there is none. */
static bool debug_symbol(const char *name, int32_t *value)
{
	char full[128] = "v8dbg_";
	struct loaded_symbol found;
	size_t length = strlen(name);

	if (length >= sizeof(full) - 6)
		return false;
	memcpy(full + 6, name, length + 1);
	if (!loaded_symbol_find(full, &found))
		return false;
	memcpy(value, (const void *)found.address, sizeof(*value));
	return true;
}

static bool version_symbol(const char *name, uint32_t *value)
{
	struct loaded_symbol found;

	if (!loaded_symbol_find(name, &found))
		return false;
	memcpy(value, (const void *)found.address, sizeof(*value));
	return true;
}

/* The members that no symbol gives. */
static bool add_version(struct v8_layout *layout)
{
	uint32_t version = layout->major * 100 + layout->minor;

	layout->shared_data = 8;
	layout->script_id = layout->script_line_ends + 8;
	layout->script_eval_shared = layout->script_line_ends + 16;
	layout->script_eval_position = layout->script_line_ends + 24;
	layout->deopt_inlined = 1;
	layout->deopt_literals = 2;
	layout->deopt_shared = 6;
	layout->deopt_inlining = 7;
	layout->code_start = 40;
	switch (version) {
	case 1002:
		layout->function_code = 48;
		layout->bytecodes_positions = 32;
		layout->code_deoptimization = 16;
		layout->code_positions = 24;
		layout->code_size = 40;
		layout->code_flags = 48;
		layout->code_start = 128;
		break;
	case 1103:
		layout->function_code = 48;
		layout->bytecodes_positions = 32;
		layout->code_deoptimization = 16;
		layout->code_positions = 24;
		layout->code_flags = 48;
		layout->code_size = 56;
		layout->stream_data = 16;
		break;
	case 1204:
		layout->function_code = 24;
		layout->bytecodes_positions = 24;
		layout->code_deoptimization = 8;
		layout->code_positions = 16;
		layout->code_flags = 48;
		layout->code_size = 52;
		layout->stream_data = 32;
		break;
	case 1306:
		layout->function_code = 0; /* a number of a table, not a pointer */
		layout->bytecodes_positions = 24;
		layout->code_deoptimization = 8;
		layout->code_positions = 16;
		layout->code_flags = 52;
		layout->code_size = 56;
		layout->stream_data = 32;
		layout->deopt_literals = 3;
		layout->deopt_shared = 7;
		layout->deopt_inlining = 8;
		break;
	default:
		return false;
	}
	return true;
}

/* Finds the code that V8's build has generated. It has no unwind data, so it is the widest gap
 * between the end of a function and the next in the module's table. What follows the last function
 * may be data. */
static bool find_builtins(struct v8_layout *layout, const struct object *object)
{
	enum { WIDEST = 256 * 1024 };
	struct function_table table;
	uintptr_t widest = WIDEST, at = 0;

	if (!function_table_of(object, &table))
		return false;
	for (uint32_t i = 0; i + 1 < table.count; i++) {
		uintptr_t after = function_start(&table, i + 1), end;

		if (after - function_start(&table, i) <= widest)
			continue;
		end = function_end(&table, i);
		if (after > end && after - end > widest) {
			widest = after - end;
			at = end;
		}
	}
	layout->builtins_start = at;
	layout->builtins_end = at + widest;
	return at != 0;
}

/* Finds where generated code notes its frame when it calls native code: the function that does it
 * makes the frame, then writes its frame pointer to the isolate's memory, which r13 points into
 * (V8's src/codegen/x64/macro-assembler-x64.cc, EnterExitFrame and kRootRegisterBias). On other
 * machines it isn't found. */
static uint32_t find_exit_frame(const struct v8_layout *layout)
{
	enum { ROOT_BIAS = 128, TYPE = 5, PLACE = 11, CONTEXT = 15, SIZE = 18 };
	static const unsigned char enter[SIZE] = {
		0x55,                         /* push %rbp */
		0x48, 0x89, 0xe5,             /* mov %rsp, %rbp */
		0x6a, 0,                      /* push $TYPE */
		0x6a, 0,                      /* push $0 */
		0x49, 0x89, 0xad, 0, 0, 0, 0, /* mov %rbp, PLACE(%r13) */
		0x49, 0x89, 0xb5,             /* mov %rsi, CONTEXT(%r13) */
	};
	const unsigned char *code = (const unsigned char *)layout->builtins_start;
	const unsigned char *end = (const unsigned char *)layout->builtins_end;
	uint32_t place;

	for (; (code = memchr(code, *enter, (size_t)(end - code))) && end - code >= SIZE; code++) {
		if (memcmp(code, enter, TYPE) != 0 ||
		    memcmp(code + TYPE + 1, enter + TYPE + 1, PLACE - TYPE - 1) != 0 ||
		    memcmp(code + CONTEXT, enter + CONTEXT, SIZE - CONTEXT) != 0)
			continue;
		memcpy(&place, code + PLACE, sizeof(place));
		if (place % sizeof(uintptr_t) == 0 && place < ISOLATE_MAX)
			return place + ROOT_BIAS;
	}
	return 0;
}

/* Finds the members that a walk from outside of V8's module needs, all or none. */
static void find_exit(struct v8_layout *layout)
{
	struct loaded_symbol current;

	layout->exit_frame = find_exit_frame(layout);
	if (loaded_symbol_find("_ZN2v87Isolate13TryGetCurrentEv", &current))
		layout->isolate = (void *(*)(void))current.address;
	else
		layout->exit_frame = 0;
}

enum v8_found v8_layout_find(const char **trouble)
{
	struct v8_layout layout = {0};
	struct loaded_symbol code, sizes;
	struct local_memory memory;
	struct object object = {0};
	int32_t value;

	if (!version_symbol("_ZN2v88internal7Version6major_E", &layout.major) ||
	    !version_symbol("_ZN2v88internal7Version6minor_E", &layout.minor))
		return V8_NOT;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++)
		if (debug_symbol(symbols[i].symbol, &value))
			memcpy((char *)&layout + symbols[i].member, &value, sizeof(value));
	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		memcpy(&value, (char *)&layout + symbols[i].member, sizeof(value));
		if (!value) {
			*trouble = "this V8 doesn't export its layout";
			return V8_OTHER;
		}
	}
	for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		if (!debug_symbol(constants[i].symbol, &value) || value != constants[i].value) {
			*trouble = "this V8 has another layout of words or frames";
			return V8_OTHER;
		}
	if (debug_symbol("type_TrustedByteArray__TRUSTED_BYTE_ARRAY_TYPE", &value))
		layout.type_trusted_byte_array = (uint32_t)value;
	if (!add_version(&layout)) {
		*trouble = "fdtrail doesn't know this version of V8";
		return V8_OTHER;
	}
	local_memory_init(&memory);
	if (!loaded_symbol_find("_ZN2v82V810GetVersionEv", &code) ||
	    !memory.memory.find(&memory.memory, code.address, &object) ||
	    !find_builtins(&layout, &object)) {
		*trouble = "V8's generated code wasn't found";
		return V8_OTHER;
	}
	layout.module_start = object.start;
	layout.module_end = object.end;
	find_exit(&layout);
	if (loaded_symbol_find("_ZN2v88internal11interpreter9Bytecodes14kBytecodeSizesE", &sizes) &&
	    sizes.size && sizes.size % 3 == 0) {
		layout.bytecode_sizes = (const uint8_t *)sizes.address;
		layout.bytecode_count = (uint32_t)sizes.size / 3;
	} else if (layout.major == V8_BYTECODES_MAJOR && layout.minor == V8_BYTECODES_MINOR) {
		layout.bytecode_sizes = v8_bytecode_sizes;
		layout.bytecode_count = V8_BYTECODES;
	}
	v8_layout = layout;
	return V8_READABLE;
}
