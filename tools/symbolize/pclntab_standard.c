// SPDX-License-Identifier: MIT
/*
 * Tells Go's own functions from the user's by their names: the path of the package begins either
 * with a folder of the standard library, or with the domain or name that the user chose. With
 * -trimpath and in stripped programs there is nothing else to tell them by.
 */
#include <stdlib.h>
#include <string.h>

#include "pclntab.h"

/* The folders of src/ with packages, in Go 1.16 to 1.27, sorted. vendor/ has the packages of
 * golang.org/x that the standard library includes. */
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
	/* The package's path ends at the first dot after its last slash. Type parameters and
	 * receivers that follow have paths of their own. */
	size_t whole = strcspn(function, "([");
	const char *dot = memchr(function, '.', whole), *slash = memchr(function, '/', whole);
	static const char http2[] = "golang.org/x/net/http2.";
	struct word first = {function, slash ? (size_t)(slash - function) : whole};

	/* Names without a package come from assembly and cgo, names with a colon from the
	 * compiler. */
	if (!dot || memchr(function, ':', whole))
		return true;
	if (!slash || dot < slash)
		first.length = (size_t)(dot - function);
	/* The path begins with a domain: example.org/... Only golang.org/x/net/http2 counts as Go's
	 * own, because it is the other half of net/http; programs may include it themselves. */
	if (slash && dot < slash)
		return strncmp(function, http2, strlen(http2)) == 0;
	return bsearch(&first, standard, sizeof(standard) / sizeof(*standard), sizeof(*standard),
		       compare) != NULL;
}
