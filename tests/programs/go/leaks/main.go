// SPDX-License-Identifier: MIT

//	leaks KIND                          leaks three times in one way, on the line that ends in "leak: KIND"
//
// scripts/leak-table puts fdtrail's output for each into docs/kinds-of-leaks.md.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
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

// The collector would close files that nobody holds.
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

//go:noinline
func checkShared(server *httptest.Server) {
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = true
	response, err := (&http.Client{Transport: transport}).Get(server.URL) // leak: Go-transport-HTTP/2
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
}

// No leak: three requests at a time, and one more, over one Transport, which keeps their connections.
func pool() {
	var asked sync.WaitGroup
	asked.Add(times)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/together" {
			asked.Done()
			asked.Wait()
		}
		io.WriteString(w, "ok")
	}))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: times}}
	get := func(path string) {
		response, err := client.Get(server.URL + path)
		if err != nil {
			panic(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	var ended sync.WaitGroup
	for i := 0; i < times; i++ {
		ended.Add(1)
		go func() {
			get("/together")
			ended.Done()
		}()
	}
	ended.Wait()
	get("/")
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
	var server *httptest.Server
	kind, url := os.Args[1], ""
	switch kind {
	case "Go-response":
		url = serve(long)
	case "Go-transport":
		url = serve(2)
	case "Go-transport-HTTP/2":
		server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
		server.EnableHTTP2 = true
		server.StartTLS()
	case "Go-pool":
		pool()
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
		case "Go-transport-HTTP/2":
			checkShared(server)
		}
	}
}
