// SPDX-License-Identifier: MIT

// Consumer hangs up some sessions with a broker of its own, which is in the same process, from two
// places, and ends. Each hang-up leaves a connection open: see session.Hangup.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"broker.example/consumer/internal/session"
)

func answer(w http.ResponseWriter, r *http.Request) {
	w.Write([]byte(strings.Repeat("gone\n", 100000)))
}

func run() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(listener, http.HandlerFunc(answer))
	all := session.New("http://" + listener.Addr().String())
	for i := 0; i < 3; i++ {
		if err := all.Hangup("many"); err != nil {
			return err
		}
	}
	return all.Hangup("last")
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
