"""The functions of `libs/sdk/src/functions/requirement-functions.fixture.ts`, in Python: by id of their requirement.

Each takes the context, its input and the play. A function with scopes has them as its children.
"""

LARGE_LENGTH = 300_000

programs = {}


class TransientError(Exception):
    pass


def program(id, **scopes):
    """Register the function of a requirement, and its children."""

    def register(main):
        programs[id] = (main, scopes)
        return main

    return register


def fail(call=0):
    raise RuntimeError("it fails")


def fails_until(call, value):
    return lambda at: fail() if at < call else value


def outside(ctx, name):
    """Simulate another system, which may fail."""
    return ctx.call("outside.work", name, id=name, retry=1)


async def failure_of(step, part):
    try:
        return await step
    except Exception as error:  # noqa: BLE001 - any failure is caught
        return getattr(error, part)


async def caught(step, value):
    try:
        return await step
    except Exception:  # noqa: BLE001 - any failure is caught
        return value


@program("1-1")
async def greet(ctx, given, playing):
    return await playing.run(ctx, "greet", lambda call: f"Hello, {given}!")


@program("1-2")
async def named(ctx, given, playing):
    return await playing.run(ctx, "custom_step_name", lambda call: f"Hello, {given}!")


@program("1-3")
async def sequence(ctx, given, playing):
    first = await playing.run(ctx, "first", lambda call: "first")
    return await playing.run(ctx, "second", lambda call: f"{first}_second")


@program("1-4")
async def built(ctx, given, playing):
    name, tags = given["name"], given["tags"]
    return await playing.run(
        ctx, "build", lambda call: {"user": {"name": name, "tags": tags}, "count": len(tags)}
    )


@program("1-5")
async def nothing(ctx, given, playing):
    return await playing.run(ctx, "nothing", lambda call: None)


@program("1-7")
async def logged(ctx, given, playing):
    def work(call):
        ctx.log.info(f"Greeting step started for: {given}")
        greeting = f"Hello, {given}!"
        ctx.log.info(f"Greeting step completed with: {greeting}")
        return greeting

    return await playing.run(ctx, "greet", work)


@program("1-8")
async def computed(ctx, given, playing):
    result = await playing.run(ctx, "compute", lambda call: "computed")
    await ctx.sleep("2s")
    return result


@program("1-9")
async def cached(ctx, given, playing):
    result = await playing.run(ctx, "compute", lambda call: "cached_value")
    await ctx.sleep("1s")
    return result


@program("1-10")
async def thrown_again(ctx, given, playing):
    code = await failure_of(playing.run(ctx, "load", fail, retry=1), "code")
    await ctx.sleep("1s")
    return code


@program("1-11")
async def second_attempt(ctx, given, playing):
    return await playing.run(ctx, "load", fails_until(2, "Operation succeeded"), retry=3)


@program("1-12")
async def used_up(ctx, given, playing):
    return await playing.run(ctx, "load", fail, retry={"attempts": 4, "backoff": "1s..1s", "jitter": 0})


@program("1-13")
async def default_retry(ctx, given, playing):
    return await playing.run(ctx, "load", fails_until(3, None))


@program("1-14")
async def growing_pauses(ctx, given, playing):
    retry = {"attempts": 5, "backoff": "2s..1m", "factor": 3, "jitter": 0}
    return await playing.run(ctx, "load", fails_until(3, None), retry=retry)


@program("1-15")
async def retried_error(ctx, given, playing):
    def load(call):
        if call == 1:
            raise TransientError("not yet")

    return await playing.run(ctx, "load", load, retry={"on": ["TransientError"], "jitter": 0})


@program("1-16")
async def final_error(ctx, given, playing):
    def load(call):
        raise TransientError("not yet")

    return await playing.run(ctx, "load", load, retry={"notOn": ["TransientError"]})


def interrupted(ctx, line, playing):
    def work(call):
        ctx.log.info(line)
        return playing.crash() if call == 1 else "succeeded on second attempt"

    return work


@program("1-17")
async def lost_without_retry(ctx, given, playing):
    return await playing.run(ctx, "at_most_once_flaky_step", interrupted(ctx, given, playing), retry=1, at_most_once=True)


