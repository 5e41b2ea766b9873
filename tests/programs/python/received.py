"""Descriptors that come over a unix socket are not closed."""
import os
import socket

here, there = socket.socketpair()


def receive():
    socket.recv_fds(there, 1, 1)  # LEAK


with open("/etc/passwd", "rb") as file:
    for _ in range(6):
        socket.send_fds(here, [b"x"], [file.fileno()])
        receive()
here.close()
there.close()
