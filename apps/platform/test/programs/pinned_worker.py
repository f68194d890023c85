"""A worker of one version of a durable function: `pinned_worker.py ADDRESS SERVER VERSION PERCENT`."""

import sys

from tutti import Worker, durable

_, address, server, version, percent = sys.argv


@durable("pinned-in-python")
async def pinned(ctx):
    await ctx.signal("continue")
    return version


worker = Worker(address, url=server)
worker.durable(pinned, version=version, percent=int(percent))
worker.run()
