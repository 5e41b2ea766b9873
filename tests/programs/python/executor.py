"""Work in a pool's threads opens, and forgets."""
import os
from concurrent.futures import ThreadPoolExecutor


def load(path):
    return os.read(os.open(path, os.O_RDONLY), 1)  # LEAK


def load_and_close(path):
    with open(path, "rb") as file:
        return file.read(1)


with ThreadPoolExecutor(3) as pool:
    list(pool.map(load, ["/etc/passwd"] * 6))
    list(pool.map(load_and_close, ["/etc/passwd"] * 6))
