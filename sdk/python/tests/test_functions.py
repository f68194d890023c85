"""Durable functions: cases that the shared histories cannot express."""

import asyncio
import json
import logging
import os
import threading
import time
import unittest
from unittest import mock

from function_stage import FunctionStage, played

from tutti import OptionInvalid, StepFailure, TaskFailure, TuttiError, Worker, current_task, durable
from tutti._functions.host import FunctionHost
from tutti._functions.register import register_functions
from tutti._functions.retry import pause_ms, policy_of
from tutti._functions.watchdog import Watchdog
from tutti._logging import JsonLines
from tutti._masks import Masks


def function_of(code, name="test"):
    return durable(name)(code)


def turn_of(code, given=None, **options):
    """Return the first turn of a function."""
    return played(FunctionStage(function_of(code), given, **options).turn())


class Registration(unittest.TestCase):
    def test_a_worker_that_started_before_the_platform_registers_once_it_is_linked(self):
        worker = Worker(address="127.0.0.1:1", url="http://127.0.0.1:1", handle_signals=False)

        async def code(ctx):
            return None

        for name in ("early", "late"):
            worker.durable(function_of(code, name))
        asked = []
        is_there = False

        async def call(_rest, _method, _path, *, body, repeatable):
            name = json.loads(body["text"])["workflow"]
            asked.append(name)
            if not is_there and name == "late":
                raise OSError("refused")

        async def play():
            nonlocal is_there
            worker._unregistered = await register_functions(worker._durable, worker.settings)
            is_there = True
            for _ in range(2):
                worker._is_linked()
                await asyncio.sleep(0)
            while worker._registering is not None:
                await worker._registering
            worker._is_linked()
            await asyncio.sleep(0)

        with mock.patch("tutti._functions.register.AsyncRest.call", call), self.assertLogs("tutti.worker"):
            asyncio.run(play())
        self.assertEqual(asked, ["early", "late", "late"])


    def test_a_linked_worker_registers_again_until_the_platform_accepts_it(self):
        worker = Worker(address="127.0.0.1:1", url="http://127.0.0.1:1", handle_signals=False)

        async def code(ctx):
            return None

        worker.durable(function_of(code, "order"))
        answers = iter([OSError("the disk is full"), OSError("the disk is full"), None])

        async def call(*_, **__):
            answer = next(answers)
            if answer is not None:
                raise answer

        async def play():
            worker._unregistered = await register_functions(worker._durable, worker.settings)
            worker._is_linked()
            await worker._registering

        with (
            mock.patch("tutti._functions.register.AsyncRest.call", call),
            mock.patch("tutti.worker._REGISTER_AGAIN_SECONDS", 0),
            self.assertLogs("tutti.worker"),
        ):
            asyncio.run(play())
        self.assertEqual(worker._unregistered, [])


class StepRetries(unittest.TestCase):
    def test_refuses_a_policy_that_contradicts_itself(self):
        for retry, found in (
            (0, "`retry.attempts`: expected a whole number of at least 1, the first attempt included, got 0."),
            ({"attempts": 1.5}, "`retry.attempts`: .* got 1.5."),
            (True, "`retry.attempts`: .* got True."),
            ("5", "`retry.attempts`: .* got '5'."),
            ({"atempts": 3}, "`retry`: expected the options attempts, backoff, .*, got 'atempts'."),
            ({"backoff": 5}, "`retry.backoff`: expected a duration such as 1s, or two such as 1s..1m, got 5."),
            ({"backoff": "soon"}, "`retry.backoff`: expected .* got 'soon'."),
            ({"factor": "two"}, "`retry.factor`: expected a number from 0, got 'two'."),
            ({"on": "net.*"}, "`retry.on`: expected a list of texts, got 'net.*'."),
            ({"exhausted": "stop"}, "`retry.exhausted`: expected one of fail, pause, got 'stop'."),
            ({"backoff": "0s"}, "`retry.backoff`: expected more than 0 with 5 attempts, got '0s'."),
        ):

            async def code(ctx, given):
                await ctx.run("load", lambda: 1, retry=given)

            self.assertRegex(turn_of(code, retry)["end"]["error"]["message"], found)

    def test_pauses_for_the_longest_after_so_many_attempts_that_the_pause_has_no_number(self):
        policy = policy_of({"attempts": 10_000, "jitter": 0})
        self.assertEqual(pause_ms(policy, {"code": "a"}, 5_000, lambda: 0), 60_000)


