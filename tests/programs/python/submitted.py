"""A pool's threads open what two functions have submitted: their stacks have functions of libraries only."""
import asyncio
import os
from concurrent.futures import ThreadPoolExecutor


def load(pool):
    return pool.submit(os.open, "/etc/passwd", os.O_RDONLY)  # LEAK


def load_and_close(pool):
    os.close(pool.submit(os.open, "/etc/passwd", os.O_RDONLY).result())


async def load_later():
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(None, os.open, "/etc/passwd", os.O_RDONLY)  # IN_EXECUTOR


with ThreadPoolExecutor(2) as shared:
    for job in [load(shared) for _ in range(6)]:
        job.result()
        load_and_close(shared)
asyncio.run(load_later())