@program("1-18")
async def lost(ctx, given, playing):
    return await playing.run(ctx, "load", interrupted(ctx, given, playing), at_most_once=True)


@program("1-19")
async def failed(ctx, given, playing):
    return await playing.run(ctx, "load", fail, retry=1)


@program("1-20")
async def fallback(ctx, given, playing):
    loaded = await caught(playing.run(ctx, "load", fail, retry=1), "fallback")
    return await playing.run(ctx, "finish", lambda call: f"{loaded}_result")


@program("2-1")
async def wait(ctx, given, playing):
    await ctx.sleep("2s")


@program("2-2")
async def named_wait(ctx, given, playing):
    await ctx.sleep("2s", id="custom_wait_name")


@program("2-3")
async def two_waits(ctx, given, playing):
    await ctx.sleep("2s", id="wait-1")
    await ctx.sleep("2s", id="wait-2")
    return {"completedWaits": 2}


@program("2-4")
async def minute(ctx, given, playing):
    await ctx.sleep("1m")


@program("2-5")
async def hour(ctx, given, playing):
    await ctx.sleep("1h")


@program("4-1")
async def signalled(ctx, given, playing):
    return await ctx.signal(given)


@program("4-2")
async def approval(ctx, given, playing):
    return await ctx.signal("approval")


@program("4-3")
async def missing(ctx, given, playing):
    return await ctx.signal(given, within="5s")


@program("4-6")
async def called(ctx, given, playing):
    return await outside(ctx, given)


@program("4-7")
async def failed_after_step(ctx, given, playing):
    callback = outside(ctx, given)
    await playing.run(ctx, "step", lambda call: 1)
    return await callback


@program("4-8")
async def late_after_step(ctx, given, playing):
    callback = ctx.signal(given, within="5s")
    await playing.run(ctx, "step", lambda call: 1)
    return await callback


@program("4-9")
async def signalled_in_wait(ctx, given, playing):
    callback = ctx.signal(given)
    await ctx.sleep("5s")
    return await callback


@program("4-10")
async def failed_in_wait(ctx, given, playing):
    callback = outside(ctx, given)
    await ctx.sleep("5s")
    return await callback


@program("4-11")
async def late_in_wait(ctx, given, playing):
    callback = ctx.signal(given, within="3s")
    await ctx.sleep("6s")
    return await callback


@program("4-12")
async def signalled_then_wait(ctx, given, playing):
    payload = await ctx.signal(given)
    await ctx.sleep("2s")
    return payload


@program("4-13")
async def failure_then_wait(ctx, given, playing):
    message = await failure_of(outside(ctx, given), "message")
    await ctx.sleep("2s")
    return message


@program("4-14")
async def timeout_then_wait(ctx, given, playing):
    message = await failure_of(ctx.signal(given, within="3s"), "message")
    await ctx.sleep("2s")
    return message


@program("4-17")
async def one_by_one(ctx, given, playing):
    return [await ctx.signal(given[0]), await ctx.signal(given[1])]


@program("4-18")
async def both(ctx, given, playing):
    first, second = ctx.signal(given[0]), ctx.signal(given[1])
    return [await first, await second]


@program("4-19")
async def reversed_order(ctx, given, playing):
    first, second = ctx.signal(given[0]), ctx.signal(given[1])
    last = await second
    return [await first, last]


async def scoped(ctx, given, playing):
    return await ctx.child("scope", given)


async def then_wait(ctx, given, playing):
    result = await ctx.child("scope", given)
    await ctx.sleep("1s")
    return result


async def echo(ctx, given, playing):
    return await playing.run(ctx, "echo", lambda call: given)


async def failing(ctx, given, playing):
    await playing.run(ctx, "load", fail, retry=1)


async def echo_and_wait(ctx, given, playing):
    result = await playing.run(ctx, "inner", lambda call: given)
    await ctx.sleep("1s")
    return result


program("3-1", scope=echo)(scoped)


@program("3-2", scope=echo)
async def named_scope(ctx, given, playing):
    return await ctx.child("scope", given["value"], id=given["name"])


async def two_steps(ctx, given, playing):
    first = await playing.run(ctx, "first", lambda call: given)
    return await playing.run(ctx, "second", lambda call: first)


