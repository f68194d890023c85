"""The worker for tests of the conformance program: python3 conformance_worker.py"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from tutti import Busy, TaskContext, TaskFailure, Worker  # noqa: E402

worker = Worker(slots=4)


@worker.handle("conformance.echo")
def echo(given):
    return given


@worker.handle("conformance.fail")
def fail(given):
    raise TaskFailure(
        given["code"],
        given["message"],
        final=given.get("final", False),
        retry_after_seconds=given.get("retryAfterMs", 0) / 1_000,
        details=given.get("details"),
    )


@worker.handle("conformance.throw")
def throw(given):
    raise ValueError(given["message"])


@worker.handle("conformance.busy")
def busy(given):
    raise Busy(retry_after_seconds=given["retryAfterMs"] / 1_000)


@worker.handle("conformance.slow")
def slow(given, context: TaskContext):
    context.sleep(given["ms"] / 1_000)
    return {"waited": given["ms"]}


@worker.handle("conformance.stubborn")
def stubborn(given):
    time.sleep(given["ms"] / 1_000)
    return {"waited": given["ms"]}


@worker.handle("conformance.stream")
async def stream(given, context: TaskContext):
    for chunk in given["chunks"]:
        await context.output_async(chunk, channel=given.get("channel", ""))
    return {"count": len(given["chunks"])}


@worker.handle("conformance.saved")
def saved(_, context: TaskContext):
    if context.saved is not None:
        return {"saved": context.saved}
    context.progress(0.5, "half", saved={"step": 1})
    raise RuntimeError("half of it is done")


@worker.handle("conformance.progress")
def progress(given, context: TaskContext):
    count = given["count"]
    for step in range(1, count + 1):
        context.progress(step / count, f"{step} of {count}")
        time.sleep(0.02)
    return {"count": count}


@worker.handle("conformance.learn")
def learn(given):
    worker.handle(given["name"], lambda learned: learned)
    return {"learned": given["name"]}


@worker.handle("conformance.nap")
def nap(given):
    worker.sleep("it was asked to", given["ms"] / 1_000)
    return {"napped": given["ms"]}


@worker.handle("conformance.big")
def big(given):
    return "x" * given["bytes"]


@worker.handle("conformance.garbage")
def garbage(_):
    return {"deep": [1, {"wrong": object()}]}


@worker.handle("conformance.context")
async def context(_, task: TaskContext):
    left = task.remaining_seconds * 1_000
    return {
        "workId": task.work_id,
        "taskId": task.task_id,
        "attempt": task.attempt,
        "idempotencyKey": task.idempotency_key,
        "namespace": task.namespace,
        "traceparent": task.traceparent,
        "labels": task.labels,
        "remainingMs": None if left == float("inf") else left,
    }


if __name__ == "__main__":
    worker.run()
