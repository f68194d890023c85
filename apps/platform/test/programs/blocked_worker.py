"""A worker whose function never gives control back: `blocked_worker.py ADDRESS SERVER`."""

import sys

from tutti import Worker, durable

_, address, server = sys.argv


@durable("blocked")
async def blocked(ctx, given):
    await ctx.run("first", lambda: 1)
    while given["isEndless"]:
        pass
    return "done"


@durable("patient")
async def patient(ctx):
    await ctx.signal("continue")
    return await ctx.call("echo", "patient")


worker = Worker(address, url=server)
worker._functions._watchdog.seconds = 1.5
worker.durable(blocked)
worker.durable(patient)
worker.handle("echo", lambda text: text)
worker.run()
