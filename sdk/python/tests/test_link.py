"""Frames of the link, on virtual time."""

import hashlib
import json
import unittest
import urllib.error
from email.message import Message
from functools import partial

from stage import Stage, task, token
from tutti import Busy, TaskFailure, WorkerRefused
from tutti._contracts import (
    RETRY_CLASS_ELSEWHERE,
    RETRY_CLASS_NEVER,
    RETRY_CLASS_SAME_KEY,
    Bye,
    Cancel,
    Drain,
    ErrorDetail,
    Extend,
    HostFrame,
    Payload,
    Redirect,
    Refused,
    Sleep,
    Wake,
)
from tutti._functions.wire import function_changed
from tutti.errors import LOSSES, data_unreadable


def echo(given):
    return given


class Greeting(unittest.TestCase):
    def test_says_who_it_is_and_grants_its_slots_after_the_welcome(self):
        stage = Stage({"test.echo": echo})
        hello = stage.stream.frames[0].hello
        self.assertEqual((stage.stream.frames[0].sequence, len(stage.stream.frames)), (0, 1))
        self.assertEqual((hello.sdk_name, hello.offering.slots), ("tutti-python", 4))
        stream = stage.welcome()
        self.assertEqual([(frame.sequence, frame.credit) for frame in stream.frames[1:]], [(1, 4)])

    def test_goes_where_it_is_sent(self):
        stage = Stage({"test.echo": echo})
        stage.stream.frame(_answer(redirect=Redirect(address="b:2", epoch=3, delay_ms=50)))
        stage.time.pass_ms(60)
        self.assertEqual([stream.address for stream in stage.streams], ["a:1", "b:2"])

    def test_goes_back_where_it_was_told_first_when_the_host_it_was_sent_to_says_goodbye(self):
        stage = Stage({"test.echo": echo})
        stage.stream.frame(_answer(redirect=Redirect(address="b:2", epoch=3, delay_ms=0)))
        stage.time.pass_ms(10)
        stage.welcome()
        stage.say(bye=Bye(reason="its pool goes to another process", return_after_ms=200))
        stage.time.pass_ms(1_000)
        self.assertEqual([stream.address for stream in stage.streams], ["a:1", "b:2", "a:1"])

    def test_ends_when_it_is_refused_for_good_and_comes_again_when_not(self):
        stage = Stage({"test.echo": echo})
        again = ErrorDetail(code="swarm.full", message="full", retry=RETRY_CLASS_SAME_KEY, retry_after_ms=500)
        stage.stream.frame(_answer(refused=Refused(error=again)))
        stage.time.pass_ms(499)
        self.assertEqual(len(stage.streams), 1)
        stage.time.pass_ms(200)
        self.assertEqual(len(stage.streams), 2)
        never = ErrorDetail(code="swarm.no", message="not you", retry=RETRY_CLASS_NEVER)
        stage.stream.frame(_answer(refused=Refused(error=never)))
        self.assertIsInstance(stage.refused, WorkerRefused)
        self.assertIn("not you", str(stage.refused))
        stage.time.pass_ms(60_000)
        self.assertEqual(len(stage.streams), 2)

    def test_pauses_grow_while_nobody_answers_and_all_addresses_are_tried(self):
        stage = Stage({"test.echo": echo}, addresses=("a:1", "b:2"))
        tries = []
        for _ in range(8):
            stage.stream.cut("nobody there")
            before_ms = stage.time.now_ms()
            count = len(stage.streams)
            while len(stage.streams) == count:
                stage.time.pass_ms(10)
            tries.append(stage.time.now_ms() - before_ms)
        self.assertEqual(tries, [100, 200, 400, 800, 1_600, 3_000, 3_000, 3_000])
        self.assertEqual({stream.address for stream in stage.streams}, {"a:1", "b:2"})

    def test_a_refused_key_is_named_in_each_line_with_pauses_that_grow_to_a_minute(self):
        stage = Stage({"test.echo": echo})
        with self.assertLogs("tutti", "ERROR") as logs:
            stage.stream.cut("The credential is not valid.", True)
            for _ in range(8):
                count = len(stage.streams)
                while len(stage.streams) == count:
                    stage.time.pass_ms(500)
                stage.stream.cut("Too many attempts came from this address.")
        self.assertEqual({record.getMessage() for record in logs.records}, {"key refused, retrying"})
        self.assertEqual({record.reason for record in logs.records}, {"The credential is not valid."})
        self.assertEqual(logs.records[-1].latest, "Too many attempts came from this address.")
        self.assertIn("TUTTI_API_KEY", logs.records[-1].remedy)
        self.assertEqual([record.pause_ms for record in logs.records][::4], [1_000, 16_000, 60_000])

    def test_each_line_about_a_missing_link_names_a_remedy(self):
        stage = Stage({"test.echo": echo})
        reasons = {
            "[Errno 104] Connection reset by peer": "The connection was reset",
            "[Errno 110] Connection timed out": "The host does not answer",
            "connection refused": "The connection was refused",
            "[Errno -2] Name or service not known": "The host was not found",
            "the answer is not HTTP": "the answer is not HTTP",
            "expected an answer of HTTP/1.1, got b'SSH'": "expected an answer of HTTP/1.1, got b'SSH'",
            "the host closed the WebSocket": "the host closed the WebSocket",
        }
        with self.assertLogs("tutti", "INFO") as logs:
            for reason in reasons:
                count = len(stage.streams)
                stage.stream.cut(reason)
                while len(stage.streams) == count:
                    stage.time.pass_ms(500)
        lines = [record for record in logs.records if record.getMessage() == "no link, retrying"]
        self.assertEqual([line.reason for line in lines], list(reasons.values()))
        for line in lines:
            self.assertIn("TUTTI_URL", line.remedy)


