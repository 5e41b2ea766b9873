// SPDX-License-Identifier: MIT

// Churn is the program that scripts/bench --go measures.
//
//	churn serve                         an HTTP server on loopback, until stdin ends; prints its address
//	churn ask ADDRESS COUNT WORKERS     COUNT requests, a new connection each; prints requests per second
//	churn reuse COUNT                   a server and http.Client in one, over kept connections; the same
//	churn read COUNT                    COUNT system calls that open nothing; prints calls per second
//	churn nothing                       ends at once
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(word string) int {
	value, err := strconv.Atoi(word)
	must(err)
	return value
}

func answer(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "ok\n")
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Println(listener.Addr())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	must(http.Serve(listener, http.HandlerFunc(answer)))
}

func measure(count int, work func()) {
	begin := time.Now()
	work()
	fmt.Printf("%.1f\n", float64(count)/time.Since(begin).Seconds())
}

func ask(address string, count, workers int) {
	var group sync.WaitGroup

	for i := 0; i < workers; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := 0; n < count/workers; n++ {
				connection, err := net.Dial("tcp", address)
				must(err)
				io.WriteString(connection, "GET / HTTP/1.0\r\n\r\n")
				_, err = io.Copy(io.Discard, connection)
				must(err)
				connection.Close()
			}
		}()
	}
	group.Wait()
}

func reuse(count int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go http.Serve(listener, http.HandlerFunc(answer))
	for n := 0; n < count; n++ {
		response, err := http.Get("http://" + listener.Addr().String())
		must(err)
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
}

func read(count int) {
	file, err := os.Open("/dev/zero")
	must(err)
	buffer := make([]byte, 1)
	for n := 0; n < count; n++ {
		_, err := file.Read(buffer)
		must(err)
	}
}

func main() {
	switch os.Args[1] {
	case "serve":
		serve()
	case "ask":
		count, workers := number(os.Args[3]), number(os.Args[4])
		measure(count, func() { ask(os.Args[2], count, workers) })
	case "reuse":
		count := number(os.Args[2])
		measure(count, func() { reuse(count) })
	case "read":
		count := number(os.Args[2])
		measure(count, func() { read(count) })
	case "nothing":
	}
}
