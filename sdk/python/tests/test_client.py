"""The client alone: its requests, its retries and its reads. Servers are local."""

import asyncio
import json
import subprocess
import sys
import threading
import unittest
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import tutti
from tutti import _call, _codec, _payload, _variables
from tutti.state import RunState, ScheduleState

Answer = tuple[int, dict[str, str], bytes]


class Server:
    """Returns the next of its answers to each call, and repeats the last one. Counts connections."""

    def __init__(self, *answers: Any, port: int = 0) -> None:
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0
        self.answers = list(answers)
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                server.connections += 1
                super().setup()

            def answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.calls.append((self.command, self.path, headers, content))
                answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                if answer == "hangs up":
                    self.close_connection = True
                    return
                status, more, body = answer
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                if more.get("transfer-encoding") == "chunked":
                    body = (
                        b"".join(b"%x;x=y\r\n%b\r\n" % (len(each), each) for each in body.split(b"|"))
                        + b"0\r\nt: 1\r\n\r\n"
                    )
                else:
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def said(value: Any, status: int = 200) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps(value).encode()


def problem(code: str, status: int, retry: str, **more: Any) -> Answer:
    return said({"code": code, "detail": f"{code} happened. Do something.", "retry": retry, **more}, status)


RUN = said({"run": {"runId": "r1"}})


class WithoutProtobuf(unittest.TestCase):
    def test_a_worker_says_what_to_install(self) -> None:
        code = "import sys; sys.modules['google'] = None; from tutti import Worker"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        self.assertIn("tutti.Worker needs the package protobuf. Install it: pip install protobuf", done.stderr)


class Waiting:
    """The same call with the client for threads, and with the client for event loops."""

    @staticmethod
    def for_threads(url: str, use: Callable[[Any], Any]) -> Any:
        with tutti.connect(url, "key", timeout=5) as client:
            return use(client)

    @staticmethod
    def for_event_loops(url: str, use: Callable[[Any], Any]) -> Any:
        async def used() -> Any:
            async with tutti.aconnect(url, "key", timeout=5) as client:
                return await use(client)

        return asyncio.run(used())


class A_call(unittest.TestCase):
    def each(self) -> Any:
        for wait in (Waiting.for_threads, Waiting.for_event_loops):
            with self.subTest(wait.__name__):
                yield wait

    def test_says_who_calls_in_which_namespace_and_how_long_it_waits(self) -> None:
        for wait in self.each():
            with Server(RUN) as server:
                run = wait(
                    server.url, lambda client: client.run("order@stable", {"a": 1}, timeout="1m", priority=2)
                )
            [(method, path, headers, content)] = server.calls
            self.assertEqual((run.id, method, path), ("r1", "POST", "/v1/runs?namespace=default"))
            self.assertEqual(headers["authorization"], "Bearer key")
            self.assertLess(float(headers["request-timeout"]), 5.001)
            self.assertEqual(
                json.loads(content),
                {
                    "definition": {"name": "order", "label": "stable"},
                    "input": {"a": 1},
                    "timeoutMs": 60_000,
                    "priority": 2,
                },
            )

    def test_of_a_session_has_tasks_in_the_words_of_definitions(self) -> None:
        tasks = [
            {
                "id": "send",
                "uses": "mail.send",
                "with": {"due_time": "stays"},
                "needs": ["fetch", {"task": "check", "end": "always"}],
                "retry": {"attempts": 3, "not_on": ["mail.*"], "on_lost": "fail"},
                "timeout": {"run": 90, "queue": "5m"},
                "cost": {"duration": timedelta(minutes=1), "tokens": 40},
                "due_time": datetime(2027, 1, 31, 8, tzinfo=UTC),
            },
            {"id": "page", "uses": "mail.page", "timeout": 30, "retry": 2},
        ]
        started = said({"session": {"sessionId": "s1"}, "existed": False})
        for wait in self.each():
            with Server(started) as server:
                after = ["prelude", {"session": "other", "on": "always"}]
                wait(server.url, lambda client: client.sessions.start(tasks=tasks, after=after))  # noqa: B023
            body = json.loads(server.calls[0][3])
            self.assertEqual(body["after"], after)
            self.assertEqual(
                body["tasks"]["tasks"],
                [
                    {
                        "id": "send",
                        "uses": "mail.send",
                        "with": {"due_time": "stays"},
                        "needs": ["fetch", {"task": "check", "on": "always"}],
                        "retry": {"attempts": 3, "notOn": ["mail.*"], "onLost": "fail"},
                        "timeout": {"run": "1m30s", "queue": "5m"},
                        "cost": {"duration": "1m", "tokens": 40},
                        "dueTime": "2027-01-31T08:00:00Z",
                    },
                    {"id": "page", "uses": "mail.page", "timeout": "30s", "retry": 2},
                ],
            )

    def test_is_sent_again_with_the_same_key_when_the_server_is_busy_or_hangs_up(self) -> None:
        for wait in self.each():
            busy = problem("gateway.not_ready", 503, "same-key", retryAfterMs=1, statusName="UNAVAILABLE")
            with Server(busy, "hangs up", RUN) as server:
                self.assertEqual(wait(server.url, lambda client: client.run("order")).id, "r1")
            keys = {headers["idempotency-key"] for _, _, headers, _ in server.calls}
            self.assertEqual((len(server.calls), len(keys)), (3, 1))

    def test_that_is_refused_for_good_is_sent_once(self) -> None:
        for wait in self.each():
            gone = problem(
                "workflow.run_missing",
                404,
                "never",
                statusName="NOT_FOUND",
                fields=[{"field": "id", "message": "is gone"}],
            )
            with Server(gone) as server, self.assertRaises(tutti.NotFound) as raised:
                wait(server.url, lambda client: client.runs.get("r1").get())
            error = raised.exception
            self.assertEqual(
                (len(server.calls), error.code, error.retryable), (1, "workflow.run_missing", False)
            )
            self.assertEqual((error.remedy, error.fields[0].field), ("Do something.", "id"))

    def test_that_a_proxy_answers_says_so(self) -> None:
        for wait in self.each():
            with (
                Server((502, {}, b"<h1>Bad Gateway</h1>")) as server,
                self.assertRaises(tutti.Unavailable) as raised,
            ):
                wait(server.url, lambda client: client.runs.get("r1").get())
            self.assertIn("<h1>Bad Gateway</h1>", str(raised.exception))

    def test_uses_one_connection_for_calls_that_can_be_repeated(self) -> None:
        state = said({"runId": "r1", "status": "running"})
        with Server(state) as server, tutti.connect(server.url) as client:
            statuses = [client.runs.get("r1").get().status for _ in range(5)]
        self.assertEqual((statuses, server.connections), (["running"] * 5, 1))

    def test_survives_a_server_that_closes_kept_connections(self) -> None:
        state = (200, {"content-type": "application/json"}, b'{"runId": "r1"}')
        with Server(state, "hangs up", state) as server, tutti.connect(server.url) as client:
            self.assertEqual([client.runs.get("r1").get().run_id for _ in range(2)], ["r1", "r1"])

    def test_reads_answers_in_chunks(self) -> None:
        for wait in self.each():
            with Server((200, {"transfer-encoding": "chunked"}, b'{"runId"|: "r|1"}')) as server:
                self.assertEqual(wait(server.url, lambda client: client.runs.get("r1").get()).run_id, "r1")

    def test_without_a_server_names_the_variable(self) -> None:
        for wait in self.each():
            with self.assertRaises(tutti.Unreachable) as raised:
                wait("127.0.0.1:9", lambda client: client.with_options(timeout=0.2).run("order"))
            self.assertIn("TUTTI_URL", raised.exception.remedy)
            self.assertIsInstance(raised.exception, OSError)