class Results(unittest.TestCase):
    def test_are_kept_until_durable_and_given_again_on_a_new_link(self):
        stage = Stage({"test.echo": echo})
        stage.welcome()
        stage.say(assignments=[task(number, inline_input=b"%d" % number) for number in (1, 2, 3)])
        self.assertEqual([result.inline_output for result in stage.stream.all("results")], [b"1", b"2", b"3"])
        stage.say(results_durable=1, results_durable_beyond=[3])
        stage.stream.cut("gone")
        stage.time.pass_ms(200)
        hello = stage.stream.frames[0].hello
        self.assertEqual(list(hello.running), [token(2)])
        self.assertEqual(hello.resume.link_id, "link-1")
        stage.welcome(link_id="link-2")
        self.assertEqual([result.token for result in stage.stream.all("results")], [token(2)])

    def test_that_nobody_wants_are_forgotten(self):
        stage = Stage({"test.echo": echo, "test.held": Stage.HELD})
        stage.welcome()
        stage.say(assignments=[task(1), task(2, capability=2)])
        stage.stream.cut("gone")
        stage.time.pass_ms(200)
        stage.welcome(link_id="link-2", unwanted=[token(1), token(2)])
        self.assertEqual(stage.stream.all("results"), [])
        stage.end(token(2), "late")
        self.assertEqual(stage.stream.all("results"), [])
        self.assertEqual(stage.agent.unfinished, 0)

    def test_what_the_host_lacks_is_repeated_unchanged(self):
        stage = Stage({"test.echo": echo})
        first = stage.welcome()
        stage.say(assignments=[task(1)], acknowledged=1)
        sent = first.contents[2:]
        first.cut("gone")
        stage.time.pass_ms(200)
        second = stage.stream
        second._sequence = first._sequence
        self.assertEqual(second.frames[0].hello.resume.received, 1)
        stage.welcome(resumed=True, received=1)
        self.assertEqual(second.contents[1 : 1 + len(sent)], sent)

    def test_a_task_that_comes_twice_is_done_once(self):
        done = []
        stage = Stage({"test.note": lambda given: done.append(given)})
        stage.welcome()
        stage.say(assignments=[task(1), task(1)])
        stage.say(assignments=[task(1)])
        self.assertEqual(len(done), 1)
        self.assertEqual(len(stage.stream.all("results")), 1)

    def test_a_repeated_frame_is_dropped_and_a_gap_ends_the_stream(self):
        stage = Stage({"test.echo": echo})
        stage.welcome()
        stage.say(assignments=[task(1)])
        stage.stream._sequence = 0
        stage.say(assignments=[task(2)])
        self.assertEqual(len(stage.stream.all("results")), 1)
        stage.stream._sequence = 5
        stage.say(assignments=[task(3)])
        self.assertTrue(stage.stream.is_cancelled)
        self.assertEqual(len(stage.stream.all("results")), 1)

    def test_bytes_that_are_no_frame_end_the_stream_and_the_link(self):
        stage = Stage({"test.echo": echo})
        stage.welcome()
        stage.stream.frame(b"\xff\xff\xff")
        stage.time.pass_ms(200)
        self.assertEqual(len(stage.streams), 2)
        self.assertFalse(stage.stream.frames[0].hello.HasField("resume"))