class Durations(unittest.TestCase):
    def test_are_refused_below_0(self):
        async def code(ctx):
            await ctx.sleep(-5)

        message = turn_of(code)["end"]["error"]["message"]
        self.assertEqual(message, "`duration`: expected a duration of at least 0, got -5.")


class Budgets(unittest.TestCase):
    def test_knows_what_is_left_and_what_its_calls_used(self):
        async def code(ctx):
            await ctx.call("ask")
            ctx.task.use(tokens=5)
            return [await ctx.run("left", lambda: ctx.left), ctx.used]

        stage = FunctionStage(function_of(code), left={"tokens": 100, "timeMs": 60_000})
        self.assertEqual(played(stage.turn())["steps"][0]["task"], "ask")
        end = played(stage.turn([{"end": "ask", "output": 1, "used": {"tokens": 7, "money": 0.5}}]))["end"]
        self.assertEqual(end, {"output": [{"tokens": 95, "time_ms": 60_000}, {"tokens": 7, "money": 0.5}]})

    def test_a_turn_with_values_that_are_too_large_names_the_largest(self):
        async def code(ctx):
            ctx.state.set("small", "x" * 100)
            ctx.state.set("large", "x" * 1_000_000)
            await ctx.sleep("1h")

        with self.assertRaisesRegex(TuttiError, r"step_too_large.*The largest is state `large`"):
            turn_of(code)


class Stored(unittest.TestCase):
    def test_reads_an_input_and_the_output_of_a_task_from_the_blob_store(self):
        async def code(ctx, given):
            made = await ctx.call("big.make")
            return [given["text"], made, await ctx.run("length", lambda: len(made))]

        async def play(is_hot):
            stage = FunctionStage(function_of(code), is_hot=is_hot)
            stage.input = await stage.task().store_json({"text": "given"})
            await stage.turn()
            made = await stage.task().store_json("x" * 100_000)
            return await stage.turn(given=[{"end": "big.make", "output": made}])

        for is_hot in (True, False):
            end = played(play(is_hot))["end"]
            self.assertEqual(end, {"output": ["given", "x" * 100_000, 100_000]})


    def test_stores_large_inputs_of_calls_and_children(self):
        async def code(ctx, given):
            calls = [ctx.call("big.count", "x" * 30_000) for _ in range(50)]
            return await ctx.all([ctx.call("big.count", "x" * 2_000_000), ctx.child("kid", ["y" * 100_000]), *calls])

        async def play():
            stage = FunctionStage(function_of(code))
            turn = await stage.turn()
            return [stage.task().content(step["spec"]["with"]) for step in turn["steps"]]

        self.assertEqual(played(play()), [*["x" * 30_000] * 50, "x" * 2_000_000, ["y" * 100_000]])


class Failures(unittest.TestCase):
    def logged(self, raised, masks=None):
        """Return the lines that the worker logs if the code raises this in the second of two turns."""

        async def code(ctx):
            await ctx.run("first", lambda: 1)
            await ctx.signal("go")
            raise raised

        async def play():
            stage = FunctionStage(function_of(code))
            stage.masks = masks
            await stage.turn()
            return await stage.turn(given=[{"end": "go", "output": None}])

        with self.assertLogs("tutti", "WARNING") as logs:
            logging.getLogger("tutti").warning("end")
            played(play())
        return [json.loads(JsonLines().format(record)) for record in logs.records if record.msg != "end"]

    def test_an_exception_of_the_code_is_logged_by_its_worker_once_with_its_place(self):
        [line] = self.logged(KeyError("shelf"))
        self.assertEqual((line["level"], line["message"]), ("warn", "function failed"))
        self.assertEqual((line["capability"], line["work_id"]), ("test", "run-1"))
        self.assertRegex(line["error"], r"test_functions\.py[\s\S]*KeyError: 'shelf'")

    def test_a_failure_that_is_an_answer_is_not_logged(self):
        self.assertEqual(self.logged(TaskFailure("shop.sold_out", "sold out", final=True)), [])

    def test_no_secret_of_the_task_is_logged(self):
        masks = Masks()
        masks.add("secret:till", "hunter22")
        [line] = self.logged(KeyError("hunter22"), masks)
        self.assertEqual(line["reason"], "KeyError: '[secret secret:till]'")
        self.assertNotIn("hunter22", json.dumps(line))