class A_watch(unittest.TestCase):
    def test_continues_behind_the_last_event_after_a_break_and_ends_with_its_subject(self) -> None:
        chunked = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
        first = b'id: 1\nevent: snapshot\ndata: {"run": {"st|atus": "running"}}\n\n: on\n\n'
        first += b"id: 2\nevent: change\ndata: {}\n\n"
        last = b'id: 3\r\nevent: change\r\ndata: {"run":\r\ndata:  {"status": "completed"}}\r\n\r\nevent: end\ndata: {}\n\n'
        with (
            Server((200, chunked, first), (200, chunked, last)) as server,
            tutti.connect(server.url) as client,
        ):
            statuses = [change.run.status for change in client.runs.get("r1").watch() if change.run]
        self.assertEqual(statuses, ["running", "completed"])
        self.assertEqual([headers.get("last-event-id") for _, _, headers, _ in server.calls], [None, "2"])

    def test_ends_with_a_refusal(self) -> None:
        with (
            Server(problem("x", 404, "never", statusName="NOT_FOUND")) as server,
            tutti.connect(server.url) as client,
            self.assertRaises(tutti.NotFound),
        ):
            list(client.runs.get("r1").watch())


class A_result(unittest.TestCase):
    def test_is_asked_for_until_there_is_one_and_follows_a_run_that_continues(self) -> None:
        answers = (
            said({"runId": "r1"}),
            said({"runId": "r1", "outcome": {"continued": {"id": "r2"}}}),
            problem("mesh.unavailable", 503, "same-key", statusName="UNAVAILABLE", retryAfterMs=1),
            said({"runId": "r2", "outcome": {"completed": {"$json": {"$bytes": 1}}}}),
        )
        with Server(*answers) as server, tutti.connect(server.url) as client:
            self.assertEqual(client.runs.get("r1").result(), {"$bytes": 1})
        self.assertEqual([path.split("/")[3] for _, path, _, _ in server.calls], ["r1", "r1", "r2", "r2"])

    def test_of_a_failed_run_is_its_error_with_its_cause(self) -> None:
        cause = {"code": "Error", "message": "it hung up"}
        detail = {"code": "pay.declined", "message": "no", "retry": "never", "cause": cause}
        with (
            Server(said({"runId": "r1", "outcome": {"failed": detail}})) as server,
            tutti.connect(server.url) as client,
            self.assertRaises(tutti.RunFailed) as raised,
        ):
            client.runs.get("r1").result()
        error = raised.exception
        self.assertEqual((error.code, error.retryable, error.run_id), ("pay.declined", False, "r1"))
        self.assertEqual(str(error.__cause__), "Error: it hung up")

    def test_that_is_large_is_read_from_the_blob_store(self) -> None:
        blob = {"$blob": {"sha256": "ab", "size": 7}}
        answers = (said({"runId": "r1", "outcome": {"completed": blob}}), said([1, 2]))
        with Server(*answers) as server, tutti.connect(server.url) as client:
            self.assertEqual(client.runs.get("r1").result(), [1, 2])
        self.assertIn("/v1/blobs/ab", server.calls[1][1])


