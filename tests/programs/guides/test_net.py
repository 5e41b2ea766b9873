# SPDX-License-Identifier: MIT
"""For scripts/guides: tests, one of which leaks. Each appends its name to the file of marks before it begins."""
import os
import socket
import unittest

kept = []


def connect():
    kept.append(socket.socket())


class Net(unittest.TestCase):
    def setUp(self):
        with open(os.environ.get("FDTRAIL_MARK_FILE", os.devnull), "a") as marks:
            marks.write(f"{self.id()}\n")

    def test_address(self):
        socket.inet_aton("127.0.0.1")

    def test_close(self):
        socket.socket().close()

    def test_fetch(self):
        connect()
        connect()


unittest.main()
