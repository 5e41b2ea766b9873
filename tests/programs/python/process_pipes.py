"""A helper opens three pipes in three lines of a library; two lines call it."""
import subprocess

jobs = []


def start():
    pipe = subprocess.PIPE
    jobs.append(subprocess.Popen(["true"], stdin=pipe, stdout=pipe, stderr=pipe))  # LEAK
    jobs[-1].wait()


for _ in range(4):
    start()  # FIRST CALLER
start()  # SECOND CALLER