class Agents(unittest.TestCase):
    def test_adds_a_task_of_the_kind_agent_and_gives_its_answer(self):
        desk = {"model": "local:a", "instructions": "Count.", "tools": ["stock.count"], "max": 20}

        async def code(ctx, prompt):
            return await ctx.agent({**desk, "prompt": prompt}, timeout="1h")

        async def play():
            stage = FunctionStage(function_of(code), "How many?", is_hot=False)
            asked = await stage.turn()
            return asked["steps"], await stage.turn(given=[{"end": "agent", "output": "7 flutes."}])

        [step], answered = played(play())
        self.assertEqual(step["spec"], {"agent": {**desk, "prompt": "How many?"}, "timeout": "1h"})
        self.assertEqual(answered["end"], {"output": "7 flutes."})


class Waiting(unittest.TestCase):
    def refused(self, code, line):
        """Assert that the function fails because its code awaits something other than a step, in this line."""
        with self.assertRaises(TuttiError) as raised:
            turn_of(code)
        self.assertEqual(raised.exception.code, "sdk.function_awaits_foreign")
        place = f"test_functions.py:{code.__code__.co_firstlineno + line}"
        self.assertIn(place, raised.exception.message)

    def test_names_the_line_that_awaits_an_event_loop(self):
        async def code(ctx):
            await ctx.run("first", lambda: 1)
            await asyncio.sleep(0.01)

        self.refused(code, 2)

    def test_is_ended_when_it_does_not_give_control_back_and_names_the_line(self):
        ended = []

        async def code(ctx):
            await ctx.run("first", lambda: 1)
            try:
                while True:
                    try:
                        ended.append(0) if len(ended) < 0 else None
                    except Exception:  # noqa: S110 - what the function catches does not keep it
                        pass
            finally:
                ended.append("finally")

        stage = FunctionStage(function_of(code))
        stage.host = FunctionHost(watchdog=Watchdog(seconds=0.2))
        with self.assertRaises(TuttiError) as raised:
            played(stage.turn())
        self.assertEqual(raised.exception.code, "sdk.function_blocked")
        self.assertRegex(raised.exception.message, r"`test` blocked its worker for 0.2 s, at .*test_functions.py:\d+")
        self.assertEqual(ended, ["finally"])

    def test_leaves_alone_what_gives_control_back_often(self):
        async def code(ctx):
            for round in range(10):
                until = time.monotonic() + 0.3
                while time.monotonic() < until:
                    pass
                await ctx.run(f"round {round}", lambda: 1)
            return "done"

        stage = FunctionStage(function_of(code))
        stage.host = FunctionHost(watchdog=Watchdog(seconds=2))
        self.assertEqual(played(stage.turn())["end"], {"output": "done"})

    def test_names_the_line_of_an_inner_function(self):
        async def code(ctx):
            async def inner():
                await asyncio.get_running_loop().create_future()

            await ctx.all([ctx.sleep("1h"), inner()])

        self.refused(code, 2)

    def test_names_the_line_of_an_event_and_of_a_step_of_another_function(self):
        async def eventful(ctx):
            await asyncio.Event().wait()

        self.refused(eventful, 1)
        steps = []

        async def lender(ctx):
            steps.append(ctx.sleep("1h"))
            await steps[0]

        turn_of(lender)

        async def borrower(ctx):
            await steps[0]

        self.refused(borrower, 1)

    def test_refuses_a_context_inside_of_a_step_in_threads_and_coroutines(self):
        async def code(ctx):
            async def inner():
                return ctx.uuid()

            failures = []
            for work in (lambda: ctx.call("pay.charge"), inner, lambda: ctx.state.set("a", 1)):
                try:
                    await ctx.run("outer", work, retry=1)
                except StepFailure as failure:
                    failures.append(failure.code)
            return failures

        self.assertEqual(turn_of(code)["end"], {"output": ["sdk.step_nested"] * 3})