class Ends(unittest.TestCase):
    def outcome(self, handler, **fields):
        stage = Stage({"test.it": handler})
        stage.welcome(max_inline_bytes=100)
        stage.say(assignments=[task(1, **fields)])
        [result] = stage.stream.all("results")
        return result

    def raising(self, error):
        def handler():
            raise error

        return self.outcome(handler)

    def test_a_failure_arrives_as_it_was_made(self):
        made = TaskFailure("pay.declined", "no", final=True, retry_after_seconds=2, details={"card": "1"})
        failed = self.raising(made).failed
        self.assertEqual(
            (failed.code, failed.message, failed.retry), ("pay.declined", "no", RETRY_CLASS_NEVER)
        )
        self.assertEqual((failed.retry_after_ms, dict(failed.details)), (2_000, {"card": "1"}))
        self.assertEqual(self.raising(TaskFailure("a.b", "no")).failed.retry, RETRY_CLASS_SAME_KEY)

    def test_an_exception_fails_with_its_name_its_place_and_no_secret(self):
        with self.assertLogs("tutti.worker", "WARNING") as logged:
            failed = self.raising(ValueError("password=hunter2 is wrong")).failed
        self.assertEqual([record.getMessage() for record in logged.records], ["attempt failed"])
        self.assertEqual((failed.code, failed.retry), ("ValueError", RETRY_CLASS_SAME_KEY))
        self.assertEqual(failed.message, "password=[redacted] is wrong")
        self.assertIn("raise error", failed.details["stack"])
        self.assertNotIn("hunter2", failed.details["stack"])

    def test_code_that_does_not_fit_its_history_is_logged(self):
        with self.assertLogs("tutti.worker", "WARNING") as logged:
            self.raising(function_changed("order", "step `a`", "step `b`"))
        self.assertEqual([record.getMessage() for record in logged.records], ["attempt failed"])

    def test_causes_come_along(self):
        def handler():
            try:
                raise KeyError("violin")
            except KeyError as error:
                raise TaskFailure("stock.unknown", "no such thing") from error

        failed = self.outcome(handler).failed
        self.assertEqual((failed.code, failed.cause.code), ("stock.unknown", "KeyError"))

    def test_busy_is_no_failure(self):
        busy = self.raising(Busy(retry_after_seconds=1.5, message="429")).busy
        self.assertEqual((busy.retry_after_ms, busy.message), (1_500, "429"))

    def test_a_provider_that_answers_429_is_no_failure(self):
        class Response:
            status_code = 429
            headers = {"retry-after": "2"}

        class ProviderError(Exception):
            response = Response()

        for error, after_ms, said in (
            (ProviderError("slow down"), 2_000, "slow down"),
            (urllib.error.HTTPError("http://provider", 429, "Too Many", Message(), None), 0, "Too Many"),
        ):
            busy = self.raising(error).busy
            self.assertEqual(busy.retry_after_ms, after_ms)
            self.assertIn(said, busy.message)

    def test_an_output_that_is_too_large_for_a_message_is_stored(self):
        payload = self.outcome(partial(_given_back, "x" * 200)).output_payload
        self.assertEqual(payload.blob.size, 202)

    def test_an_output_that_is_no_json_fails_for_good(self):
        for output, code, said in (
            ({"a": [1, float("nan")]}, "sdk.output_invalid", "nan at output.a[1]"),
            ({"a": object()}, "sdk.output_invalid", "a object at output.a"),
        ):
            failed = self.outcome(partial(_given_back, output)).failed
            self.assertEqual((failed.code, failed.retry), (code, RETRY_CLASS_NEVER))
            self.assertIn(said, failed.message)

    def test_an_input_that_is_no_json_fails(self):
        for content in (b"{", b"NaN", b"\xff", b"[" * 100_000):
            self.assertEqual(self.outcome(echo, inline_input=content).failed.code, "sdk.input_malformed")

    def test_an_input_of_another_type_is_bytes(self):
        payload = Payload(inline=b"\x00\x01", media_type="application/octet-stream")
        self.assertEqual(
            self.outcome(lambda given: list(given), input_payload=payload).inline_output, b"[0,1]"
        )

    def test_a_number_that_was_not_agreed_goes_elsewhere(self):
        failed = self.outcome(echo, capability=9).failed
        self.assertEqual((failed.code, failed.retry), ("sdk.unknown_capability", RETRY_CLASS_ELSEWHERE))


