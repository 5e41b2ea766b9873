"""An event loop for each call, never closed: three descriptors that belong together."""
import asyncio

loops = []


async def work():
    return 1


def call():
    loop = asyncio.new_event_loop()  # LEAK
    loops.append(loop)
    return loop.run_until_complete(work())


for _ in range(4):
    call()
    asyncio.run(work())
