"""Each watch gets an inotify instance of its own. The call goes through ctypes and libffi."""
import ctypes

libc = ctypes.CDLL(None)


def watch(path):
    instance = libc.inotify_init1(0)  # LEAK
    libc.inotify_add_watch(instance, path.encode(), 1)


for _ in range(6):
    watch("/tmp")
