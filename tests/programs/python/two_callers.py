"""Two callers of one helper; one of them closes."""
import os


def open_table(path):
    return os.open(path, os.O_RDONLY)  # LEAK


def reads_and_closes():
    fd = open_table("/etc/passwd")
    os.read(fd, 1)
    os.close(fd)


def reads():
    fd = open_table("/etc/passwd")  # CALLER
    os.read(fd, 1)


for _ in range(6):
    reads_and_closes()
    reads()
