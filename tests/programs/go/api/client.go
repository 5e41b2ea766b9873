// SPDX-License-Identifier: MIT

// Package api talks to the management API of a message broker, as such packages do: its functions
// return an *http.Response, whose body the caller has to close.
package api

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
)

// Client calls the API of one broker. Many goroutines may use it.
type Client struct {
	base string
	http *http.Client
}

// Options set how a Client keeps its connections.
type Options struct {
	KeepAlive bool // for the next request
	HTTP2     bool
	Wrap      bool // as programs do that count bytes
}

// wrapped is a net.Conn of our own.
type wrapped struct {
	read int
	net.Conn
}

func (w *wrapped) Read(bytes []byte) (int, error) {
	count, err := w.Conn.Read(bytes)
	w.read += count
	return count, err
}

func dialWrapped(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &wrapped{Conn: connection}, nil
}

// NewClient returns a client of the broker at base. It accepts any certificate, because the
// broker makes its own when it starts.
func NewClient(base string, options Options) *Client {
	transport := &http.Transport{
		DisableKeepAlives: !options.KeepAlive,
		ForceAttemptHTTP2: options.HTTP2,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
	}
	if options.Wrap {
		transport.DialContext = dialWrapped
	}
	return &Client{base: base, http: &http.Client{Transport: transport}}
}

// CloseConnection makes the broker drop the connection called name.
func (c *Client) CloseConnection(name string) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodDelete, c.base+"/connections/"+url.PathEscape(name), nil)
	if err != nil {
		return nil, err
	}
	return c.http.Do(request)
}

// Connections lists the broker's connections.
func (c *Client) Connections() (*http.Response, error) {
	return c.http.Get(c.base + "/connections")
}

// Hangup returns once the broker has closed every connection except the caller's.
func (c *Client) Hangup() error {
	response, err := c.http.Post(c.base+"/hangup", "text/plain", nil)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
