"""A task leaks, and the coroutine that awaits it is somebody else's stack: gather, a TaskGroup, and await."""
import asyncio
import os

kept = []


async def leaks(path):
    kept.append(os.open(path, os.O_RDONLY))  # OPENED


async def gathers():
    await asyncio.sleep(0)
    await asyncio.gather(leaks("/etc/passwd"), leaks("/etc/passwd"))  # GATHERS


async def groups():
    async with asyncio.TaskGroup() as group:  # GROUPS
        group.create_task(leaks("/etc/passwd"))


async def main():
    await gathers()  # AWAITS
    await asyncio.create_task(leaks("/etc/passwd"))  # TASK
    await groups()


asyncio.run(main())
