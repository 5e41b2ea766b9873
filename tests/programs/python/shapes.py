"""Frames of all shapes: a generator, a coroutine, a decorator, exec, a lambda, a callback from C, a thread."""
import asyncio
import functools
import os
import threading

KEPT = os.O_RDONLY


def generator():
    while True:
        os.open("/etc/passwd", KEPT)  # LINE generator
        yield


async def coroutine():
    await asyncio.sleep(0)
    os.open("/etc/passwd", KEPT)  # LINE coroutine


def decorated(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)
    return wrapper


@decorated
def behind_decorator():
    os.open(  # CALL
        "/etc/passwd",
        KEPT)


class Names:
    def __getattr__(self, name):
        return os.open("/etc/passwd", KEPT)  # LINE Names.__getattr__

    @property
    def by_property(self):
        return os.open("/etc/passwd", KEPT)  # LINE Names.by_property


def by_sort(item):
    os.open("/etc/passwd", KEPT)  # LINE by_sort
    return item


def in_thread():
    os.open("/etc/passwd", KEPT)  # LINE in_thread


shapes = generator()
next(shapes)
asyncio.run(coroutine())
behind_decorator()
Names().missing
Names().by_property
exec(compile("import os\n\n\ndef inner():\n    os.open('/etc/passwd', 0)\ninner()", "made here: now", "exec"), {})
sorted([1], key=by_sort)
(lambda: os.open("/etc/passwd", KEPT))()  # LINE <lambda>
thread = threading.Thread(target=in_thread)
thread.start()
thread.join()
