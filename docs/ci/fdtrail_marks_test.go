// SPDX-License-Identifier: MIT

// Tells fdtrail which test runs, so that its report says which test leaked. Copy this file into the package, change its
// package clause, and begin each test with mark(t). Then:
//
//	go test -c -o pkg.test && fdtrail run --per-test --mark-file=/tmp/marks -- ./pkg.test
//
// Without FDTRAIL_MARK_FILE it does nothing. Tests that call t.Parallel() overlap, so their marks mean nothing.
package main

import (
	"os"
	"testing"
)

// TestMain marks what the package opens after its last test.
func TestMain(m *testing.M) {
	status := m.Run()
	setMark("after the tests")
	os.Exit(status)
}

func mark(t testing.TB) {
	setMark(t.Name())
	t.Cleanup(func() { setMark("between tests") })
}

func setMark(text string) {
	path := os.Getenv("FDTRAIL_MARK_FILE")
	if path == "" || path == "none" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	// One write of a whole line, so that several processes may append.
	if _, err := file.WriteString(text + "\n"); err != nil {
		panic(err)
	}
}
