"""Measurements of handlers: counters, gauges and distributions, summed up and sent every ten seconds.

1. A value costs a look-up and an addition. Single values are not sent.
2. The number of series is bounded. Further values of a metric go to one series with the label `overflow`, and the
   metric is logged once.
3. Values cover whole steps of ten seconds. A batch that is sent again replaces the earlier values.
"""

from __future__ import annotations

import logging
import math
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._call import resolve
from ._sync.rest import Rest
from .errors import OptionInvalid

Labels = Mapping[str, object]

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,199}")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,62}")
_LABELS_MAX = 8
_VALUE_LENGTH_MAX = 200
_METRICS_MAX = 200
_SERIES_OF_METRIC_MAX = 100
_IDLE_ROUNDS_MAX = 60
_STEP_MS = 10_000
_REACH_MS = 540_000
# Buckets grow by 5 %, so a quantile is exact within 3 %.
_GROWTH = math.log(1.05)
_LEAST = 1e-9
_OVERFLOW = (("overflow", "true"),)

_log = logging.getLogger("tutti.worker")

_Key = tuple[tuple[str, str], ...]


@dataclass
class _Series:
    value: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)
    # Rounds without values.
    idle: int = 0


@dataclass
class _Metric:
    namespace: str
    name: str
    kind: str
    help: str
    unit: str
    series: dict[_Key, _Series] = field(default_factory=dict)


class Counter:
    """A value that only grows, such as orders, bytes or failures. Shown as its increase per second."""

    def __init__(self, book: MeasureBook, metric: _Metric) -> None:
        self._book, self._metric = book, metric

    def add(self, value: float = 1, labels: Labels | None = None) -> None:
        self._book._add(self._metric, value, labels or {})


class Gauge:
    """A value that goes up and down, such as the length of a queue. It is valid until the next value, at most 10 min."""

    def __init__(self, book: MeasureBook, metric: _Metric) -> None:
        self._book, self._metric = book, metric

    def set(self, value: float, labels: Labels | None = None) -> None:
        self._book._set(self._metric, value, labels or {})


class Histogram:
    """A distribution, such as durations or sizes. Shown as count per second, median and 99th percentile."""

    def __init__(self, book: MeasureBook, metric: _Metric) -> None:
        self._book, self._metric = book, metric

    def observe(self, value: float, labels: Labels | None = None) -> None:
        self._book._observe(self._metric, value, labels or {})


