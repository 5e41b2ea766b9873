// SPDX-License-Identifier: MIT

// Server is a web server that calls a message broker's API. Its handler Disconnect ignores the response,
// so the body is never closed, and each call leaves a connection behind, which is in CLOSE_WAIT when the
// broker has closed its end. The other handlers are correct, and use the same http.Client.
//
// It sends itself the requests that its flags name, waits until the broker has closed its ends, prints
// what it has leaked, and ends; with -stay it ends when stdin ends or by SIGTERM.
//
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"broker.example/api"
)

var (
	base       = flag.String("broker", "", "URL of the broker")
	leaks      = flag.Int("leaks", 5, "how many requests leak")
	good       = flag.Int("good", 5, "how many do not, between the others")
	keepAlive  = flag.Bool("keepalive", true, "let http.Client keep connections")
	http2      = flag.Bool("http2", false, "let http.Client speak HTTP/2")
	wrap       = flag.Bool("wrap", false, "wrap the connections")
	concurrent = flag.Bool("concurrent", false, "send the requests at once")
	hangup     = flag.Bool("hangup", true, "have the broker close what it can at the end")
	stay       = flag.Bool("stay", false, "wait for the end of stdin, or SIGTERM")
)

// request sends a request to this server and reads the answer to its end.
func request(address, path string) error {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	fmt.Fprintf(connection, "POST %s HTTP/1.0\r\n\r\n", path)
	answer, err := io.ReadAll(connection)
	if err == nil && !strings.HasPrefix(string(answer), "HTTP/1.0 200 ") {
		err = fmt.Errorf("%s: %.40q", path, answer)
	}
	return err
}

// paths are the requested paths, in this order: bad ones with good ones between.
func paths() []string {
	var all []string
	for i := 0; i < *leaks || i < *good; i++ {
		if i < *good {
			all = append(all, []string{"/list", "/drop?name=good"}[i%2])
		}
		if i < *leaks {
			all = append(all, fmt.Sprint("/disconnect?name=client", i))
		}
	}
	return all
}

func requests(address string) error {
	var group sync.WaitGroup
	failed := make(chan error, *leaks+*good)
	for _, path := range paths() {
		group.Add(1)
		one := func(path string) {
			defer group.Done()
			if err := request(address, path); err != nil {
				failed <- err
			}
		}
		if *concurrent {
			go one(path)
		} else {
			one(path)
		}
	}
	group.Wait()
	close(failed)
	return <-failed
}

// sockets counts the sockets that this process has open.
func sockets() int {
	count := 0
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + entry.Name())
		if strings.HasPrefix(target, "socket:") {
			count++
		}
	}
	return count
}

func run() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	before := sockets()
	server := &Server{client: api.NewClient(*base, api.Options{KeepAlive: *keepAlive, HTTP2: *http2, Wrap: *wrap})}
	go http.Serve(listener, server.handler())
	if err := requests(listener.Addr().String()); err != nil {
		return err
	}

	if !*hangup {
		return nil
	}
	// The broker has closed its ends, and http.Client has noticed where it can.
	if err := api.NewClient(*base, api.Options{}).Hangup(); err != nil {
		return err
	}
	for tries := 0; sockets() != before+expected() && tries < 1000; tries++ {
		time.Sleep(5 * time.Millisecond)
	}
	fmt.Printf("leaked %d\n", sockets()-before)
	return nil
}

// expected is the number of leaked connections. Over HTTP/2 all share one, which is not leaked.
func expected() int {
	if *http2 {
		return 0
	}
	return *leaks
}

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
	if *stay {
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM)
		go func() {
			io.Copy(io.Discard, os.Stdin)
			ended <- syscall.SIGTERM
		}()
		<-ended
	}
}
