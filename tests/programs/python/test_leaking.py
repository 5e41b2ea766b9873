"""A test suite with one leak. Python would close it before the program's end."""
import unittest

connections = []


class Requests(unittest.TestCase):
    def test_leaks(self):
        connections.append(open("/etc/passwd", "rb"))  # LEAK

    def test_closes(self):
        with open("/etc/passwd", "rb") as file:
            self.assertTrue(file.read(1))
