"""A connection for each call, kept by a list that nobody empties."""
import socket

server = socket.create_server(("127.0.0.1", 0))
kept = []


class Client:
    def fetch(self):
        kept.append(socket.create_connection(server.getsockname()))  # LEAK

    def fetch_and_close(self):
        with socket.create_connection(server.getsockname()):
            pass


for _ in range(6):
    Client().fetch()
    Client().fetch_and_close()
