"""The requirements of durable execution that functions in TypeScript and Python share.

1. The operations are those of the run's journal. A run that executes a task is a scope, with its own operations.
2. A cold play gives every turn to a new worker, so that each turn replays the code. A hot play has one worker.
3. An operation may have more than the requirement expects of it, but no operation may be missing or added.
"""

import asyncio
import inspect
import json
import logging
import re
import unittest
from collections import Counter
from pathlib import Path

from requirement_functions import fail, programs

from tutti import FunctionContext, RunFailed, durable
from tutti._call import seconds_of
from tutti._functions.host import FunctionHost
from tutti.testing import DurableTest

FILE = Path(__file__).resolve().parents[3] / "libs" / "sdk" / "src" / "functions" / "requirements.json"
PAUSE = re.compile(r"(.*)\.pause-\d+")
TRY = re.compile(r"(.*)\.try-(\d+)")
log = logging.getLogger("tutti.task")


class Play(DurableTest):
    """A play of a requirement. Counts calls of the work of steps and turns, and ends workers."""

    def __init__(self, code, scopes, *, is_hot):
        made = [durable(name)(played_by(each, self)) for name, each in {"main": code, **scopes}.items()]
        super().__init__(made[0], functions=made[1:], forgets=not is_hot)
        self.calls = Counter()
        self.turns = 0
        self.has_crashed = False
        # Requests of functions with their times, by id of the run and the task.
        self.asked = {}
        self._lost = None

    def run(self, ctx, name, work, **options):
        def counted():
            self.calls[name] += 1
            return work(self.calls[name])

        return ctx.run(name, counted, **options)

    async def crash(self):
        """End the worker of this turn. Another worker repeats the turn."""
        self.has_crashed = True
        self._lost.set()
        await asyncio.Event().wait()

    def _turn(self, function, asked, task):
        self.turns += 1
        if self._forgets:
            self._host = FunctionHost()
        output = asyncio.run(self._turn_until_lost(function, asked, task))
        if output is None:
            self._host = FunctionHost()
            return self._turn(function, {**asked, "turn": asked["turn"] + 1}, task)
        for step in output["steps"]:
            if "task" in step:
                self.asked[task.work_id, step["task"]] = step["spec"], round(self.now.timestamp() * 1_000)
        return output

    async def _turn_until_lost(self, function, asked, task):
        self._lost = asyncio.Event()
        turn = asyncio.ensure_future(self._host.turn(function, asked, task))
        lost = asyncio.ensure_future(self._lost.wait())
        await asyncio.wait({turn, lost}, return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()
        return None if self.has_crashed and not turn.done() else await turn


def played_by(code, play):
    async def run(ctx, given):
        return await code(ctx, given, play)

    return run


class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def played(requirement, is_hot):
    code, scopes = programs[requirement["id"]]
    play, lines = Play(code, scopes, is_hot=is_hot), Lines()
    level = log.level
    log.addHandler(lines)
    log.setLevel(logging.INFO)
    try:
        run = play.start(requirement["input"])
        act(run, requirement.get("actions", ()))
        outcome = {"status": "running"}
        if "status" in requirement:
            try:
                outcome = {"status": "completed", "result": run.result()}
            except RunFailed as error:
                outcome = {"status": "failed", "message": error.message}
    finally:
        log.removeHandler(lines)
        log.setLevel(level)
    return {**outcome, "operations": operations_of(play, run), "lines": lines.texts, "play": play}


def act(run, actions):
    """Play the actions of another system on callbacks, each at its time."""
    left = {each["name"]: each for each in actions}
    waited = Counter()
    while due := [each for name, each in left.items() if name in run.waits_for]:
        run.skip("1s")
        for action in due:
            name = action["name"]
            waited[name] += 1
            if waited[name] < action["afterSeconds"]:
                continue
            del left[name]
            if action["does"] == "failure":
                run.fail(name, action["code"], action["message"])
            elif action["does"] == "success":
                run.signal(name, action["payload"])


def operations_of(play, run):
    made = []
    starts = {}
    for entry in run.journal:
        if "step" in entry:
            # Starts are not operations.
            if not entry["step"].endswith(".started"):
                made.append(step_of(entry))
        elif "task" in entry and (pause := PAUSE.fullmatch(entry["task"])):
            spec, _ = play.asked[run.id, entry["task"]]
            failed = next(each for each in reversed(made) if each["name"] == pause[1])
            failed["pauseMs"] = seconds_of(spec["wait"]) * 1_000
        elif "task" in entry:
            started = start_of(entry["task"], play.asked[run.id, entry["task"]][0])
            starts[entry["task"]] = started
            made.append(started)
        elif "end" in entry and entry["end"] in starts:
            started = starts[entry["end"]]
            kind = started["is"].partition(" ")[0]
            ended = end_of(kind, entry, play.asked[run.id, entry["end"]][1])
            if kind == "scope":
                # A scope is one operation that contains its inner operations.
                made = [each for each in made if each is not started]
                ended["operations"] = operations_of(play, run.children[entry["end"]])
            made.append(ended)
    return made


def step_of(entry):
    tried = TRY.fullmatch(entry["step"])
    name, attempt = (tried[1], int(tried[2])) if tried else (entry["step"], 1)
    ended = {"is": "step failed" if "error" in entry else "step completed", "name": name, "attempt": attempt}
    return {**ended, **entry.get("error", {"value": entry.get("output")})}


def start_of(name, spec):
    if "workflow" in spec:
        return {"is": "scope started", "name": name}
    if "uses" in spec:
        return {"is": "call started", "name": name}
    wait = spec["wait"]
    if isinstance(wait, str):
        return {"is": "wait started", "name": name, "seconds": seconds_of(wait)}
    within = {"seconds": seconds_of(wait["within"])} if "within" in wait else {}
    return {"is": "signal started", "name": name, **within}


def end_of(kind, entry, started_ms):
    ended = {"name": entry["end"], "seconds": (entry["atMs"] - started_ms) / 1_000}
    error = entry.get("error")
    if error is None:
        is_ = "wait ended" if kind == "wait" else f"{kind} completed"
        return {"is": is_, **ended, "value": entry.get("output")}
    is_late = error["code"] == "workflow.signal_missing"
    return {"is": f"{kind} timed out" if is_late else f"{kind} failed", **ended, **error}


def differences(requirement, found, is_hot):
    """Return the differences between a play and the requirement, by part of the play."""
    wanted_turns = requirement["replays"] + 1
    play = found["play"]
    parts = {
        "status": found["status"] == requirement.get("status", "running"),
        "result": "result" not in requirement or found.get("result") == requirement["result"],
        "message": requirement.get("message", "") in found.get("message", ""),
        "operations": are_like(requirement.get("operations", found["operations"]), found["operations"]),
        "lines": all(
            sum(line["text"] in text for text in found["lines"]) == line["count"]
            for line in requirement.get("lines", ())
        ),
        "calls of steps": play.has_crashed or play.calls.total() == steps_in(found["operations"]),
        "turns": is_hot or play.turns >= wanted_turns,
        "attempts by default": "defaults" not in requirement
        or requirement["defaults"]["attempts"] == attempts_by_default(),
    }
    return [part for part, is_same in parts.items() if not is_same]


def are_like(wanted, found):
    return len(wanted) == len(found) and all(map(is_like, wanted, found))


def is_like(wanted, found):
    rest = {key: wanted[key] for key in wanted if key not in ("operations", "pauseMsMax")}
    return (
        all(key in found and found[key] == value for key, value in rest.items())
        and found.get("pauseMs", 0) <= wanted.get("pauseMsMax", float("inf"))
        and are_like(wanted.get("operations", []), found.get("operations", []))
    )


def steps_in(operations):
    return sum(each["is"].startswith("step ") + steps_in(each.get("operations", ())) for each in operations)


def attempts_by_default():
    """Return the number of attempts of a step that never succeeds."""

    async def always(ctx, given, playing):
        await playing.run(ctx, "load", fail)

    play = Play(always, {}, is_hot=True)
    try:
        play.execute()
    except RunFailed:
        return play.calls.total()
    raise AssertionError("a step that always fails has succeeded")


class Requirements(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.requirements = json.loads(FILE.read_text("utf-8"))["requirements"]
        applying = [each for each in self.requirements if each["verdict"] != "does not apply"]
        self.played = [each for each in applying if "typescriptOnly" not in each]

    def test_hold_as_their_table_has_them_hot_and_replayed(self):
        for requirement in self.played:
            for is_hot in (True, False):
                with self.subTest(requirement["id"], title=requirement["title"], is_hot=is_hot):
                    found = played(requirement, is_hot)
                    differs = differences(requirement, found, is_hot)
                    if requirement["verdict"] == "holds":
                        self.assertEqual(differs, [], found["operations"])
                    else:
                        self.assertIn(requirement["differs"], differs, "its reason is out of date")

    def test_each_that_applies_has_a_function(self):
        self.assertEqual(len(self.requirements), 84)
        self.assertEqual(sorted(programs), sorted(each["id"] for each in self.played))

    def test_true_reasons_no_serializers_and_no_options_of_all(self):
        def parameters(method):
            return list(inspect.signature(method).parameters)

        self.assertEqual(parameters(FunctionContext.run), ["self", "name", "work", "retry", "confirm", "at_most_once"])
        self.assertEqual(parameters(FunctionContext.signal), ["self", "name", "within", "id"])
        self.assertEqual(parameters(FunctionContext.all), ["self", "steps"])
