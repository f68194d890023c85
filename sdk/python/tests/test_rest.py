"""Calls over HTTP to several servers, some of which are unavailable."""

import json
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tutti import TuttiError
from tutti._aio.triggers import _rules_of
from tutti._call import Call, resolve
from tutti._stream_sync import monotonic
from tutti._sync.http import Broken, Http
from tutti._sync.rest import Rest


class Server:
    """Answers with its name. In other modes, it disconnects during a call, or refuses it with `retry: elsewhere`."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.manner = "answers"
        self.asked = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked += 1
                if server.manner == "hangs up":
                    return
                problem = {"code": "mesh.draining", "detail": "it stops", "retry": "elsewhere"}
                leaves = server.manner == "leaves"
                body = json.dumps(problem if leaves else {"name": name}).encode()
                self.send_response(503 if leaves else 200)
                if server.manner == "sends half a head":
                    self.flush_headers()
                    return
                if server.manner != "sends no length":
                    self.send_header("content-length", str(len(body)))
                self.end_headers()
                if server.manner == "drips":
                    for _ in range(2):
                        time.sleep(0.15)
                        self.wfile.write(b" ")
                    return
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def kill(self) -> None:
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()


class An_answer(unittest.TestCase):
    def test_that_comes_byte_by_byte_ends_at_the_deadline_of_the_call(self) -> None:
        server = Server("one")
        server.manner = "drips"
        self.addCleanup(server.kill)
        http = Http(None)
        self.addCleanup(http.close)
        started = monotonic()
        with self.assertRaises(TimeoutError):
            http.send(server.url, Call("GET", "/", {}, None, True), started + 0.2)
        self.assertLess(monotonic() - started, 0.3)

    def test_without_a_length_ends_with_the_connection(self) -> None:
        server = Server("one")
        server.manner = "sends no length"
        self.addCleanup(server.kill)
        http = Http(None)
        self.addCleanup(http.close)
        for _ in range(2):
            head, body = http.send(server.url, Call("GET", "/", {}, None, True), monotonic() + 5)
            self.assertEqual((head.status, json.loads(body)), (200, {"name": "one"}))

    def test_of_which_only_half_of_the_head_comes_is_broken(self) -> None:
        server = Server("one")
        server.manner = "sends half a head"
        self.addCleanup(server.kill)
        http = Http(None)
        self.addCleanup(http.close)
        with self.assertRaises(Broken):
            http.send(server.url, Call("GET", "/", {}, None, True), monotonic() + 5)

    def test_that_does_not_come_is_broken_in_words(self) -> None:
        server = Server("one")
        server.manner = "hangs up"
        self.addCleanup(server.kill)
        http = Http(None)
        self.addCleanup(http.close)
        with self.assertRaisesRegex(Broken, "the connection ended before an answer"):
            http.send(server.url, Call("GET", "/", {}, None, False), monotonic() + 5)

    def test_above_its_bound_is_refused(self) -> None:
        server = Server("one")
        self.addCleanup(server.kill)
        http = Http(None)
        self.addCleanup(http.close)
        call = Call("GET", "/", {}, None, repeatable=True)
        expected = b'{"name": "one"}'
        _, body = http.send(server.url, call, monotonic() + 10, bytes_max=len(expected))
        self.assertEqual(body, expected)
        with self.assertRaises(Broken):
            http.send(server.url, call, monotonic() + 10, bytes_max=len(expected) - 1)


class Several_servers(unittest.TestCase):
    def setUp(self) -> None:
        self.one, self.other = Server("one"), Server("other")
        self.rest = Rest(resolve({}, url=[self.one.url, f"{self.other.url}/"]))

    def tearDown(self) -> None:
        self.one.kill()
        self.other.kill()

    def said(self, method: str = "GET", key: str | None = None) -> str:
        return str(self.rest.call(method, "/v1/runs", body={} if method == "POST" else None, key=key)["name"])

    def test_are_asked_in_turn_when_one_is_killed_and_again_when_that_one_is(self) -> None:
        self.assertEqual(self.said(), "one")
        self.one.kill()
        self.assertEqual([self.said(), self.said("POST"), self.said()], ["other", "other", "other"])
        self.one = Server("one again", self.one.port)
        self.assertEqual(self.said(), "other")
        self.other.kill()
        self.assertEqual(self.said("POST"), "one again")

    def test_that_took_a_call_in_are_followed_by_another_only_where_twice_does_no_harm(self) -> None:
        self.one.manner = "hangs up"
        self.assertEqual(self.said("POST", key="once"), "other")
        self.rest = Rest(resolve({}, url=f"{self.one.url}, {self.other.url}"))
        with self.assertRaises(OSError):
            self.said("POST")
        self.assertEqual((self.one.asked, self.other.asked), (2, 1))
        self.assertEqual(self.said("POST"), "other")

    def test_that_say_to_ask_elsewhere_are_left_and_the_last_one_is_believed(self) -> None:
        self.one.manner = "leaves"
        self.assertEqual(self.said("POST"), "other")
        self.other.manner = "leaves"
        with self.assertRaises(TuttiError) as raised:
            self.said()
        self.assertEqual(raised.exception.code, "mesh.draining")

    def test_that_are_all_gone_are_named(self) -> None:
        self.one.kill()
        self.other.kill()
        with self.assertRaises(OSError) as raised:
            self.said()
        self.assertIn(self.other.url, str(raised.exception))


class TriggerRules(unittest.TestCase):
    def test_name_webhooks_with_their_preset_and_secrets(self) -> None:
        webhook = {"webhook": {"preset": "github", "secrets": ["code"]}}
        self.assertEqual(_rules_of({"webhook": "github", "secrets": ["code"]}, {})["source"], webhook)
        standard = {"webhook": {"secrets": ["shop"]}}
        self.assertEqual(_rules_of({"webhook": "standard", "secrets": ["shop"]}, {})["source"], standard)
