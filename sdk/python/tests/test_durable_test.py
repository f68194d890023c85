"""The kit for tests of durable functions."""

import unittest
from datetime import timedelta

from history_functions import effects, loops, order, ten

from tutti import RunCancelled, RunFailed, TaskFailure, TuttiError, durable
from tutti.testing import DurableTest, task_context

HANDLERS = {"pay.charge": lambda given: f"paid {given['total']}", "ship.label": lambda stock: "label"}


class Kit(unittest.TestCase):
    def test_plays_calls_waits_and_signals_in_virtual_time(self):
        run = DurableTest(order, HANDLERS).start({"total": 5})
        run.skip("1d")
        self.assertEqual(run.waits_for, ["approved"])
        run.signal("approved", {"yes": True})
        self.assertEqual(run.result(), {"status": "shipped", "paid": "paid 5", "label": "label"})

    def test_what_one_attempt_stores_another_one_reads(self):
        first, second = (task_context("save", "run-1", attempt, None, lambda saved: None) for attempt in (1, 2))
        stored = first.store(b"three words here", media_type="text/plain")
        self.assertEqual(stored["$blob"]["size"], 16)
        self.assertEqual(second.content({"file": stored}["file"]), b"three words here")

    def test_large_inputs_reach_calls_and_children(self):
        @durable("count-child")
        async def child(ctx, given):
            return len(given)

        @durable("count-parent")
        async def parent(ctx):
            large = "x" * 2_000_000
            return await ctx.all([ctx.call("count", large), ctx.child("count-child", large)])

        run = DurableTest(parent, {"count": len}, functions=[child]).start()
        self.assertEqual(run.result(), [2_000_000, 2_000_000])

    def test_a_loop_continues_as_a_new_run_with_the_state_of_its_last_round(self):
        for forgets in (False, True):
            run = DurableTest(loops, {"test.wait": lambda given: given}, forgets=forgets).start({"rounds": 4})
            self.assertEqual(run.result(), 10)
            self.assertEqual((run.continued, len(run.journal)), (3, 3))

    def test_a_loop_behind_a_step_or_without_one_fails(self):
        async def late(ctx):
            await ctx.run("before", lambda: 1)
            return await ctx.loop(0, idle)

        async def idle(state):
            return state + 1

        async def first(ctx):
            return await ctx.loop(0, idle)

        for code, expected in ((late, "sdk.loop_not_first"), (first, "sdk.loop_without_step")):
            with self.assertRaises(RunFailed) as raised:
                DurableTest(durable("test")(code)).execute()
            self.assertEqual(raised.exception.code, expected)

    def test_a_signal_that_does_not_come_in_time_fails_the_run(self):
        test = DurableTest(order, HANDLERS)
        began = test.now
        with self.assertRaises(RunFailed) as raised:
            test.execute({"total": 5})
        self.assertEqual(raised.exception.code, "workflow.signal_missing")
        self.assertEqual(test.now - began, timedelta(days=2))

    def test_the_result_is_the_same_when_every_turn_is_made_by_another_worker(self):
        def play(forgets):
            effects.clear()
            handlers = {"test.b": lambda given: given["a"] + 1, "test.d": lambda given: given}
            run = DurableTest(ten, handlers, forgets=forgets).start()
            run.skip("1m")
            run.signal("go", 7)
            return run.result(), list(effects)

        hot = play(False)
        self.assertEqual(hot, play(True))
        self.assertEqual(hot[1], ["a", "c", "round 0", "round 1", "round 2"])
        self.assertEqual(hot[0]["signal"], 7)

    def test_steps_and_calls_are_retried_with_their_pauses(self):
        tries = []

        def flaky(kind, value):
            tries.append(kind)
            if tries.count(kind) < 3:
                raise TuttiError("test.flaky", "not yet")
            return value

        @durable("retried")
        async def retried(ctx):
            step = await ctx.run("load", lambda: flaky("step", 1))
            return [step, await ctx.call("test.load", retry=3)]

        test = DurableTest(retried, {"test.load": lambda given: flaky("call", 2)})
        began = test.now
        self.assertEqual(test.execute(), [1, 2])
        self.assertGreater(test.now - began, timedelta(seconds=5))

    def test_children_people_and_events(self):
        @durable("child")
        async def child(ctx, given):
            await ctx.sleep("1h")
            return given * 2

        @durable("parent")
        async def parent(ctx):
            doubled = await ctx.child("child", 4)
            decision = await ctx.approve("Sure?", within="1d")
            paid = await ctx.event("shop.order.paid", if_="event.data.order == 7")
            return [doubled, decision["verdict"], paid["data"]]

        run = DurableTest(parent, functions=[child]).start()
        run.skip("2h")
        run.approve()
        with self.assertRaisesRegex(AssertionError, "does not wait for approve, but for shop.order.paid"):
            run.approve()
        run.complete("shop.order.paid", {"data": 1})
        self.assertEqual(run.result(), [8, "approved", 1])
        with self.assertRaises(RunFailed) as raised:
            DurableTest(parent, functions=[child]).execute()
        self.assertEqual(raised.exception.code, "workflow.approval_expired")

    def test_the_error_of_a_child_is_the_cause_also_after_a_replay(self):
        @durable("pay")
        async def pay(ctx):
            raise TaskFailure("pay.declined", "no money")

        @durable("shop")
        async def shop(ctx):
            try:
                await ctx.child("pay")
            except TuttiError as error:
                await ctx.sleep("1s")
                return [error.code, error.__cause__.code, error.__cause__.message]

        for forgets in (False, True):
            found = DurableTest(shop, functions=[pay], forgets=forgets).execute()
            self.assertEqual(found, ["workflow.child_failed", "pay.declined", "no money"])

    def test_cancelling_compensates(self):
        undone = []

        @durable("saga")
        async def saga(ctx):
            ctx.compensate("unbook", lambda: undone.append("book"))
            ctx.compensate("refund", lambda: undone.append("pay"))
            await ctx.sleep("1h")

        run = DurableTest(saga).start()
        run.cancel("enough")
        with self.assertRaisesRegex(RunCancelled, "enough"):
            run.result()
        self.assertEqual(undone, ["pay", "book"])

    def test_says_what_a_run_waits_for_for_ever(self):
        @durable("stuck")
        async def stuck(ctx):
            await ctx.signal("never")

        with self.assertRaisesRegex(AssertionError, "waits for never"):
            DurableTest(stuck).execute()

    def test_an_endless_loop_of_steps_takes_several_turns(self):
        @durable("long")
        async def long(ctx):
            total = 0
            for _ in range(1_200):
                total += await ctx.run("round", lambda: 1)
            return total

        for forgets in (False, True):
            self.assertEqual(DurableTest(long, forgets=forgets).execute(), 1_200)
