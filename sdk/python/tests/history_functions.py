"""The functions of `libs/sdk/src/functions/history-functions.fixture.ts`, in Python."""

from datetime import timedelta

from tutti import TaskFailure, durable, keyed_object
from tutti.workflow import Retry

effects = []


def effect(name, value):
    effects.append(name)
    return value


@durable("order")
async def order(ctx, given):
    stock = await ctx.run("reserve", lambda: {"items": given["total"]})
    approval = await ctx.signal("approved", within="2d")
    if not approval["yes"]:
        return {"status": "rejected"}
    paid, label = await ctx.all(
        [
            ctx.call("pay.charge", {"total": given["total"]}, retry=2, timeout=30),
            ctx.call("ship.label", stock),
        ]
    )
    return {"status": "shipped", "paid": paid, "label": label}


@durable("ten")
async def ten(ctx):
    a = await ctx.run("a", lambda: effect("a", 1))
    await ctx.sleep("1s")
    b = await ctx.call("test.b", {"a": a})

    async def three():
        return effect("c", 3)

    c, d = await ctx.all([ctx.run("c", three), ctx.call("test.d", 4)])
    ctx.state.set("phase", "middle")
    for round in range(3):
        await ctx.run("round", lambda round=round: effect(f"round {round}", round))
    signal = await ctx.signal("go")
    await ctx.until(ctx.now() + timedelta(seconds=1))
    phase, key = ctx.state.get("phase"), ctx.uuid()
    return {"a": a, "b": b, "c": c, "d": d, "signal": signal, "phase": phase, "key": key}


async def branch(ctx, name):
    first = await ctx.call("test.first", name)
    second = await ctx.run("second", lambda: effect(f"{name} 2", f"{name} 2"))
    third = await ctx.call("test.third", second)
    return [first, second, third]


@durable("branches")
async def branches(ctx):
    return await ctx.all([branch(ctx, "left"), branch(ctx, "right")])


@durable("flaky")
async def flaky(ctx, given):
    tries = 0

    def load():
        nonlocal tries
        tries += 1
        if tries > given["failures"]:
            return tries
        raise TaskFailure("test.flaky", f"not yet, {tries}", retry_after_seconds=90 if tries == 2 else 0)

    loaded = await ctx.run("load it", load, retry=Retry(attempts=3, backoff="10s..1m"))
    return {"loaded": loaded, "random": ctx.random()}


@durable("final")
async def final(ctx):
    def load():
        raise TaskFailure("test.gone", "gone", final=True)

    await ctx.run("load", load)


@durable("saga")
async def saga(ctx):
    await ctx.run("book", lambda: 1)
    ctx.compensate("unbook", lambda: effect("unbook", None))
    await ctx.call("test.pay")
    ctx.compensate("refund", lambda: effect("refund", None))
    try:
        await ctx.call("test.ship")
    finally:
        await ctx.run("clean", lambda: effect("clean", "clean"))


@durable("race")
async def race(ctx):
    async def late():
        await ctx.sleep("1h")
        return "late"

    first = await ctx.race([ctx.signal("go"), late()])
    try:
        succeeded = await ctx.any([ctx.call("test.a"), ctx.call("test.b")])
    except ExceptionGroup:
        succeeded = "none"
    return {"first": first, "succeeded": succeeded}


@durable("draws")
async def draws(ctx):
    before = [ctx.uuid(), ctx.random(), milliseconds(ctx)]
    await ctx.sleep(1)
    return [*before, ctx.uuid(), ctx.random(), milliseconds(ctx)]


def milliseconds(ctx):
    return round(ctx.now().timestamp() * 1_000)


@durable("long")
async def long(ctx, given):
    total = 0
    for _ in range(given["rounds"]):
        total += await ctx.run("round", lambda: 1)
    return total


@durable("wide")
async def wide(ctx):
    length = 0
    for _ in range(4):
        length += len(await ctx.run("wide", lambda: "x" * 100_000))
    return length


@durable("confirmed")
async def confirmed(ctx):
    await ctx.run("first", lambda: 1, confirm=True)
    return await ctx.run("second", lambda: 2)


@durable("changing-later")
async def changing_later(ctx):
    await ctx.sleep(timedelta(hours=1))
    if ctx.version("more"):
        await ctx.run("more", lambda: 1)
    await ctx.sleep(timedelta(hours=2))
    return ctx.version("more")


@durable("changing")
async def changing(ctx):
    is_new = ctx.version("in-parts")
    if is_new:
        parts = await ctx.all([ctx.run("east", lambda: 1), ctx.run("west", lambda: 2)])
    else:
        parts = [await ctx.run("whole", lambda: 3)]
    await ctx.sleep(timedelta(hours=1))
    return {"isNew": is_new, "again": ctx.version("in-parts"), "parts": parts}


@durable("people")
async def people(ctx):
    decision = await ctx.approve("Send?", by=["ops"], needed=2, within="1d")
    child = await ctx.child("order@2", {"total": 1}, id="small order", timeout="1h")
    paid = await ctx.event("shop.order.paid", if_="event.data.order == 7", within="2d")
    return {"decision": decision, "child": child, "paid": paid["data"]}


@durable("emits")
async def emits(ctx):
    await ctx.emit("shop.order.paid", {"order": 7}, subject="order-7")
    await ctx.emit("shop.order.paid")
    return "emitted"


@durable("loops")
async def loops(ctx, input):
    async def round(state):
        number, total = state["round"], state["sum"]
        more = await ctx.run("count", lambda: effect(f"round {number}", number))
        await ctx.call("test.wait", number)
        if number == input["rounds"]:
            return ctx.done(total + more)
        ctx.state.set("last", number)
        return {"round": number + 1, "sum": total + more}

    return await ctx.loop({"round": 1, "sum": 0}, round, steps=3)


cart = keyed_object("cart")


@cart.call
async def add(ctx, item):
    items = ctx.state.get("items", [])
    await ctx.run("check", lambda: effect(f"check {item}", item))
    ctx.state.set("items", [*items, item])
    other = await ctx.object("stock", item).take(1)
    ctx.state.set("note", None)
    return {"key": ctx.key, "count": len(items) + 1, "other": other, "note": ctx.state.get("note")}


@cart.reader
async def show(ctx):
    return ctx.state.get("items", [])


@cart.reader
async def write(ctx):
    ctx.state.set("items", [])


@cart.call
async def again(ctx):
    return await ctx.object(cart, ctx.key).show()


functions = {
    each.name: each
    for each in (
        order, ten, branches, flaky, final, saga, race, draws, long, wide, confirmed, changing, changing_later, people, emits, cart, loops,
    )
}  # fmt: skip