class Steps(unittest.TestCase):
    def test_plain_functions_run_in_threads_and_coroutines_in_the_loop_and_know_their_task(self):
        main = threading.get_ident()

        async def code(ctx):
            def plain():
                return [threading.get_ident() == main, current_task().work_id]

            async def coroutine():
                await asyncio.sleep(0)
                return [threading.get_ident() == main, current_task().work_id]

            found = [await ctx.run("a", plain), await ctx.run("b", coroutine)]
            return [*found, await ctx.run("c", lambda: coroutine()), ctx.task.work_id]

        output = turn_of(code)["end"]["output"]
        self.assertEqual(output, [[False, "run-1"], [True, "run-1"], [True, "run-1"], "run-1"])

    def test_have_the_line_of_the_code_that_asked(self):
        async def code(ctx):
            await ctx.run("a", lambda: 1)
            ctx.state.set("b", 1)
            ctx.compensate("c", lambda: 1)
            ctx.version("d")
            await ctx.sleep("1h")

        first = code.__code__.co_firstlineno
        places = [f"test_functions.py:{first + line}" for line in (1, 2, 3, 4, 5)]
        self.assertEqual([step["at"] for step in turn_of(code)["steps"]], places)

    def test_that_return_no_json_fail_without_another_attempt(self):
        async def code(ctx):
            await ctx.run("load", lambda: {"a": {1, 2}})

        output = turn_of(code)
        self.assertEqual(output["end"]["error"]["code"], "sdk.output_invalid")
        self.assertEqual(len(output["steps"]), 1)

    def test_give_what_they_give_after_a_replay(self):
        async def code(ctx):
            return type(await ctx.run("load", lambda: (1, 2))).__name__

        self.assertEqual(turn_of(code)["end"], {"output": "list"})

    def test_an_error_is_the_same_live_and_after_a_replay(self):
        async def code(ctx):
            def load():
                raise KeyError("x")

            try:
                await ctx.run("load", load, retry=1)
            except StepFailure as failure:
                await ctx.sleep("1h")
                return [failure.code, failure.message]
            return None

        ended = [{"end": "sleep", "output": None}]

        async def play(is_hot):
            stage = FunctionStage(function_of(code), is_hot=is_hot)
            await stage.turn()
            return (await stage.turn(ended))["end"]

        hot, cold = played(play(True)), played(play(False))
        self.assertEqual(hot, {"output": ["KeyError", "KeyError: 'x'"]})
        self.assertEqual(hot, cold)

    def test_are_retried_by_the_codes_of_their_errors(self):
        async def code(ctx, given):
            def load():
                raise TuttiError("shop.closed", "closed")

            await ctx.run("load", load, retry=given)

        def is_retried(retry):
            return "end" not in turn_of(code, retry)

        self.assertTrue(is_retried({"on": ["shop.*"]}))
        self.assertFalse(is_retried({"on": ["pay.*"]}))
        self.assertFalse(is_retried({"not_on": ["*closed"]}))
        self.assertFalse(is_retried({"attempts": 1}))


