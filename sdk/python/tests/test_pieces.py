"""Options, JSON, the context, and the bytes of the wire."""

import asyncio
import dataclasses
import gc
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import tutti
from stage import Stage, task, token
from tutti import Credentials, OptionInvalid, Worker, _contracts, _json, _wire, current_task
from tutti._aio import locks as _locks
from tutti._contracts import AgentFrame, Amounts, ModelCall, ModelCalls, Result
from tutti._local import USUAL_URL, default_url
from tutti._logging import JsonLines, TextLines
from tutti._outbox import BYTES_MAX, FRAMES_MAX, LinkBroken, Outbox, after, is_repeated
from tutti._running import Running, new_id
from tutti._threads import Threads
from tutti.failures import failure_detail, shown
from tutti.worker import in_new_loop

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Scripts(unittest.TestCase):
    def test_a_script_that_never_starts_its_worker_is_told_so(self):
        made = "import tutti\nworker = tutti.Worker()\n"
        handled = made + "worker.handle('a.b', lambda given: given)\n"
        report = "tutti: The worker was never started. End the script with `worker.run()`.\n"
        for program, expected in (
            (handled, report),
            (made, ""),
            (handled + "worker.stop()\n", ""),
            (handled.replace("tutti.Worker()", "tutti.Worker(slots=2)") + "raise SystemExit(0)\n", report),
        ):
            with self.subTest(program):
                done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
                self.assertEqual(done.stderr, expected)
        failed = subprocess.run(
            [sys.executable, "-c", handled + "raise ValueError('no')\n"], capture_output=True, text=True, check=False
        )
        self.assertNotIn(report, failed.stderr)


class Durations(unittest.TestCase):
    def test_are_printed_as_in_all_of_tutti(self):
        given = (0, 340.4, 999.6, 4_250, 9_999, 59_700, 96_600, 7_800_000, 7_200_000, 86_400_000, 270_000_000)
        texts = "0 ms, 340 ms, 1 s, 4.2 s, 10 s, 1 min, 1 min 37 s, 2 h 10 min, 2 h, 1 d, 3 d 3 h"
        self.assertEqual(", ".join(map(shown, given)), texts)


