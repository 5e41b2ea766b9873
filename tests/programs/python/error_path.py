"""The error path forgets to close what the usual path closes."""
import os


def checked(path):
    fd = os.open(path, os.O_RDONLY)  # LEAK
    if not os.read(fd, 1):
        raise ValueError("empty")
    os.close(fd)


for path in ["/dev/null", "/etc/passwd"] * 6:
    try:
        checked(path)
    except ValueError:
        pass