class Attempts(unittest.TestCase):
    def setUp(self):
        self.stage = Stage({"test.held": Stage.HELD}, slots=2)
        self.stage.welcome()

    def results(self):
        return self.stage.stream.all("results")

    def test_more_than_there_are_slots_are_answered_as_busy(self):
        self.stage.say(assignments=[task(1), task(2), task(3)])
        self.assertEqual(
            [(result.token, result.WhichOneof("outcome")) for result in self.results()], [(token(3), "busy")]
        )

    def test_one_that_takes_long_says_once_that_it_has_begun(self):
        self.stage.say(assignments=[task(1)])
        self.stage.time.pass_ms(90)
        self.assertEqual(self.stage.stream.all("started"), [])
        self.stage.time.pass_ms(2_000)
        self.assertEqual([started.token for started in self.stage.stream.all("started")], [token(1)])

    def test_cancelled_within_its_grace_it_is_stopped(self):
        self.stage.say(assignments=[task(1)])
        context = self.stage.context(token(1))
        self.stage.say(cancels=[Cancel(token=token(1), reason="enough", grace_ms=500)])
        self.assertTrue(context.cancelled)
        self.assertTrue(context.cancelled_event.is_set())
        self.stage.end(token(1), context.cancellation)
        self.assertEqual([result.WhichOneof("outcome") for result in self.results()], ["stopped"])

    def test_cancelled_and_deaf_it_is_answered_for_and_keeps_its_slot(self):
        self.stage.say(assignments=[task(1)])
        self.stage.say(cancels=[Cancel(token=token(1), grace_ms=500)])
        with self.assertLogs("tutti", "WARNING") as logs:
            self.stage.time.pass_ms(600)
        self.assertIn("Its slot is in use until it ends", logs.output[0])
        self.assertEqual([result.WhichOneof("outcome") for result in self.results()], ["stopped"])
        self.assertEqual(self.stage.agent.at_work, 1)
        with self.assertLogs("tutti", "INFO") as logs:
            self.stage.end(token(1), "late")
        self.assertIn("Its slot is free", logs.output[0])
        self.assertEqual((self.stage.agent.at_work, len(self.results())), (0, 1))

    def test_cancelled_at_once_it_is_not_answered(self):
        self.stage.say(assignments=[task(1)])
        self.stage.say(cancels=[Cancel(token=token(1))])
        self.stage.end(token(1), "late")
        self.assertEqual(self.results(), [])

    def test_one_that_takes_too_long_fails_unless_it_gets_more_time(self):
        self.stage.say(assignments=[task(1, run_ms=300), task(2, run_ms=300)])
        contexts = [self.stage.context(token(number)) for number in (1, 2)]
        self.assertEqual(contexts[0].remaining_seconds, 0.3)
        self.stage.say(extensions=[Extend(token=token(2), run_ms=1_000)])
        self.stage.time.pass_ms(400)
        self.assertEqual([context.cancelled for context in contexts], [True, False])
        self.stage.end(token(1), contexts[0].cancellation)
        self.assertEqual([result.failed.code for result in self.results()], ["sdk.timed_out"])
        self.assertRegex(self.results()[0].failed.message, "within 300 ms")

    def test_models_that_it_asked_are_told_with_the_result_and_what_they_took_counts_as_used(self):
        class RateLimited(Exception):
            code = "rate_limited"

        stage = Stage({"write": Stage.HELD})
        stream = stage.welcome()
        stage.say(assignments=[task(1)])
        context = stage.context(token(1))
        with context.ask_model("gpt-5", provider="openai") as asked:
            stage.time.pass_ms(30)
            asked.answered(model="gpt-5-2026", input_tokens=90, output_tokens=float("nan"))
            asked.answered(output_tokens=10, finish_reasons=["stop"])
        stage.time.pass_ms(20)
        with self.assertRaises(RateLimited), context.ask_model("ada", operation="embeddings"):
            raise RateLimited
        with context.ask_model("slow"):
            stage.time.pass_ms(5)
            # The attempt ends while a call of a model is still open.
            stage.end(token(1), TaskFailure("no.rhyme", "none"))
        [result] = stream.all("results")
        self.assertEqual((result.failed.code, result.used.tokens), ("no.rhyme", 100))
        first, refused, open_one = result.model_calls.calls
        self.assertEqual(
            (first.operation, first.provider, first.request_model, first.response_model),
            ("chat", "openai", "gpt-5", "gpt-5-2026"),
        )
        self.assertEqual(
            (first.input_tokens, first.output_tokens, list(first.finish_reasons), first.error_type),
            (90, 10, ["stop"], ""),
        )
        self.assertEqual((first.ago_ms, first.took_ms), (55, 30))
        self.assertEqual(
            (refused.operation, refused.request_model, refused.error_type), ("embeddings", "ada", "rate_limited")
        )
        self.assertEqual((open_one.request_model, open_one.ago_ms, open_one.took_ms), ("slow", 5, 5))

    def test_of_very_many_models_the_first_are_told_and_all_counted(self):
        stage = Stage({"write": Stage.HELD})
        stream = stage.welcome()
        stage.say(assignments=[task(1)])
        for number in range(70):
            with stage.context(token(1)).ask_model(f"m{number}") as asked:
                asked.answered(output_tokens=1)
        stage.end(token(1), "done")
        [result] = stream.all("results")
        self.assertEqual((len(result.model_calls.calls), result.used.tokens), (64, 70))

    def test_progress_of_a_moment_is_put_together_and_comes_before_the_result(self):
        self.stage.say(assignments=[task(1, saved=b'{"step":1}')])
        context = self.stage.context(token(1))
        self.assertEqual(context.saved, {"step": 1})
        for step in range(1, 50):
            context.progress(step / 50, f"{step} of 50")
        context.progress(saved={"step": 2})
        self.stage.time.settle()
        [told] = self.stage.stream.all("progress")
        self.assertEqual((told.fraction, told.message, told.saved), (49 / 50, "49 of 50", b'{"step":2}'))
        context.progress(1)
        self.stage.end(token(1), None)
        self.assertEqual([each.fraction for each in self.stage.stream.all("progress")], [49 / 50, 1])
        self.assertEqual([result.inline_output for result in self.results()], [b"null"])

    def test_what_was_saved_is_told_again_on_a_new_link(self):
        self.stage.say(assignments=[task(1)])
        self.stage.context(token(1)).progress(saved=[7])
        self.stage.time.settle()
        self.stage.stream.cut("gone")
        self.stage.time.pass_ms(200)
        self.stage.welcome(link_id="link-2")
        self.assertEqual([each.saved for each in self.stage.stream.all("progress")], [b"[7]"])
        self.assertEqual([each.token for each in self.stage.stream.all("started")], [token(1)])

    def test_pieces_are_numbered_and_split(self):
        self.stage.say(assignments=[task(1)])
        self.stage.context(token(1)).output("a" * 70_000, channel="log")
        self.stage.time.settle()
        pieces = self.stage.stream.all("partial_outputs")
        self.assertEqual(
            [(each.index, len(each.chunk), each.channel) for each in pieces],
            [(0, 65_536, "log"), (1, 4_464, "log")],
        )

    def test_readers_see_its_log_as_far_as_the_worker_writes_it_without_a_secret(self):
        self.stage.say(assignments=[task(1)])
        log = self.stage.context(token(1)).logger
        with self.assertLogs("tutti.task", "INFO"):
            log.info("charging %d", 5, extra={"cents": 5, "token": "hidden"})
            log.debug("not written")
            try:
                raise ValueError("late")
            except ValueError:
                log.exception("failed")
        self.stage.time.settle()
        pieces = self.stage.stream.all("partial_outputs")
        self.assertEqual([(each.index, each.channel) for each in pieces], [(0, "log"), (1, "log")])
        first, second = (each.chunk.decode()[9:] for each in pieces)
        self.assertEqual(first, "info  charging 5 (cents 5, token [redacted])\n")
        self.assertRegex(second, r"^error failed\nTraceback[\s\S]*ValueError: late\n$")

    def test_is_told_to_end_when_there_was_no_link_for_so_long_that_others_have_its_task(self):
        self.stage.say(assignments=[task(1)])
        context = self.stage.context(token(1))
        self.stage.stream.cut("gone")
        self.stage.time.pass_ms(59_000)
        self.assertFalse(context.cancelled)
        self.stage.time.pass_ms(2_000)
        self.assertEqual(context.cancellation.code, "sdk.link_lost")

    def test_drains_sleeps_and_wakes_as_it_is_told(self):
        credit = lambda: sum(frame.credit for frame in self.stage.stream.frames)  # noqa: E731
        self.assertEqual(credit(), 2)
        self.stage.say(sleep=Sleep(reason="night"))
        self.stage.say(assignments=[task(1)])
        self.assertEqual([result.WhichOneof("outcome") for result in self.results()], ["busy"])
        self.assertEqual(credit(), 2)
        self.stage.say(wake=Wake())
        self.assertEqual(credit(), 4)
        self.stage.say(drain=Drain(reason="update"))
        self.assertEqual(self.stage.drains, ["update"])
        self.stage.say(bye=Bye(reason="come back", return_after_ms=2_000))
        self.stage.time.pass_ms(1_900)
        self.assertEqual(len(self.stage.streams), 1)
        self.stage.time.pass_ms(500)
        self.assertEqual(len(self.stage.streams), 2)

    def test_tells_the_program_when_it_sleeps_and_wakes_and_is_awake_on_a_new_link(self):
        heard: list[str] = []

        def wake(reason: str) -> None:
            heard.append(f"wakes: {reason}")
            raise ValueError("a mistake of the user's")

        stage = Stage({"test.echo": echo}, on_sleep=lambda reason: heard.append(f"sleeps: {reason}"), on_wake=wake)
        stage.welcome()
        stage.say(sleep=Sleep(reason="night"))
        stage.say(sleep=Sleep(reason="still night"))
        with self.assertLogs("tutti.worker", "ERROR"):
            stage.say(wake=Wake(reason="day"))
        self.assertEqual(heard, ["sleeps: night", "wakes: day"])
        stage.say(sleep=Sleep(reason="night"))
        stage.say(bye=Bye(reason="moved", return_after_ms=10))
        stage.time.pass_ms(5_000)
        with self.assertLogs("tutti.worker", "ERROR"):
            stage.welcome()
        self.assertEqual(heard[-1], "wakes: a new link starts")
        self.assertFalse(any(frame.HasField("sleep") for frame in stage.stream.frames))

    def test_a_large_input_is_read_from_the_blob_store_or_the_attempt_fails(self):
        stage = Stage({"test.echo": echo})
        stage.welcome()
        stage.blobs[b"h" * 32] = b'"large"'
        stage.blobs[b"r" * 32] = ValueError("no permission")
        stage.blobs[b"n" * 32] = data_unreadable("6e" * 32, 7, LOSSES["blobs.missing"])
        blobs = [Payload(blob={"sha256": digit * 32, "size": 7}) for digit in (b"h", b"r", b"n")]
        stage.say(assignments=[task(number, input_payload=blob) for number, blob in enumerate(blobs)])
        [read, refused, missing] = stage.stream.all("results")
        self.assertEqual(read.inline_output, b'"large"')
        self.assertEqual(
            [(failed.code, failed.retry) for failed in (refused.failed, missing.failed)],
            [("sdk.input_unreadable", RETRY_CLASS_SAME_KEY), ("sdk.data_unreadable", RETRY_CLASS_NEVER)],
        )

    def test_an_attempt_reports_why_it_waits_for_the_blob_store(self):
        stage = Stage({"test.echo": Stage.HELD})
        stage.welcome(max_inline_bytes=100)
        stage.blobs[b"h" * 32] = ConnectionError("the disk is full")
        stage.failures = [ConnectionError("the disk is full")]
        stage.say(assignments=[task(1, input_payload=Payload(blob={"sha256": b"h" * 32, "size": 7}))])
        stage.time.pass_ms(100)
        stage.blobs[b"h" * 32] = b'"large"'
        stage.time.pass_ms(1_000)
        stage.end(token(1), "x" * 200)
        stage.time.pass_ms(1_000)
        self.assertEqual(
            [progress.message for progress in stage.stream.all("progress")],
            [
                "content cannot be read, trying again: the disk is full",
                "content is read",
                "content cannot be stored, trying again: the disk is full",
            ],
        )
        [result] = stage.stream.all("results")
        self.assertEqual(result.output_payload.blob.size, 202)

    def test_a_file_within_an_output_is_stored_and_opened_by_its_reference(self):
        def copied(_, context):
            stored = context.store(b"a film", media_type="video/mp4")
            again = context.content(stored)
            return {"film": stored, "text": again.decode(), "value": context.content({"other": 1})}

        stage = Stage({"test.copy": copied})
        stage.welcome()
        stage.say(assignments=[task(1)])
        [result] = stage.stream.all("results")
        sha256 = hashlib.sha256(b"a film").hexdigest()
        self.assertEqual(
            json.loads(result.inline_output),
            {
                "film": {"$blob": {"sha256": sha256, "size": 6}, "mediaType": "video/mp4"},
                "text": "a film",
                "value": {"other": 1},
            },
        )

    def test_a_heartbeat_comes_in_each_period(self):
        self.stage.say(assignments=[task(1)])
        for _ in range(3):
            self.stage.time.pass_ms(1_000)
            self.stage.say()
        beats = [frame.heartbeat for frame in self.stage.stream.frames if frame.HasField("heartbeat")]
        self.assertEqual([(beat.free_slots, beat.attempts) for beat in beats], [(1, 1)] * 3)


def _given_back(output):
    return output


def _answer(**fields):
    return HostFrame(**fields).SerializeToString()


if __name__ == "__main__":
    unittest.main()
