"""A directory is searched up to the first match, and its stream is kept."""
import os

streams = []


def first_file(path):
    entries = os.scandir(path)  # LEAK
    streams.append(entries)
    return next(entries).name


for _ in range(6):
    first_file("/etc")
    os.listdir("/etc")
