// SPDX-License-Identifier: MIT

// Broker is the management API of a message broker that does not exist. It prints its URL, answers with
// a long body, and closes a connection on which nothing has arrived for a while, as servers do. It
// ends when its stdin does, or by SIGTERM.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Broker knows its open connections.
type Broker struct {
	lock sync.Mutex
	open map[net.Conn]http.ConnState
}

func (b *Broker) note(connection net.Conn, state http.ConnState) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if state == http.StateClosed || state == http.StateHijacked {
		delete(b.open, connection)
	} else {
		b.open[connection] = state
	}
}

// others says how many connections are open beside that of the caller, and closes those that have
// been answered: http.Server reports StateIdle when a response is on its way. Connections in
// StateNew are those that http.Client made for a request that then took another one.
func (b *Broker) others() int {
	b.lock.Lock()
	defer b.lock.Unlock()
	for connection, state := range b.open {
		if state == http.StateIdle || state == http.StateNew {
			connection.Close()
		}
	}
	return len(b.open) - 1
}

func (b *Broker) hangup(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	for b.others() > 0 {
		time.Sleep(5 * time.Millisecond)
	}
}

func connections(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/connections/")
	fmt.Fprintf(w, "{\"method\": %q, \"name\": %q, \"details\": %q}\n", r.Method, name,
		strings.Repeat("a message broker has much to say. ", 20))
}

// certificate makes a self-signed certificate.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	signed, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}, err
}

func main() {
	secure := flag.Bool("tls", false, "serve HTTPS, with a certificate made now")
	flag.Parse()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "broker:", err)
		os.Exit(1)
	}
	broker := &Broker{open: map[net.Conn]http.ConnState{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/connections", connections)
	mux.HandleFunc("/connections/", connections)
	mux.HandleFunc("/hangup", broker.hangup)
	server := &http.Server{Handler: mux, ConnState: broker.note, IdleTimeout: time.Minute}
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	if *secure {
		made, err := certificate()
		if err != nil {
			fmt.Fprintln(os.Stderr, "broker:", err)
			os.Exit(1)
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{made}}
		fmt.Printf("https://%s\n", listener.Addr())
		err = server.ServeTLS(listener, "", "")
	} else {
		fmt.Printf("http://%s\n", listener.Addr())
		err = server.Serve(listener)
	}
	fmt.Fprintln(os.Stderr, "broker:", err)
	os.Exit(1)
}