class MeasureBook:
    """Collects measurements. May be used from any thread."""

    def __init__(self, on_first: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._metrics: dict[tuple[str, str], _Metric] = {}
        self._overflowing: set[str] = set()
        self._on_first = on_first

    @property
    def is_empty(self) -> bool:
        return not self._metrics

    def counter(self, namespace: str, name: str, help: str = "", unit: str = "") -> Counter:
        return Counter(self, self._metric(namespace, name, "counter", help, unit))

    def gauge(self, namespace: str, name: str, help: str = "", unit: str = "") -> Gauge:
        return Gauge(self, self._metric(namespace, name, "gauge", help, unit))

    def histogram(self, namespace: str, name: str, help: str = "", unit: str = "") -> Histogram:
        return Histogram(self, self._metric(namespace, name, "histogram", help, unit))

    def measures(self) -> dict[str, list[dict[str, Any]]]:
        """Return the measurements by namespace. They are kept until `sent`."""
        found: dict[str, list[dict[str, Any]]] = {}
        with self._lock:
            for metric in self._metrics.values():
                for key, series in metric.series.items():
                    found.setdefault(metric.namespace, []).append(_measure(metric, key, series))
        return found

    def sent(self, namespace: str, measures: Sequence[Mapping[str, Any]]) -> None:
        """Remove measurements that arrived. Newer values are kept."""
        with self._lock:
            for measure in measures:
                metric = self._metrics[namespace, measure["name"]]
                key = tuple(measure["labels"].items())
                series = metric.series.get(key)
                if series is None:
                    continue
                value = measure["value"]
                series.idle = series.idle + 1 if value == 0 or metric.kind == "gauge" else 0
                if metric.kind != "gauge":
                    series.value -= value
                if series.value == 0:
                    series.buckets.clear()
                if series.idle > _IDLE_ROUNDS_MAX:
                    del metric.series[key]

    def _metric(self, namespace: str, name: str, kind: str, help: str, unit: str) -> _Metric:
        with self._lock:
            known = self._metrics.get((namespace, name))
            if known is not None:
                if known.kind != kind:
                    raise OptionInvalid(f"metric {name}", f"a {known.kind}, as before", kind)
                return known
            if _NAME.fullmatch(name) is None:
                raise OptionInvalid("metric", "a name such as orders_total", name)
            if len(self._metrics) >= _METRICS_MAX:
                raise OptionInvalid(f"metric {name}", f"at most {_METRICS_MAX} metrics of a worker", "one more")
            metric = self._metrics[namespace, name] = _Metric(namespace, name, kind, help, unit)
            is_first = len(self._metrics) == 1
        if is_first:
            self._on_first()
        return metric

    def _add(self, metric: _Metric, value: float, labels: Labels) -> None:
        _insist_on_number(metric.name, value, 0)
        with self._lock:
            self._series(metric, labels).value += value

    def _set(self, metric: _Metric, value: float, labels: Labels) -> None:
        _insist_on_number(metric.name, value, -math.inf)
        with self._lock:
            self._series(metric, labels).value = value

    def _observe(self, metric: _Metric, value: float, labels: Labels) -> None:
        _insist_on_number(metric.name, value, 0)
        bucket = -(10**6) if value < _LEAST else round(math.log(value) / _GROWTH)
        with self._lock:
            series = self._series(metric, labels)
            series.value += 1
            series.buckets[bucket] = series.buckets.get(bucket, 0) + 1

    def _series(self, metric: _Metric, labels: Labels) -> _Series:
        key = _key_of(metric.name, labels)
        series = metric.series.get(key)
        if series is None and len(metric.series) >= _SERIES_OF_METRIC_MAX:
            if metric.name not in self._overflowing:
                self._overflowing.add(metric.name)
                _log.warning(
                    "metric has too many series: further ones are recorded together",
                    extra={"metric": metric.name, "remedy": "reduce the values of its labels"},
                )
            key = _OVERFLOW
            series = metric.series.get(key)
        if series is None:
            series = metric.series[key] = _Series()
        series.idle = 0
        return series


class MeasureSender:
    """Sends a book every ten seconds, in its own thread, which ends with the process."""

    def __init__(self, servers: Sequence[str], access_token: str | None, worker: Callable[[], str]) -> None:
        self.book = MeasureBook(self._begin)
        self._servers = servers
        self._access_token = access_token
        self._worker = worker
        self._closing = threading.Event()
        self._sending = threading.Lock()
        self._start_ms = 0
        self._sent_ms: dict[str, int] = {}
        self._has_failed = False

    def close(self) -> None:
        """Send the remaining values, and wait for at most two seconds."""
        if self._closing.is_set():
            return
        self._closing.set()
        if not self.book.is_empty:
            # The current step is sent as if it had ended.
            self._send(_STEP_MS, timeout=2.0)

    def _begin(self) -> None:
        self._start_ms = _floor(time.time() * 1_000)
        threading.Thread(target=self._run, name="tutti-metrics", daemon=True).start()

    def _run(self) -> None:
        while not self._closing.wait(_STEP_MS / 1_000):
            self._send(0, timeout=8.0)

    def _send(self, ahead_ms: int, timeout: float) -> None:
        with self._sending:
            to_ms = _floor(time.time() * 1_000) + ahead_ms
            try:
                for namespace, measures in self.book.measures().items():
                    from_ms = max(self._sent_ms.get(namespace, self._start_ms), to_ms - _REACH_MS)
                    if from_ms >= to_ms:
                        continue
                    self._post(namespace, from_ms, to_ms, measures, timeout)
                    self.book.sent(namespace, measures)
                    self._sent_ms[namespace] = to_ms
                self._has_failed = False
            except Exception as error:  # noqa: BLE001 - metrics must not end a worker
                if not self._has_failed:
                    _log.warning("metrics were not sent, trying again", extra={"error": str(error)})
                self._has_failed = True

    def _post(
        self, namespace: str, from_ms: int, to_ms: int, measures: list[dict[str, Any]], timeout: float
    ) -> None:
        options = resolve(
            {}, url=self._servers, namespace=namespace, api_key=self._access_token, timeout=timeout
        )
        rest = Rest(options)
        body = {"worker": self._worker(), "fromMs": from_ms, "toMs": to_ms, "measures": measures}
        try:
            rest.call("POST", "/v1/metrics/measures", body=body)
        finally:
            rest.close()


def _measure(metric: _Metric, key: _Key, series: _Series) -> dict[str, Any]:
    measure = {
        "name": metric.name,
        "kind": metric.kind,
        "description": metric.help,
        "unit": metric.unit,
        "labels": dict(key),
        "value": series.value,
    }
    if metric.kind == "histogram" and series.buckets:
        measure["p50"] = _quantile(series.buckets, 0.5)
        measure["p99"] = _quantile(series.buckets, 0.99)
    return measure


def _quantile(buckets: Mapping[int, int], share: float) -> float:
    wanted = share * sum(buckets.values())
    seen = 0
    found = 0.0
    for bucket, many in sorted(buckets.items()):
        found = 0.0 if bucket == -(10**6) else float(f"{math.exp(bucket * _GROWTH):.4g}")
        seen += many
        if seen >= wanted:
            break
    return found


def _key_of(metric: str, labels: Labels) -> _Key:
    if len(labels) > _LABELS_MAX:
        raise OptionInvalid(f"metric {metric}", f"at most {_LABELS_MAX} labels", len(labels))
    for name in labels:
        if _LABEL.fullmatch(name) is None:
            raise OptionInvalid(f"metric {metric}", "a label such as route", name)
    return tuple(sorted((name, str(value)[:_VALUE_LENGTH_MAX]) for name, value in labels.items()))


def _insist_on_number(metric: str, value: float, least: float) -> None:
    if not math.isfinite(value) or value < least:
        raise OptionInvalid(f"metric {metric}", "a finite number" + (" of at least 0" if least == 0 else ""), value)


def _floor(ms: float) -> int:
    return int(ms // _STEP_MS) * _STEP_MS
