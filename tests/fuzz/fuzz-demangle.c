// SPDX-License-Identifier: MIT
/* Demangling any name: this ends soon, and the result fits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/demangle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* LeakSanitizer calls these functions. libiberty's Rust demangler leaks the decoded part of an
 * identifier in Punycode that turns out to be broken: a few bytes in a command that ends soon. */
const char *__lsan_default_suppressions(void)
{
	return "leak:print_ident\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = malloc(size + 3), text[DEMANGLE_TEXT_MAX];
	const char *shown;

	if (!name)
		abort();
	/* Half of the names begin like Rust's, so that the fuzzer need not find the two letters. */
	memcpy(name, size % 2 ? "_R" : "_Z", 2);
	if (size)
		memcpy(name + 2, data, size);
	name[size + 2] = '\0';
	shown = demangle(name, text);
	if (shown != name && (shown != text || strlen(text) >= DEMANGLE_TEXT_MAX))
		abort();
	free(name);
	return 0;
}
