"""Measurements of handlers, equal in Python and TypeScript."""

from __future__ import annotations

import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

from tutti._measures import MeasureBook, MeasureSender
from tutti._own_use import OwnUse, ProcessUse
from tutti.errors import OptionInvalid


class TheUseOfATask(unittest.TestCase):
    def test_is_measured_while_it_runs_alone(self) -> None:
        book = MeasureBook()
        uses = iter(
            [
                ProcessUse(1_000, 50e6, 0),
                ProcessUse(1_380, 60e6, 0),
                ProcessUse(0, 1, 0),
                ProcessUse(0, 1, 0),
                ProcessUse(900, 1, 900),
            ]
        )
        own = OwnUse(book, lambda: next(uses))

        def attempt(name: str) -> Any:
            return SimpleNamespace(
                assign=SimpleNamespace(namespace=""),
                port=SimpleNamespace(namespace="shop"),
                registered=SimpleNamespace(name=name),
            )

        one, two, three, four = (attempt(name) for name in ("one", "two", "three", "four"))
        own.started(one, 1)
        own.ended(one, 1_000)
        own.started(two, 1)
        own.started(three, 2)
        own.ended(two, 1_000)
        own.ended(three, 1_000)
        own.started(four, 1)
        own.ended(four, 1_000)
        found = {(each["name"], each["labels"]["capability"]): each["p99"] for each in book.measures()["shop"]}
        self.assertEqual(
            sorted(found),
            [("task_cpu_cores", "four"), ("task_cpu_cores", "one"), ("task_memory_bytes", "one")],
        )
        self.assertAlmostEqual(found["task_cpu_cores", "one"], 0.38, delta=0.02)
        self.assertAlmostEqual(found["task_memory_bytes", "one"], 60e6, delta=3e6)


class TheBook(unittest.TestCase):
    def test_sums_up_by_labels_in_any_order_and_starts_again_once_it_was_sent(self) -> None:
        book = MeasureBook()
        orders = book.counter("shop", "orders_total", "Orders.", "orders")
        orders.add()
        orders.add(2, {"b": 1, "a": "x"})
        orders.add(3, {"a": "x", "b": "1"})
        measures = book.measures()["shop"]
        self.assertEqual([(one["labels"], one["value"]) for one in measures], [({}, 1), ({"a": "x", "b": "1"}, 5)])
        orders.add(4)
        book.sent("shop", measures)
        self.assertEqual([one["value"] for one in book.measures()["shop"]], [4, 0])

    def test_has_quantiles_within_three_percent(self) -> None:
        book = MeasureBook()
        latency = book.histogram("shop", "latency_seconds")
        for value in range(1001):
            latency.observe(value / 1000)
        [one] = book.measures()["shop"]
        self.assertEqual(one["value"], 1001)
        self.assertAlmostEqual(one["p50"], 0.5, delta=0.015)
        self.assertAlmostEqual(one["p99"], 0.99, delta=0.03)

    def test_shares_a_series_beyond_a_hundred(self) -> None:
        book = MeasureBook()
        calls = book.counter("shop", "calls_total")
        with self.assertLogs("tutti.worker", "WARNING") as logged:
            for user in range(1000):
                calls.add(1, {"user": user})
        self.assertEqual(len(logged.records), 1)
        measures = book.measures()["shop"]
        self.assertEqual(len(measures), 101)
        self.assertEqual((measures[-1]["labels"], measures[-1]["value"]), ({"overflow": "true"}, 900))

    def test_refuses_what_is_wrong(self) -> None:
        book = MeasureBook()
        book.counter("a", "b")
        for call in (
            lambda: book.counter("a", "a.b"),
            lambda: book.gauge("a", "b"),
            lambda: book.counter("a", "b").add(-1),
            lambda: book.counter("a", "b").add(float("nan")),
            lambda: book.counter("a", "b").add(1, {"a-b": 1}),
        ):
            self.assertRaises(OptionInvalid, call)


class TheSender(unittest.TestCase):
    def test_sends_the_rest_when_it_closes(self) -> None:
        bodies: list[tuple[str, Any]] = []

        class Server(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                bodies.append((self.path, json.loads(self.rfile.read(length))))
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sender = MeasureSender([f"http://127.0.0.1:{server.server_port}"], None, lambda: "w1")
        sender.book.gauge("shop", "queue").set(3)
        sender.close()
        server.shutdown()
        server.server_close()
        [(path, body)] = bodies
        self.assertEqual(path, "/v1/metrics/measures?namespace=shop")
        self.assertEqual(body["worker"], "w1")
        self.assertEqual((body["fromMs"] % 10_000, body["toMs"] % 10_000), (0, 0))
        self.assertEqual(body["measures"][0]["value"], 3)
        self.assertTrue(sender.book.measures()["shop"])


if __name__ == "__main__":
    unittest.main()
