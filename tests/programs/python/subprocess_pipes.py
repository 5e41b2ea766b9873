"""Processes are waited for, and their pipes are never closed."""
import subprocess

jobs = []


def start(command):
    job = subprocess.Popen(command, stdout=subprocess.PIPE)  # LEAK
    jobs.append(job)
    job.wait()


for _ in range(6):
    start(["true"])
    subprocess.run(["true"], stdout=subprocess.PIPE, check=True)
