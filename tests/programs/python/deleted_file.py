"""A temporary file is deleted, and its descriptor is forgotten."""
import os
import tempfile


def dump(data):
    _, path = tempfile.mkstemp()  # LEAK
    with open(path, "wb") as file:
        file.write(data)
    os.unlink(path)


for _ in range(6):
    dump(b"data")
