// SPDX-License-Identifier: MIT

// Package api speaks to the management API of a message broker, the way such packages do: what it
// returns is an *http.Response, and it is up to the caller to close its body.
package api

import (
	"crypto/tls"
	"net/http"
	"net/url"
)

// Client calls the API of one broker. Many goroutines may use it.
type Client struct {
	base string
	http *http.Client
}

// NewClient returns a client of the broker at base. It believes any certificate: the broker makes its
// own when it starts.
func NewClient(base string, keepAlive, http2 bool) *Client {
	transport := &http.Transport{
		DisableKeepAlives: !keepAlive,
		ForceAttemptHTTP2: http2,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
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

// Hangup returns once the broker has closed every connection but the one that asks.
func (c *Client) Hangup() error {
	response, err := c.http.Post(c.base+"/hangup", "text/plain", nil)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
