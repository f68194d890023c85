"""Keyed objects: one call at a time per key, with values that the calls share."""

import unittest

from history_functions import cart, functions

from tutti import OptionInvalid, RunFailed, TaskFailure, durable, keyed_object
from tutti.testing import DurableTest, replay

tally = keyed_object("tally")


@tally.call
async def add(ctx, count):
    before = ctx.state.get("sum", 0)
    await ctx.sleep("1h")
    ctx.state.set("sum", before + count)
    return before + count


@tally.call
async def fail(ctx):
    ctx.state.set("failed", True)
    raise TaskFailure("tally.closed", "closed", final=True)


@tally.reader
async def total(ctx):
    return ctx.state.get("sum", 0)


def call(name, input=None, key="all"):
    return {"key": key, "call": name, "input": input}


class KeyedObjects(unittest.TestCase):
    def test_make_one_call_per_key_after_the_other_also_when_each_turn_is_made_by_another_worker(self):
        for forgets in (False, True):
            with self.subTest(forgets=forgets):
                test = DurableTest(tally, forgets=forgets)
                runs = [test.start(call("add", count)) for count in (1, 2, 3)]
                other = test.start(call("add", 5, "other"))
                self.assertEqual([run.result() for run in runs], [1, 3, 6])
                self.assertEqual(other.result(), 5)
                self.assertEqual(test.values(tally, "all"), {"sum": 6})

    def test_readers_run_next_to_a_call_and_see_committed_values(self):
        test = DurableTest(tally)
        test.start(call("add", 1)).result()
        slow = test.start(call("add", 2))
        self.assertEqual(test.start(call("total")).result(), 1)
        self.assertFalse(slow.has_ended)

    def test_a_call_that_fails_is_answered_and_the_next_one_starts(self):
        test = DurableTest(tally)
        failed = test.start(call("fail"))
        after = test.start(call("add", 1))
        with self.assertRaises(RunFailed):
            failed.result()
        self.assertEqual(after.result(), 1)
        self.assertEqual(test.values(tally, "all"), {"failed": True, "sum": 1})

    def test_are_called_by_functions(self):
        @durable("order")
        async def order(ctx, counts):
            mine = ctx.object(tally, "all")
            return await ctx.all([mine.add(count) for count in counts])

        test = DurableTest(order, functions=[tally])
        self.assertEqual(test.start([1, 2]).result(), [1, 3])

    def test_events_that_are_emitted_are_kept_by_the_test(self):
        test = DurableTest(functions["emits"])
        self.assertEqual(test.start().result(), "emitted")
        self.assertEqual([each["type"] for each in test.emitted], ["shop.order.paid", "shop.order.paid"])

    def test_a_replay_against_changed_code_names_the_first_step_that_differs_and_runs_nothing(self):
        ran = []

        @durable("trip")
        async def trip(ctx):
            await ctx.run("book", lambda: 1)
            await ctx.sleep("1h")
            return await ctx.run("pack", lambda: 2)

        @durable("trip")
        async def same(ctx):
            await ctx.run("book", lambda: ran.append(1))
            await ctx.sleep("1h")
            return await ctx.run("pack", lambda: ran.append(2))

        @durable("trip")
        async def other(ctx):
            await ctx.run("book", lambda: ran.append(1))
            await ctx.run("check", lambda: ran.append(3))

        @durable("trip")
        async def longer(ctx):
            await same.code(ctx)
            await ctx.run("rest", lambda: ran.append(4))

        waiting = DurableTest(trip).start()
        waiting.skip("1m")
        ended = DurableTest(trip).start()
        ended.result()
        for run in (waiting, ended):
            self.assertFalse(replay(same, run).differs, replay(same, run).message)
            self.assertRegex(replay(other, run).message, r"history has wait `sleep` at test_objects.py:\d+, code has")
        self.assertRegex(replay(longer, ended).message, r"history has its end, code has step `rest` at")
        self.assertEqual(ran, [])

    def test_refuse_what_is_no_call(self):
        with self.assertRaises(OptionInvalid):
            tally.call(lambda ctx: None)
        self.assertEqual(cart.definition["object"]["reader"], "input.call in ['show', 'write']")