program("3-3", scope=two_steps)(scoped)
program("3-4", scope=failing)(scoped)


@program("3-5", scope=failing)
async def recovered(ctx, given, playing):
    result = await caught(ctx.child("scope"), given)
    return await playing.run(ctx, "recover", lambda call: result)


async def outer(ctx, given, playing):
    result = await playing.run(ctx, "outer", lambda call: given)
    return await ctx.child("inner", result)


@program("3-6", outer=outer, inner=echo)
async def nested(ctx, given, playing):
    return await ctx.child("outer", given)


async def second_attempt_in_scope(ctx, given, playing):
    return await playing.run(ctx, "load", fails_until(2, given), retry=3)


async def used_up_in_scope(ctx, given, playing):
    return await playing.run(ctx, "load", fail, retry=2)


async def large(ctx, given, playing):
    ctx.log.info(given)
    small = await playing.run(ctx, "small", lambda call: "x")
    return small * LARGE_LENGTH


async def lost_in_scope(ctx, given, playing):
    return await playing.run(ctx, "echo", lambda call: playing.crash() if call == 1 else given)


program("3-7", scope=second_attempt_in_scope)(scoped)
program("3-8", scope=used_up_in_scope)(scoped)
program("3-9", scope=echo)(then_wait)
program("3-10", scope=echo_and_wait)(scoped)
program("3-11", scope=large)(then_wait)
program("3-12", scope=lost_in_scope)(scoped)


async def only_wait(ctx, given, playing):
    await ctx.sleep("1s")
    return given


@program("3-13", scope=only_wait)
async def step_after(ctx, given, playing):
    result = await ctx.child("scope", given)
    return await playing.run(ctx, "outer", lambda call: result)


async def throws(ctx, given, playing):
    fail()


async def returns_nothing(ctx, given, playing):
    return None


async def only_logs(ctx, given, playing):
    ctx.log.info(given)
    return given


program("3-15", scope=throws)(scoped)
program("3-16", scope=returns_nothing)(scoped)
program("3-17", scope=only_logs)(then_wait)


@program("3-18", scope=echo_and_wait)
async def step_and_wait_after(ctx, given, playing):
    result = await ctx.child("scope", given)
    after = await playing.run(ctx, "outer", lambda call: result)
    await ctx.sleep("1s")
    return after


def returning(value):
    async def branch(ctx, given, playing):
        return value

    return branch


def stepping(value):
    async def branch(ctx, given, playing):
        return await playing.run(ctx, value, lambda call: value)

    return branch


def sleeping(seconds, value):
    async def branch(ctx, given, playing):
        await ctx.sleep(seconds)
        return value

    return branch


def in_branches(id, *branches):
    """Register a function with a concurrent scope for each branch."""
    scopes = {f"branch-{index}": code for index, code in enumerate(branches)}

    @program(id, **scopes)
    async def main(ctx, given, playing):
        return await ctx.all([ctx.child(name) for name in scopes])


in_branches("8-1", stepping("task-1"), stepping("task-2"))
in_branches("8-2", returning("alpha"), returning("beta"))


@program("8-3", one=returning("one"), two=returning("two"))
async def named_branches(ctx, given, playing):
    return await ctx.all([ctx.child("one", id="first"), ctx.child("two", id="second")])


in_branches("8-4", returning("hello"), returning(42), returning({"k": "v"}))
in_branches("8-5")
in_branches("8-7", throws, sleeping(1, None))
in_branches("8-11", sleeping(3, "r0"), sleeping(2, "r1"), sleeping(1, "r2"))


@program("8-12")
async def flat(ctx, given, playing):
    return await ctx.all([playing.run(ctx, value, lambda call, value=value: value) for value in ("fa", "fb")])


in_branches("8-14", stepping("b0"), sleeping(2, "b1"))


async def inner_branches(ctx, given, playing):
    return await ctx.all([ctx.child("i1"), ctx.child("i2")])


@program("8-21", outer=inner_branches, i1=stepping("i1"), i2=stepping("i2"))
async def nested_branches(ctx, given, playing):
    return await ctx.all([ctx.child("outer")])
