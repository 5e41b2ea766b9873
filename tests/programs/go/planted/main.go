// SPDX-License-Identifier: MIT

// Planted opens and closes descriptors through every call that planted code records.
//
//	planted leak N           leaks N files and N sockets in two functions
//	planted storm SECONDS    many goroutines open and close in functions that are named after what they open, while
//	                         programs are executed. At the end each keeps some: "NUMBER FUNCTION" is printed for
//	                         each descriptor that is open
//	planted profiled SECONDS the same with a CPU profile of 1,000 samples a second; says whether Syscall6 is in it
//	planted fork             a forked child, which never executes a program, opens and closes; the parent keeps one
//	planted unshare          a thread with a descriptor table of its own opens and closes; the others keep some
//	planted requests COUNT   as many requests over one kept connection; prints how often the tracer was woken
//	planted copies COUNT     the same for copies of a descriptor, which are closed
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
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

func number(word string) int {
	value, err := strconv.Atoi(word)
	must(err)
	return value
}

//go:noinline
func openFile() []int {
	fd, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	must(err)
	return []int{fd}
}

//go:noinline
func copyFile() []int {
	first, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	must(err)
	second, err := syscall.Dup(first)
	must(err)
	syscall.CloseOnExec(second)
	must(syscall.Close(first))
	return []int{second}
}

//go:noinline
func makePipe() []int {
	var fds [2]int
	must(syscall.Pipe2(fds[:], syscall.O_CLOEXEC))
	return fds[:]
}

//go:noinline
func makeSocket() []int {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	return []int{fd}
}

//go:noinline
func makePair() []int {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	return fds[:]
}

//go:noinline
func makeEpoll() []int {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	must(err)
	return []int{fd}
}

// A listener and both ends of a connection.
//
//go:noinline
func acceptOne() []int {
	listener, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	must(syscall.Bind(listener, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(syscall.Listen(listener, 1))
	address, err := syscall.Getsockname(listener)
	must(err)
	client, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	must(syscall.Connect(client, address))
	server, _, err := syscall.Accept4(listener, syscall.SOCK_CLOEXEC)
	must(err)
	return []int{listener, client, server}
}

var ways = []struct {
	name string
	open func() []int
}{
	{"openFile", openFile}, {"copyFile", copyFile}, {"makePipe", makePipe}, {"makeSocket", makeSocket},
	{"makePair", makePair}, {"makeEpoll", makeEpoll}, {"acceptOne", acceptOne},
}

type kept struct {
	fds []int
	way int
}

func storm(seconds int) {
	var group sync.WaitGroup
	var lock sync.Mutex
	var all []kept
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	calls := 0

	for i := 0; i < 32; i++ {
		group.Add(1)
		go func(seed int64) {
			defer group.Done()
			random := rand.New(rand.NewSource(seed))
			var mine []kept
			count := 0
			for time.Now().Before(end) {
				way := random.Intn(len(ways))
				// Connections leave ports in TIME_WAIT.
				if ways[way].name == "acceptOne" && random.Intn(50) != 0 {
					continue
				}
				mine = append(mine, kept{ways[way].open(), way})
				count++
				for len(mine) > 8 || (len(mine) > 0 && random.Intn(2) == 0) {
					index := random.Intn(len(mine))
					for _, fd := range mine[index].fds {
						must(syscall.Close(fd))
					}
					mine = append(mine[:index], mine[index+1:]...)
				}
			}
			lock.Lock()
			defer lock.Unlock()
			all = append(all, mine...)
			calls += count
		}(int64(i))
	}
	for i := 0; i < 2; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for time.Now().Before(end) {
				must(exec.Command("/bin/true").Run())
			}
		}()
	}
	group.Wait()
	for _, one := range all {
		for _, fd := range one.fds {
			fmt.Println(fd, ways[one.way].name)
		}
	}
	fmt.Fprintln(os.Stderr, calls, "times")
}

// The profile's strings are uncompressed in its protocol buffer.
func profiled(seconds int) {
	var out bytes.Buffer

	runtime.SetCPUProfileRate(1000)
	must(pprof.StartCPUProfile(&out))
	storm(seconds)
	pprof.StopCPUProfile()
	unpacked, err := gzip.NewReader(&out)
	must(err)
	text, err := io.ReadAll(unpacked)
	must(err)
	fmt.Fprintln(os.Stderr, "profile of", len(text), "bytes, Syscall6:", bytes.Contains(text, []byte("Syscall6")))
}

func leak(count int) {
	for i := 0; i < count; i++ {
		openFile()
		makeSocket()
	}
}

// Only the calling thread exists in the child, so it must not use the Go scheduler: raw calls only.
func fork() {
	// So that their stacks are known before.
	for i := 0; i < 3; i++ {
		for _, fd := range openFile() {
			must(syscall.Close(fd))
		}
	}
	before := openFile()
	child, _, errno := syscall.RawSyscall(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0)
	if errno != 0 {
		must(errno)
	}
	if child == 0 {
		syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(before[0]), 0, 0)
		for i := 0; i < 5; i++ {
			syscall.RawSyscall(syscall.SYS_DUP, 0, 0, 0)
		}
		syscall.RawSyscall(syscall.SYS_EXIT, 0, 0, 0)
	}
	_, err := syscall.Wait4(int(child), nil, 0, nil)
	must(err)
	fmt.Println(before[0], "openFile")
}

func unshare() {
	var group sync.WaitGroup

	for i := 0; i < 3; i++ {
		for _, fd := range openFile() {
			must(syscall.Close(fd))
		}
	}
	before := openFile()
	group.Add(1)
	go func() {
		defer group.Done()
		runtime.LockOSThread() // and never unlocked: the thread ends with this function
		must(syscall.Unshare(syscall.CLONE_FILES))
		must(syscall.Close(before[0]))
		for i := 0; i < 5; i++ {
			openFile()
		}
	}()
	group.Wait()
	after := openFile()
	fmt.Println(before[0], "openFile")
	fmt.Println(after[0], "openFile")
}

// The number in a line of /proc/PID/status.
func status(pid string, name string) int {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	must(err)
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name+":") {
			return number(strings.TrimSpace(line[len(name)+1:]))
		}
	}
	must(errors.New("no " + name))
	return 0
}

//go:noinline
func ask(url string) {
	response, err := http.Get(url)
	must(err)
	_, err = io.Copy(io.Discard, response.Body)
	must(err)
	must(response.Body.Close())
}

// wakes does something count times, and prints how often that has woken the tracer, after some that may be new to it.
func wakes(count int, act func()) {
	tracer := strconv.Itoa(status("self", "TracerPid"))
	var before int

	for i := 0; i < count+20; i++ {
		if i == 20 {
			before = status(tracer, "voluntary_ctxt_switches")
		}
		act()
	}
	fmt.Println(status(tracer, "voluntary_ctxt_switches") - before)
}

func requests(count int) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	wakes(count, func() { ask(server.URL) })
}

func copies(count int) {
	wakes(count, func() {
		fd, err := syscall.Dup(0)
		must(err)
		must(syscall.Close(fd))
	})
}

func main() {
	switch os.Args[1] {
	case "profiled":
		profiled(number(os.Args[2]))
	case "leak":
		leak(number(os.Args[2]))
	case "storm":
		storm(number(os.Args[2]))
	case "fork":
		fork()
	case "unshare":
		unshare()
	case "requests":
		requests(number(os.Args[2]))
	case "copies":
		copies(number(os.Args[2]))
	}
}
