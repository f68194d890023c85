"""A worker with durable functions that report their position: python3 function_worker.py"""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from tutti import Worker, durable  # noqa: E402

STEP_SECONDS = 0.15
worker = Worker()


async def at(place):
    """Report that the code has reached this place, and wait, so that the worker can be killed here."""
    print(f"at {place}", flush=True)
    await asyncio.sleep(STEP_SECONDS)
    return place


@worker.durable
@durable("trip")
async def trip(ctx, given):
    key = ctx.uuid()
    first = await ctx.run("first", lambda: at("first"))
    loaded = await ctx.call("test.load", {"key": key})
    left, right = await ctx.all(
        [ctx.run("left", lambda: at("left")), ctx.call("test.load", {"key": "right"})]
    )
    done = 0
    for round in range(given["rounds"]):
        await ctx.run("round", lambda round=round: at(f"round {round}"))
        await ctx.sleep(0.05)
        done += 1
    return {"key": key, "first": first, "loaded": loaded, "left": left, "right": right, "done": done}


@worker.durable
@durable("saga")
async def saga(ctx):
    def say(text):
        print(text, flush=True)

    async def slowly():
        say("undo slow")
        await asyncio.sleep(6 * STEP_SECONDS)

    await ctx.run("book", lambda: 1)
    ctx.compensate("unbook", lambda: say("undo book"))
    ctx.compensate("undo slow", slowly)
    ctx.compensate("refund", lambda: say("undo pay"))
    say("at wait")
    await ctx.sleep("1h")


@worker.durable
@durable("long")
async def long(ctx, given):
    total = 0
    for _ in range(given["rounds"]):
        total += await ctx.run("round", lambda: 1)
    return total


@worker.handle("test.load")
def load(given):
    return f"loaded {given['key']}"


worker.run()
