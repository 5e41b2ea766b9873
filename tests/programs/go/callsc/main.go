// SPDX-License-Identifier: MIT

// Callsc leaks files opened by C that Go calls, by Go that C calls back, and by Go that a thread of
// C's calls; and combinations of these.
package main

/*
int open_in_c(const char *path);
void call_back(const char *path);
int call_back_in_a_thread(const char *path);
*/
import "C"

import (
	"fmt"
	"os"
	"syscall"
)

//go:noinline
func leakThroughC(path string) int {
	return int(C.open_in_c(C.CString(path)))
}

//go:noinline
func leakThroughCallback(path string) {
	C.call_back(C.CString(path))
}

//export openInGo
func openInGo(path *C.char) {
	if C.GoString(path) == "/dev/full" {
		leakThroughC("/dev/urandom")
		leakThroughCallback("/dev/random")
	}
	if _, err := syscall.Open(C.GoString(path), syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err != nil {
		fmt.Fprintln(os.Stderr, "callsc:", err)
		os.Exit(1)
	}
}

func main() {
	if leakThroughC("/dev/null") < 0 {
		fmt.Fprintln(os.Stderr, "callsc: open failed")
		os.Exit(1)
	}
	done := make(chan bool)
	go func() {
		leakThroughCallback("/dev/zero")
		done <- true
	}()
	<-done
	if C.call_back_in_a_thread(C.CString("/dev/full")) != 0 {
		fmt.Fprintln(os.Stderr, "callsc: no thread")
		os.Exit(1)
	}
}
