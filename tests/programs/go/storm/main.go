// SPDX-License-Identifier: MIT

// Storm does one thing many times, keeps some descriptors, and prints the numbers that are open at its end, which
// its last snapshot has to list.
//
//	storm goroutines    a thousand goroutines that open, close and are preempted, with the collector running
//	storm exec          two hundred programs, executed eight at a time
//	storm connections N that many connections, both ends of each
//	storm leak          sockets until there are no numbers left
//	storm turns         goroutines that reuse the same memory, started by two functions in turn
//	storm threads       requests by threads that existed before the first connection
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// kept holds values that must not be collected, because a finalizer would close them.
var kept struct {
	sync.Mutex
	things []any
}

func keep(thing any) {
	kept.Lock()
	defer kept.Unlock()
	kept.things = append(kept.things, thing)
}

func goroutines() {
	var group sync.WaitGroup

	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func(number int) {
			defer group.Done()
			for round := 0; round < 10; round++ {
				file, err := os.Open("/dev/null")
				must(err)
				if round%5 == 4 {
					runtime.GC()
				} else {
					for sum, end := 0, time.Now().Add(50*time.Microsecond); time.Now().Before(end); sum++ {
					}
				}
				if number%100 == 0 && round == 9 {
					keep(file)
				} else {
					must(file.Close())
				}
			}
		}(i)
	}
	group.Wait()
}

func programs() {
	var group sync.WaitGroup

	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for n := 0; n < 25; n++ {
				output, err := exec.Command("/bin/echo", "executed").Output()
				must(err)
				if string(output) != "executed\n" {
					must(fmt.Errorf("echo said %q", output))
				}
				file, err := os.Open("/dev/zero")
				must(err)
				if n == 24 {
					keep(file)
				} else {
					must(file.Close())
				}
			}
		}()
	}
	group.Wait()
}

func connections(count int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	accepted := make(chan net.Conn)
	go func() {
		for {
			connection, err := listener.Accept()
			must(err)
			accepted <- connection
		}
	}()
	for i := 0; i < count; i++ {
		connection, err := net.Dial("tcp", listener.Addr().String())
		must(err)
		keep(connection)
		keep(<-accepted)
	}
	keep(listener)
}

func leak() {
	for {
		if _, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0); err != nil {
			return
		}
	}
}

func open(done chan bool) {
	if _, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err != nil {
		must(err)
	}
	done <- true
}

//go:noinline
func left(done chan bool) {
	go open(done)
}

//go:noinline
func right(done chan bool) {
	go open(done)
}

// One goroutine after the other, each with the memory of the one before.
func turns(count int) {
	done := make(chan bool)
	for i := 0; i < count; i++ {
		left(done)
		<-done
		right(done)
		<-done
	}
}

//go:noinline
func first(client *http.Client, url string) {
	response, err := client.Get(url)
	must(err)
	_, err = io.Copy(io.Discard, response.Body)
	must(err)
	must(response.Body.Close())
}

// Leaves the answer unread.
//
//go:noinline
func second(client *http.Client, url string) {
	response, err := client.Get(url)
	must(err)
	keep(response.Body)
}

// Threads that exist before the first connection, each with a client of its own: main makes its
// first request, and the thread the second.
func threads(count int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "answer\n")
	}))
	url := "http://" + listener.Addr().String()
	clients := make([]chan *http.Client, count)
	ready, done := make(chan bool), make(chan bool)
	for i := range clients {
		clients[i] = make(chan *http.Client)
		go func(clients chan *http.Client) {
			runtime.LockOSThread()
			ready <- true
			second(<-clients, url)
			done <- true
			select {}
		}(clients[i])
		<-ready
	}
	for i := range clients {
		client := &http.Client{Transport: &http.Transport{}}
		first(client, url)
		clients[i] <- client
		<-done
	}
}

func main() {
	switch os.Args[1] {
	case "goroutines":
		goroutines()
	case "exec":
		programs()
	case "connections":
		count, err := strconv.Atoi(os.Args[2])
		must(err)
		connections(count)
	case "leak":
		leak()
	case "turns":
		turns(20)
	case "threads":
		threads(8)
	}
	// By number, because a program without a free number can't list its folder.
	for number := 0; number < 1<<16; number++ {
		if _, _, err := syscall.Syscall(syscall.SYS_FCNTL, uintptr(number), syscall.F_GETFD, 0); err == 0 {
			fmt.Println(number)
		}
	}
	runtime.KeepAlive(&kept)
}