class Options(unittest.TestCase):
    def test_an_option_comes_before_its_variable_and_that_before_the_default(self):
        with mock.patch.dict(os.environ, {"TUTTI_POOL": "a", "TUTTI_ADDRESS": "h:1,i:2"}, clear=True):
            settings = Worker(pool="b").settings
        self.assertEqual(
            (settings.pool, settings.addresses, settings.namespace), ("b", ("h:1", "i:2"), "default")
        )

    def test_the_default_url_is_that_of_the_platform_of_the_folder(self):
        here = "http://127.0.0.1:7420"
        cases = {
            json.dumps({"pid": os.getpid(), "url": here}): here,
            json.dumps({"pid": 2**30, "url": here}): here,
            json.dumps({"url": here, "isLeaving": True}): here,
            json.dumps({"pid": os.getpid()}): USUAL_URL,
            json.dumps({"pid": os.getpid(), "url": "http://evil.example:7420"}): USUAL_URL,
            json.dumps({"pid": "all", "url": here}): here,
            "{": USUAL_URL,
            "null": USUAL_URL,
        }
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(default_url(folder), USUAL_URL)
            Path(folder, ".tutti").mkdir()
            for holder, expected in cases.items():
                with self.subTest(holder):
                    Path(folder, ".tutti", "lock.json").write_text(holder, "utf-8")
                    self.assertEqual(default_url(folder), expected)
            gateways = "http://127.0.0.1:7450,http://127.0.0.1:7460"
            cluster = json.dumps({"pid": os.getpid(), "url": gateways})
            Path(folder, ".tutti", "cluster").mkdir()
            Path(folder, ".tutti", "cluster", "cluster.json").write_text(cluster, "utf-8")
            self.assertEqual(default_url(folder), gateways)
            below = Path(folder, "project", "src")
            below.mkdir(parents=True)
            self.assertEqual(default_url(str(below)), gateways)

    def test_every_kind_of_agents_has_a_word(self):
        kinds = {name: value for name, value in vars(_contracts).items() if name.startswith("AGENT_KIND_")}
        said = {Worker("a:1", kind=name.removeprefix("AGENT_KIND_").lower()).settings.kind for name in kinds if kinds[name]}
        self.assertEqual({0, *said}, set(kinds.values()))

    def test_the_url_says_where_links_are_unless_an_address_does(self):
        for variables, addresses in (
            ({}, ("ws://127.0.0.1:7400/v1/link",)),
            ({"TUTTI_URL": "http://127.0.0.1:8000"}, ("ws://127.0.0.1:8000/v1/link",)),
            ({"TUTTI_URL": "http://gateway:7400,https://far.example"}, ("ws://gateway:7400/v1/link", "wss://far.example/v1/link")),
            ({"TUTTI_URL": "http://gateway:7400", "TUTTI_ADDRESS": "a:1"}, ("a:1",)),
        ):
            with mock.patch.dict(os.environ, variables, clear=True):
                self.assertEqual(Worker().settings.addresses, addresses)

    def test_what_is_wrong_is_named(self):
        with mock.patch.dict(os.environ, {"TUTTI_ADDRESS": "nowhere"}, clear=True):
            for make, said in (
                (lambda: Worker(), "TUTTI_ADDRESS"),
                (lambda: Worker("a:1", slots=0), "`slots`"),
                (lambda: Worker("a:1", slots=True), "`slots`"),
                (lambda: Worker("a:1", drain_seconds=-1), "drain_seconds"),
                (lambda: Worker("a:1", kind="robot"), "`kind`"),
                (lambda: Worker([]), "`address`"),
                (lambda: Worker("far:1", credentials=Credentials("t")), "far:1 is another machine"),
                (lambda: Worker("a:1").handle("Bad Name", print), "the name of a capability"),
                (lambda: Worker("a:1").handle("a.b", print, version="1"), "the version of a.b"),
                (lambda: Worker("a:1").run(), "at least one before the worker starts"),
            ):
                with self.assertRaises(OptionInvalid) as caught:
                    make()
                self.assertIn(said, str(caught.exception))

    def test_a_handler_is_offered_with_its_docstring_and_schemas(self):
        worker = Worker("a:1")

        @worker.handle("a.b", version="2.0.1", input_schema={"type": "object"})
        def b(given):
            """Does b.

            And more.
            """

        [capability] = worker._handlers.capabilities
        self.assertEqual((capability.version, capability.description), ("2.0.1", "Does b."))
        self.assertEqual(json.loads(capability.input_schema), {"type": "object"})

    def test_no_credential_is_printed(self):
        settings = Worker("127.0.0.1:1", credentials=Credentials("hidden")).settings
        self.assertEqual(settings.credentials.access_token, "hidden")
        self.assertNotIn("hidden", repr(settings))

    def test_versions_of_package_and_library_are_the_same(self):
        text = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text()
        self.assertIn(f'version = "{tutti.__version__}"', text)


class Json(unittest.TestCase):
    def test_dataclasses_and_tuples_are_plain_data(self):
        @dataclasses.dataclass
        class Box:
            size: tuple[int, int]
            name: str

        self.assertEqual(_json.render([Box((1, 2), "ä")]), '[{"size":[1,2],"name":"ä"}]'.encode())

    def test_what_is_not_is_found(self):
        cycle: list = []
        cycle.append(cycle)
        deep: list = []
        for _ in range(100_000):
            deep = [deep]
        for value, path, found in (
            ({"items": [{"price": float("inf")}]}, "output.items[0].price", "inf"),
            ({"a b": {1}}, 'output["a b"]', "a set"),
            (b"bytes", "output", "a bytes"),
            (cycle, "output[0]", "a cycle"),
            ({(1, 2): 3}, "output", "a tuple as a key"),
            ("\ud800", "output", "a text with half a character"),
        ):
            with self.assertRaises(_json.NotJson) as caught:
                _json.render(value)
            self.assertEqual((caught.exception.path, caught.exception.found), (path, found))
        with self.assertRaises(_json.NotJson):
            _json.render(deep)

    def test_is_read_back_as_it_was(self):
        chance = random.Random(7)
        for _ in range(200):
            value = _any_json(chance, 4)
            self.assertEqual(_json.parse(_json.render(value)), value)


