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
//	planted rare             opens by calls that planted code does not record itself
//	planted confine          installs a seccomp filter that kills it for calls which the kernel does not have, while a thread
//	                         waits in a call that planted code makes; opens before and afterwards
//	planted become COMMAND...  executes another program in its place
//	planted serve            prints its address, and for each request opens and closes a file; the request /rare opens as
//	                         above and executes a program; /exit exits with status 7
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
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
	"unsafe"
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

//go:noinline
func dupOver() []int {
	must(syscall.Dup3(0, 100, syscall.O_CLOEXEC))
	return []int{100}
}

//go:noinline
func makeSignalfd() []int {
	var set uint64

	fd, _, errno := syscall.Syscall6(syscall.SYS_SIGNALFD4, ^uintptr(0), uintptr(unsafe.Pointer(&set)), 8,
		syscall.O_CLOEXEC, 0, 0)
	if errno != 0 {
		must(errno)
	}
	return []int{int(fd)}
}

// receive waits for a descriptor while signals with handlers interrupt it: the kernel repeats the call after each.
//
//go:noinline
func receive() []int {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	defer syscall.Close(pair[0])
	defer syscall.Close(pair[1])
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	thread := syscall.Gettid()
	go func() {
		for i := 0; i < 20; i++ {
			time.Sleep(5 * time.Millisecond)
			syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(thread), uintptr(syscall.SIGWINCH))
		}
		must(syscall.Sendmsg(pair[0], []byte("x"), syscall.UnixRights(0), nil, 0))
	}()
	data, rights := make([]byte, 1), make([]byte, 64)
	_, length, _, _, err := syscall.Recvmsg(pair[1], data, rights, 0)
	must(err)
	messages, err := syscall.ParseSocketControlMessage(rights[:length])
	must(err)
	fds, err := syscall.ParseUnixRights(&messages[0])
	must(err)
	return fds
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

	fmt.Println("begins")
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

var rareWays = []struct {
	name string
	open func() []int
}{
	{"dupOver", dupOver}, {"makeSignalfd", makeSignalfd}, {"receive", receive},
}

func rare(out io.Writer) {
	for _, way := range rareWays {
		for _, fd := range way.open() {
			fmt.Fprintln(out, fd, way.name)
		}
	}
}

//go:noinline
func acceptFrom(listener int) int {
	fd, _, err := syscall.Accept4(listener, syscall.SOCK_CLOEXEC)
	must(err)
	return fd
}

func connectTo(listener int) {
	address, err := syscall.Getsockname(listener)
	must(err)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	must(syscall.Connect(fd, address))
	must(syscall.Close(fd))
}

func confine() {
	kill := []syscall.SockFilter{
		{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS, K: 0}, // the number
		{Code: syscall.BPF_JMP | syscall.BPF_JGE | syscall.BPF_K, K: 1000, Jt: 0, Jf: 1},
		{Code: syscall.BPF_RET | syscall.BPF_K, K: 0x80000000}, // SECCOMP_RET_KILL_PROCESS
		{Code: syscall.BPF_RET | syscall.BPF_K, K: 0x7fff0000}, // SECCOMP_RET_ALLOW
	}
	filter := syscall.SockFprog{Len: uint16(len(kill)), Filter: &kill[0]}
	listener, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(err)
	must(syscall.Bind(listener, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(syscall.Listen(listener, 8))
	accepted := make(chan int)
	go func() {
		for {
			accepted <- acceptFrom(listener)
		}
	}()
	for i := 0; i < 3; i++ {
		connectTo(listener)
		must(syscall.Close(<-accepted))
	}
	for _, fd := range openFile() {
		fmt.Println(fd, "openFile")
	}
	time.Sleep(50 * time.Millisecond) // it waits again
	const noNewPrivs, setModeFilter, allThreads, seccomp = 38, 1, 1, 317
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, noNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		must(errno)
	}
	if result, _, errno := syscall.RawSyscall(seccomp, setModeFilter, allThreads, uintptr(unsafe.Pointer(&filter))); errno != 0 ||
		result != 0 {
		must(fmt.Errorf("seccomp: %v, %v", result, errno))
	}
	connectTo(listener)
	fmt.Println(<-accepted, "acceptFrom")
	for _, fd := range makePair() {
		fmt.Println(fd, "makePair")
	}
	rare(os.Stdout)
	must(exec.Command("/bin/true").Run())
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Println(listener.Addr())
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		for _, fd := range openFile() {
			must(syscall.Close(fd))
		}
		fmt.Fprint(answer, "ok")
	})
	http.HandleFunc("/rare", func(answer http.ResponseWriter, _ *http.Request) {
		rare(answer)
		must(exec.Command("/bin/true").Run())
	})
	http.HandleFunc("/exit", func(answer http.ResponseWriter, _ *http.Request) { os.Exit(7) })
	must(http.Serve(listener, nil))
}

func main() {
	switch os.Args[1] {
	case "rare":
		rare(os.Stdout)
	case "confine":
		confine()
	case "become":
		must(syscall.Exec(os.Args[2], os.Args[2:], os.Environ()))
	case "serve":
		serve()
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
