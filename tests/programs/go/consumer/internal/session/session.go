// SPDX-License-Identifier: MIT

// Package session is the part of a program that talks to its broker, as many programs have one:
// neither package main nor a dependency.
package session

import "broker.example/api"

// Session is what a consumer has with its broker.
type Session struct {
	client *api.Client
}

// New returns a session with the broker at base.
func New(base string) *Session {
	return &Session{client: api.NewClient(base, api.Options{})}
}

// Hangup drops the response without closing its body. That is the leak.
func (s *Session) Hangup(name string) error {
	_, err := s.client.CloseConnection(name)
	return err
}
