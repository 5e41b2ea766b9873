// SPDX-License-Identifier: MIT

//	leaks KIND                          leaks three times in one way, on the line that ends in "leak: KIND"
//
// scripts/leak-table puts what fdtrail prints for each into docs/kinds-of-leaks.md.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

const times = 3

//go:noinline
func readConfig() {
	file, err := os.Open("/proc/version") // leak: Go-file
	if err != nil {
		panic(err)
	}
	opened = append(opened, file)
}

//go:noinline
func descend(depth int) {
	if depth > 0 {
		descend(depth - 1)
		return
	}
	file, err := os.Open("/proc/version") // leak: Go-recursion
	if err != nil {
		panic(err)
	}
	opened = append(opened, file)
}

// The collector would close what nobody holds.
var opened []*os.File

// More than fits into net/http's own buffer, so that some stays unread.
const long = 1 << 20

//go:noinline
func fetch(client *http.Client, url string) {
	response, err := client.Get(url) // leak: Go-response
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(io.Discard, response.StatusCode)
}

//go:noinline
func check(url string) {
	client := &http.Client{Transport: &http.Transport{}}
	response, err := client.Get(url) // leak: Go-transport
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
}

// The server's connections are not the leak: it ends them when the test program ends.
func serve(length int) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat(".", length))
	}))
	return "http://" + listener.Addr().String()
}

func main() {
	kind, url := os.Args[1], ""
	switch kind {
	case "Go-response":
		url = serve(long)
	case "Go-transport":
		url = serve(2)
	}
	for i := 0; i < times; i++ {
		switch kind {
		case "Go-file":
			readConfig()
		case "Go-recursion":
			descend(i)
		case "Go-response":
			fetch(http.DefaultClient, url)
		case "Go-transport":
			check(url)
		}
	}
}
