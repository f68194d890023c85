"""Metrics of the host and of this process for heartbeats. On systems other than Linux, host metrics are 0."""

from __future__ import annotations

import os
import time

from ._contracts import HostFigures


class HostGauge:
    def __init__(self) -> None:
        self._before = _counters()

    def read(self) -> HostFigures:
        """Return the use of the host since the last read."""
        before, now = self._before, _counters()
        self._before = now
        seconds = max(0.001, now[0] - before[0])
        total = now[2] - before[2]
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        limit, used = _memory()
        return HostFigures(
            cpu=_share(now[5] - before[5], seconds * cores),
            host_cpu=_share(now[1] - before[1], total),
            memory_bytes=own_memory(),
            memory_limit_bytes=limit,
            network_in_bytes_per_sec=max(0.0, now[3] - before[3]) / seconds,
            network_out_bytes_per_sec=max(0.0, now[4] - before[4]) / seconds,
            cores=cores,
            host_memory_bytes=used,
        )


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _counters() -> tuple[float, float, float, float, float, float]:
    """Return the time, busy and total time of the host, bytes received and sent, CPU time of this process."""
    busy = total = received = sent = 0.0
    for line in _lines("/proc/stat")[:1]:
        # user nice system idle iowait irq softirq steal
        numbers = [float(each) for each in line.split()[1:9]]
        total = sum(numbers)
        busy = total - sum(numbers[3:5])
    for line in _lines("/proc/net/dev")[2:]:
        name, _, rest = line.partition(":")
        fields = rest.split()
        if name.strip() != "lo" and len(fields) > 8:
            received += float(fields[0])
            sent += float(fields[8])
    return time.monotonic(), busy, total, received, sent, time.process_time()


def _memory() -> tuple[float, float]:
    """Return total memory and memory in use."""
    found = {}
    for line in _lines("/proc/meminfo"):
        name, _, rest = line.partition(":")
        if name in ("MemTotal", "MemAvailable"):
            found[name] = float(rest.split()[0]) * 1_024
    total = found.get("MemTotal", 0.0)
    return total, max(0.0, total - found.get("MemAvailable", total))


def own_memory() -> float:
    for line in _lines("/proc/self/statm"):
        return float(line.split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0.0