def _any_json(chance, depth):
    kind = chance.randrange(7 if depth else 5)
    if kind == 0:
        return None
    if kind == 1:
        return chance.random() < 0.5
    if kind == 2:
        return chance.randrange(-(2**53), 2**53)
    if kind == 3:
        return chance.random() * 1e9
    if kind == 4:
        return "".join(chance.choice('aä𝄞"\\\n\0') for _ in range(chance.randrange(6)))
    if kind == 5:
        return [_any_json(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {str(key): _any_json(chance, depth - 1) for key in range(chance.randrange(4))}


class Wire(unittest.TestCase):
    def test_results_written_by_hand_are_those_of_the_contracts(self):
        for size in (0, 1, 127, 128, 70_000):
            for used, calls in ((None, None), (Amounts(tokens=3), ModelCalls(calls=[ModelCall(operation="chat")]))):
                text = b"x" * size
                figures = _wire.Figures(1.5, used, calls)
                frame = AgentFrame.FromString(_wire.output_field(token(1), text, figures))
                [result] = frame.results
                told = Result(token=token(1), inline_output=text, run_ms=1.5, used=used, model_calls=calls)
                self.assertEqual(result, told)


class Failures(unittest.TestCase):
    """The failure that is reported for an exception that a handler did not catch."""

    def test_a_missing_key_says_that_it_is_one(self) -> None:
        try:
            {}["items"]
        except KeyError as error:
            self.assertEqual(failure_detail(error).message, "KeyError: 'items'")

    def test_other_exceptions_say_what_they_say_or_their_name(self) -> None:
        self.assertEqual(failure_detail(ValueError("no such size")).message, "no such size")
        self.assertEqual(failure_detail(ValueError()).message, "ValueError")
        self.assertEqual(failure_detail(KeyError()).message, "KeyError")

    def test_a_group_of_errors_says_what_each_of_them_is(self):
        group = ExceptionGroup("no step succeeded", [ValueError("no stock"), ValueError("no money")])
        self.assertEqual(failure_detail(group).message, "no step succeeded: no stock; no money")


class OutboxRules(unittest.TestCase):
    def test_numbers_go_round(self):
        self.assertEqual(after(0xFFFF_FFFF), 1)
        self.assertTrue(is_repeated(0xFFFF_FFFF, 1))
        self.assertFalse(is_repeated(2, 0xFFFF_FFFF))

    def test_no_frame_is_larger_than_the_host_takes(self):
        outbox = Outbox()
        outbox.frame_bytes_max = 1_000
        for _ in range(10):
            outbox.add(_wire.started_field(token(1), 1) * 10)
        sent: list[bytes] = []
        outbox.flush(sent.append)
        self.assertLessEqual(max(map(len, sent)), 1_000)
        self.assertEqual(sum(len(AgentFrame.FromString(each).started) for each in sent), 100)

    def test_what_is_beyond_the_limits_waits(self):
        outbox = Outbox()
        sent: list[bytes] = []
        for _ in range(FRAMES_MAX + 5):
            outbox.touch()
            outbox.flush(sent.append)
        self.assertEqual(len(sent), FRAMES_MAX)
        outbox.acknowledge(10)
        outbox.flush(sent.append)
        self.assertEqual(len(sent), FRAMES_MAX + 1)
        large = Outbox()
        sent.clear()
        for _ in range(8):
            large.add(bytes(3 * 1024 * 1024))
            large.flush(sent.append)
        self.assertLessEqual(sum(map(len, sent)), BYTES_MAX)

    def test_an_acknowledgement_of_what_was_never_sent_is_refused(self):
        outbox = Outbox()
        with self.assertRaises(LinkBroken):
            outbox.acknowledge(1)


class Context(unittest.TestCase):
    def setUp(self):
        self.stage = Stage({"stock.reserve": Stage.HELD})
        self.stage.welcome()
        given = {
            "work_id": "order-17",
            "task_id": "reserve",
            "attempt": 2,
            "run_ms": 29_800,
            "traceparent": TRACE,
        }
        self.stage.say(assignments=[task(1, labels=[{"name": "region", "value": "eu"}], **given)])
        self.context = self.stage.context(token(1))

    def test_prints_for_whom_and_for_how_long(self):
        self.assertEqual(
            repr(self.context),
            "task stock.reserve@1.0.0\n"
            "  caller    run order-17, task reserve in namespace default, attempt 2\n"
            "  remaining 30 s\n"
            f"  trace     {TRACE}\n"
            "  key       order-17/reserve",
        )

    def test_knows_its_labels_and_its_trace(self):
        self.assertEqual(self.context.labels, {"region": "eu"})
        self.assertEqual(self.context.trace.trace_id, TRACE[3:35])

    def test_its_logger_writes_work_and_trace_as_json_and_no_secret(self):
        with self.assertLogs("tutti.task", "INFO") as logs:
            self.context.logger.info("charging %d", 5, extra={"access_token": "hidden", "cents": 5})
        line = json.loads(JsonLines().format(logs.records[0]))
        self.assertEqual((line["message"], line["work_id"], line["cents"]), ("charging 5", "order-17", 5))
        self.assertEqual((line["trace_id"], line["access_token"]), (TRACE[3:35], "[redacted]"))

    def test_at_a_terminal_a_line_is_text_with_reason_remedy_and_no_secret(self):
        with self.assertLogs("tutti.task", "INFO") as logs:
            logging.getLogger("tutti.task").warning(
                "no link", extra={"reason": "refused", "remedy": "Start it.", "pause_ms": 72, "token": "hidden"}
            )
        text = TextLines().format(logs.records[0])
        self.assertRegex(text, r"^\d\d:\d\d:\d\d warn  no link: refused\. Start it\. \(pause_ms 72, token \[redacted\]\)$")

    def test_what_is_used_is_told_with_the_result(self):
        self.context.use(tokens=5)
        self.context.use(tokens=7, money=0.5)
        self.stage.end(token(1), None)
        [result] = self.stage.stream.all("results")
        self.assertEqual((result.used.tokens, result.used.money), (12, 0.5))

    def test_too_much_to_save_is_refused_where_it_is_said(self):
        with self.assertRaisesRegex(tutti.TuttiError, "sdk.saved_too_large"):
            self.context.progress(saved="x" * 70_000)

    def test_is_found_by_code_below_a_handler_and_nowhere_else(self):
        seen = []
        stage = Stage({"a.b": lambda: seen.append(current_task().work_id)})
        stage.welcome()
        stage.say(assignments=[task(5)])
        self.assertEqual(seen, ["run-5"])
        self.assertIsNone(current_task())

    def test_is_the_work_of_a_lock_that_a_handler_acquires(self):
        seen = []
        stage = Stage({"a.b": lambda: seen.append(_locks._work_of_task())})
        stage.welcome()
        stage.say(assignments=[task(5)])
        self.assertEqual([(work["kind"], work["id"], bool(work["task"])) for work in seen], [("run", "run-5", True)])
        self.assertEqual(_locks._work_of_task(), {})


class Lock(unittest.TestCase):
    def lose(self, renew):
        """Wait until a lock of 0.3 s is lost. Return the timeout of each renewal."""
        timeouts = []

        class Rest:
            options = mock.Mock(timeout=30.0)

            def changed(self, _namespace, timeout):
                timeouts.append(timeout)
                return self

            async def call(self, *_, **__):
                return await renew(timeouts[-1])

        async def play():
            lock = _locks.AsyncLock(Rest(), "till", {"holder": "me", "token": "7"}, 0.3, time.monotonic())
            self.assertTrue(await lock.lost.wait(30))

        asyncio.run(play())
        return timeouts

    def test_is_lost_at_the_end_of_its_lease_also_if_a_renewal_has_no_answer(self):
        async def renew(timeout):
            await asyncio.sleep(min(timeout, 30))
            raise tutti.TuttiError("a.b", "no answer")

        for timeout in self.lose(renew):
            self.assertLessEqual(timeout, 0.3)

    def test_is_lost_by_an_answer_that_is_none(self):
        async def renew(_timeout):
            return {"receipts": []}

        with self.assertLogs("asyncio"):
            self.assertEqual(len(self.lose(renew)), 1)
            gc.collect()


class Blobs(unittest.TestCase):
    def test_a_thread_that_waits_for_one_hears_of_the_end_of_its_worker(self):
        async def play():
            running = object.__new__(Running)
            running._loop, running._reads = asyncio.get_running_loop(), set()
            heard = []
            running._later(asyncio.sleep(60), heard.append)
            running._later(asyncio.sleep(0, "content"), heard.append)
            for _ in range(3):
                await asyncio.sleep(0)
            for read in running._reads:
                read.cancel()
            for _ in range(3):
                await asyncio.sleep(0)
            return heard

        content, error = asyncio.run(play())
        self.assertEqual(content, "content")
        self.assertIsInstance(error, tutti.Cancelled)


class Process(unittest.TestCase):
    def test_ids_of_later_starts_are_greater(self):
        ids = [new_id("worker") for _ in range(3)]
        self.assertEqual(len({len(each) for each in ids}), 1)
        self.assertEqual(ids[0][:14], sorted(ids)[0][:14])

    def test_threads_are_as_many_as_are_needed(self):
        threads = Threads(2)
        gate = threading.Event()
        counts = threading.Semaphore(0)

        def job():
            counts.release()
            gate.wait(10)

        for _ in range(4):
            threads.run(job)
        for _ in range(2):
            self.assertTrue(counts.acquire(timeout=10))
        self.assertEqual(threads._count, 2)
        self.assertFalse(counts.acquire(blocking=False))
        gate.set()
        for _ in range(2):
            self.assertTrue(counts.acquire(timeout=10))
        threads.stop()

    def test_stopped_before_it_was_started_it_does_not_start(self):
        worker = Worker("127.0.0.1:1")
        worker.handle("a.b", print)
        worker.stop()
        worker.wait(1)
        with self.assertRaises(RuntimeError):
            worker.run()

    def test_in_a_thread_it_goes_on_trying_until_it_is_stopped(self):
        worker = Worker("127.0.0.1:1")
        worker.handle("a.b", print)
        with self.assertRaises(TimeoutError):
            worker.start(timeout=0.05)
        self.assertEqual((worker.state, worker.is_linked), ("linking", False))
        worker.stop()
        worker.wait(10)
        self.assertEqual(worker.state, "stopped")

    def test_stopped_while_it_tries_whoever_waits_for_the_link_is_told(self):
        worker = Worker("127.0.0.1:1")
        worker.handle("a.b", print)
        threading.Timer(0.02, worker.stop).start()
        with self.assertRaisesRegex(tutti.TuttiError, "sdk.stopped"):
            worker.start()

    def test_in_an_event_loop_it_ends_when_it_is_cancelled(self):
        worker = Worker("127.0.0.1:1")
        worker.handle("a.b", print)

        async def main():
            running = asyncio.create_task(worker.run_async())
            while worker.state != "linking":
                await asyncio.sleep(0)
            running.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await running

        asyncio.run(main())
        self.assertEqual(worker.state, "stopped")

    def test_a_coroutine_that_does_not_listen_does_not_keep_the_process(self):
        deaf = []

        async def go_on():
            while True:
                try:
                    await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    deaf.append(True)

        async def main():
            asyncio.current_task().deaf = asyncio.create_task(go_on())
            await asyncio.sleep(0)

        # Keeps asyncio's message about an abandoned task out of the output.
        with self.assertLogs("asyncio"):
            in_new_loop(main(), patience_seconds=0.02)
            gc.collect()
        self.assertEqual(deaf, [True])

    def test_the_package_says_its_types(self):
        self.assertTrue((Path(tutti.__file__).parent / "py.typed").exists())


if __name__ == "__main__":
    unittest.main()
