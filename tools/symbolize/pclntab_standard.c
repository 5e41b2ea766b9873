// SPDX-License-Identifier: MIT
/*
 * Whose a function is, by its name alone: the path of its package begins with a name of the
 * standard library, or with the domain or the name that the user chose. With -trimpath, and in
 * stripped programs, nothing else tells.
 */
#include <stdlib.h>
#include <string.h>

#include "pclntab.h"

/* The folders of src/ in Go 1.16 to 1.27 that packages are in; vendor/ has those of golang.org/x
 * that the standard library brings. Sorted. */
static const char *const standard[] = {
	"archive", "arena",    "bufio",  "bytes",   "cmp",      "compress", "container", "context",
	"crypto",  "database", "debug",  "embed",   "encoding", "errors",   "expvar",    "flag",
	"fmt",     "go",       "hash",   "html",    "image",    "index",    "internal",  "io",
	"iter",    "log",      "maps",   "math",    "mime",     "net",      "os",        "path",
	"plugin",  "reflect",  "regexp", "runtime", "simd",     "slices",   "sort",      "strconv",
	"strings", "structs",  "sync",   "syscall", "testing",  "text",     "time",      "unicode",
	"unique",  "unsafe",   "vendor", "weak",
};

struct word {
	const char *text;
	size_t length;
};

static int compare(const void *left, const void *right)
{
	const struct word *key = left;
	const char *name = *(const char *const *)right;
	int result = strncmp(key->text, name, key->length);

	return result ? result : -(name[key->length] != 0);
}

bool pclntab_is_standard(const char *function)
{
	/* The path of the package ends at the first dot behind its last slash; type parameters and
	 * receivers behind it have paths of their own. */
	size_t whole = strcspn(function, "([");
	const char *dot = memchr(function, '.', whole), *slash = memchr(function, '/', whole);
	static const char http2[] = "golang.org/x/net/http2.";
	struct word first = {function, slash ? (size_t)(slash - function) : whole};

	/* Names without a package are those of assembly and of cgo; with a colon, of the compiler.
	 */
	if (!dot || memchr(function, ':', whole))
		return true;
	if (!slash || dot < slash)
		first.length = (size_t)(dot - function);
	/* A domain: example.org/..., and main.main for what has no slash. That one is net/http's
	 * other half, which programs may bring themselves. */
	if (slash && dot < slash)
		return strncmp(function, http2, strlen(http2)) == 0;
	return bsearch(&first, standard, sizeof(standard) / sizeof(*standard), sizeof(*standard),
		       compare) != NULL;
}
