// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"io"
	"net/http"

	"broker.example/api"
)

// Server answers the web requests.
type Server struct {
	client *api.Client
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/disconnect", s.Disconnect)
	mux.HandleFunc("/drop", s.Drop)
	mux.HandleFunc("/list", s.List)
	return mux
}

// Disconnect drops a connection of the broker. This is the leak: nobody closes resp.Body.
func (s *Server) Disconnect(w http.ResponseWriter, r *http.Request) {
	resp, err := s.client.CloseConnection(r.FormValue("name"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	fmt.Fprintln(w, resp.Status)
}

// Drop is the same, done correctly.
func (s *Server) Drop(w http.ResponseWriter, r *http.Request) {
	resp, err := s.client.CloseConnection(r.FormValue("name"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	io.Copy(w, resp.Body)
}

// List lists the broker's connections, and is correct, too.
func (s *Server) List(w http.ResponseWriter, r *http.Request) {
	resp, err := s.client.Connections()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	io.Copy(w, resp.Body)
}
