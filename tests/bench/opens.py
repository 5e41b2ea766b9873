# SPDX-License-Identifier: MIT
"""Opens and closes, below a number of frames; prints the nanoseconds of one pair: the fastest of many rounds.

    opens.py socket|open|os.open FRAMES"""

import os
import socket
import sys
import time

PAIRS, ROUNDS = 20, 2000
KINDS = {
    "socket": lambda: socket.socket().close(),
    "open": lambda: open("/dev/null").close(),
    "os.open": lambda: os.close(os.open("/dev/null", os.O_RDONLY)),
}


def fastest(operation):
    clock, pairs, least = time.perf_counter_ns, range(PAIRS), 1 << 60
    for _ in range(ROUNDS):
        begin = clock()
        for _ in pairs:
            operation()
        least = min(least, clock() - begin)
    return least / PAIRS


def below(frames, function, argument):
    return below(frames - 1, function, argument) if frames else function(argument)


# The module, fastest, the operation and one call of below are frames, too.
print(below(max(int(sys.argv[2]) - 4, 0), fastest, KINDS[sys.argv[1]]))