class Options_of_a_client(unittest.TestCase):
    def test_come_before_variables_and_these_before_defaults(self) -> None:
        def resolved(environment: dict[str, str], **given: Any) -> tuple[Any, ...]:
            options = _call.resolve(environment, **given)
            return list(options.servers), options.api_key, options.namespace

        variables = {"TUTTI_URL": "https://tutti.example/", "TUTTI_API_KEY": "k", "TUTTI_NAMESPACE": "team"}
        self.assertEqual(resolved({}), (["http://127.0.0.1:7400"], None, "default"))
        self.assertEqual(resolved(variables), (["https://tutti.example"], "k", "team"))
        self.assertEqual(
            resolved(variables, url="a:1, b:2", api_key="o", namespace="n"),
            (["http://a:1", "http://b:2"], "o", "n"),
        )
        with self.assertRaises(tutti.OptionInvalid) as raised:
            resolved({}, url="ftp://x")
        self.assertIn("`url`", str(raised.exception))

    def test_name_the_nearest_variable_of_a_misspelt_one(self) -> None:
        text = "The environment variable TUTTI_%s is ignored. Did you mean TUTTI_%s?"
        for variable, meant in (("NAMSPACE", "NAMESPACE"), ("ULR", "URL"), ("API_KEYS", "API_KEY")):
            found = _variables.misspelt_variables({f"TUTTI_{variable}": "x"})
            self.assertEqual(found, [text % (variable, meant)])
        others = ("TUTTI_URL", "TUTTI_LOG_LEVEL", "TUTTI_ENV", "TUTTI_", f"TUTTI_{'U' * 100_000}", "NAMSPACE")
        self.assertEqual(_variables.misspelt_variables(dict.fromkeys(others, "x")), [])

    def test_warn_of_a_misspelt_variable_once(self) -> None:
        environment = {"TUTTI_NAMSPACE": "shop", "TUTTI_LOG_LEVEL": "debug"}
        with self.assertLogs("tutti.client") as logs:
            for _ in range(2):
                tutti.connect(environment=environment).close()
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            ["The environment variable TUTTI_NAMSPACE is ignored. Did you mean TUTTI_NAMESPACE?"],
        )

    def test_take_durations_as_seconds_texts_and_timedeltas(self) -> None:
        cases = [
            (3, 3.0),
            (0.5, 0.5),
            ("30s", 30.0),
            ("1h30m", 5_400.0),
            ("250ms", 0.25),
            (timedelta(days=1), 86_400.0),
        ]
        for given, seconds in cases:
            self.assertEqual(_call.seconds_of(given), seconds)
        for wrong in ("", "soon", "5", "1h 30m"):
            with self.assertRaises(tutti.OptionInvalid):
                _call.seconds_of(wrong)

    def test_never_show_the_key(self) -> None:
        with tutti.connect(api_key="topsecret") as client:
            self.assertNotIn("topsecret", repr(client._rest.options))


class Answers(unittest.TestCase):
    def test_have_names_in_snake_case_and_times_as_datetimes(self) -> None:
        answer = {
            "runId": "r",
            "createTimeMs": 1_000,
            "createCause": {"actor": {"id": "ann"}},
            "tasks": {"total": 2},
        }
        state = _codec.read(RunState, answer)
        self.assertEqual(state.create_time, datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
        self.assertEqual((state.create_cause.actor.id, state.tasks.total, state.raw), ("ann", 2, answer))
        schedule = _codec.read(ScheduleState, {"nextTimesMs": [0], "recentFirings": [{"runId": "r"}]})
        self.assertEqual((schedule.next_times[0].year, schedule.recent_firings[0].run_id), (1970, "r"))

    def test_keep_values_that_look_like_bytes(self) -> None:
        for value in (b"\x00\xff", {"$bytes": 1}, {"a": {"$json": 1}}, None, [1]):
            self.assertEqual(_payload.from_json(json.loads(json.dumps(_payload.to_json(value)))), value)


class The_client_alone(unittest.TestCase):
    def test_needs_neither_grpc_nor_protobuf(self) -> None:
        import subprocess
        import sys

        program = (
            "import sys; sys.modules['grpc'] = sys.modules['google.protobuf'] = None\n"
            "import tutti; tutti.connect(); tutti.aconnect(); print(tutti.RunFailed.__name__)"
        )
        self.assertEqual(subprocess.check_output([sys.executable, "-c", program], text=True), "RunFailed\n")