class Turns(unittest.TestCase):
    def test_a_worker_without_the_function_asks_for_the_journal(self):
        async def code(ctx):
            return [await ctx.call("a.b"), await ctx.call("a.c")]

        async def play(forget):
            stage = FunctionStage(function_of(code))
            await stage.turn()
            await stage.turn([{"end": "a.b", "output": 1}])
            forget(stage)
            return await stage.turn([{"end": "a.c", "output": 2}])

        def restart(stage):
            stage.host = FunctionHost()

        def miss(stage):
            # Another worker has executed a turn.
            stage.turns += 1

        cold = {"function": 1, "known": 4, "steps": [], "cold": True}
        self.assertEqual(played(play(restart)), cold)
        self.assertEqual(played(play(miss)), cold)
        self.assertEqual(played(play(lambda stage: None))["end"], {"output": [1, 2]})

    def test_results_are_saved_while_another_step_runs_and_not_repeated_by_the_next_attempt(self):
        done = []
        is_open = False

        async def code(ctx):
            async def slow():
                if not is_open:
                    await asyncio.sleep(60)
                done.append("slow")

            return await ctx.all([ctx.run("fast", lambda: done.append("fast")), ctx.run("slow", slow)])

        async def play():
            nonlocal is_open
            stage = FunctionStage(function_of(code))
            turn = asyncio.create_task(stage.turn())
            while not stage.reported:
                await asyncio.sleep(0.01)
            turn.cancel()
            await asyncio.gather(turn, return_exceptions=True)
            stage.saved = stage.reported[-1]
            stage.turns = 0
            stage.host = FunctionHost()
            done.append("again")
            is_open = True
            return await stage.turn()

        output = played(play())
        self.assertEqual(done, ["fast", "again", "slow"])
        self.assertEqual([step["step"] for step in output["steps"]], ["fast", "slow"])

    def test_a_cancelled_turn_ends_its_steps_and_its_code_does_nothing_more(self):
        found = []

        async def code(ctx):
            async def slow():
                try:
                    await asyncio.sleep(10)
                finally:
                    found.append("ended")

            try:
                await ctx.run("slow", slow)
            finally:
                found.append("finally")
                await ctx.run("clean", lambda: found.append("clean"))

        async def play():
            turn = asyncio.create_task(FunctionStage(function_of(code)).turn())
            await asyncio.sleep(0.05)
            turn.cancel()
            await asyncio.gather(turn, return_exceptions=True)
            await asyncio.sleep(0.05)

        played(play())
        self.assertEqual(sorted(found), ["ended", "finally"])

    def test_a_compensation_that_failed_fails_its_turn_and_the_done_ones_are_not_repeated(self):
        found = []

        async def code(ctx):
            def release():
                found.append("release")
                if len(found) == 2:
                    raise TuttiError("shop.locked", "locked")

            ctx.compensate("release", release)
            ctx.compensate("refund", lambda: found.append("refund"))
            try:
                await ctx.sleep("1h")
            except TuttiError as error:
                self.assertEqual(error.code, "sdk.function_stopped")
                raise

        async def play():
            stage = FunctionStage(function_of(code))
            await stage.turn()
            with self.assertRaisesRegex(StepFailure, "locked"):
                await stage.turn(undo=True)
            stage.saved = stage.reported[-1]
            await stage.turn(undo=True)

        played(play())
        self.assertEqual(found, ["refund", "release", "release"])

    def test_code_that_catches_its_stop_for_ever_is_ended(self):
        async def code(ctx):
            ctx.compensate("release", lambda: 1)
            while True:
                try:
                    await ctx.sleep("1h")
                except Exception:  # noqa: S112
                    continue

        async def play():
            stage = FunctionStage(function_of(code))
            await stage.turn()
            with self.assertRaisesRegex(TuttiError, "does not end although it is stopped"):
                await stage.turn(undo=True)

        played(play())


class Hosting(unittest.TestCase):
    def test_the_definition_has_the_options(self):
        @durable("shop.order", retry=2, timeout="1h", pool="big")
        async def order(ctx, given):
            """Ships what was ordered.

            And more.
            """

        definition = dict(order.definition)
        self.assertEqual(definition.pop("continueAsNew")["with"], '${{ tasks["shop.order"].output }}')
        self.assertEqual(
            definition,
            {
                "workflow": "shop.order",
                "description": "Ships what was ordered.",
                "timeout": "1h",
                "tasks": {
                    "shop.order": {
                        "function": "shop.order",
                        "with": "${{ input }}",
                        "retry": 2,
                        "placement": {"pool": "big"},
                    }
                },
                "output": '${{ tasks["shop.order"].output }}',
            },
        )

    def test_a_plain_function_is_refused(self):
        with self.assertRaisesRegex(OptionInvalid, "async def"):
            durable("order")(lambda ctx: None)

    def test_a_worker_offers_its_functions_as_capabilities(self):
        async def order(ctx):
            """Ships."""

        with mock.patch.dict(os.environ, clear=True):
            worker = Worker()
        worker.durable(function_of(order, "order"))
        [capability] = worker._handlers.capabilities
        self.assertEqual((capability.name, capability.description), ("order", "Ships."))

    def test_a_version_pins_runs_and_has_a_part_of_new_ones(self):
        async def order(ctx):
            return 1

        with mock.patch.dict(os.environ, clear=True):
            worker = Worker()
        function = function_of(order, "order")
        worker.durable(function, version="2.0.0", percent=10)
        [hosted] = worker._durable
        registration = dict(hosted.registration)
        text = json.loads(registration.pop("text"))
        self.assertEqual(text["tasks"]["order"]["function"], "order@2.0.0")
        self.assertEqual(
            registration, {"format": "json", "versionLabels": ["2.0.0"], "rolloutPercent": 10}
        )
        for wrong in ({"version": "1.0.0+a"}, {"percent": 10}, {"version": "3.0.0", "percent": 101}):
            with self.subTest(wrong), self.assertRaises(OptionInvalid):
                worker.durable(function, **wrong)
