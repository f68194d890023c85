"""The histories that durable functions in TypeScript and Python share."""

import asyncio
import json
import unittest
from pathlib import Path

from function_stage import FunctionStage
from history_functions import effects, functions

from tutti import TuttiError

FOLDER = Path(__file__).resolve().parents[3] / "libs" / "sdk" / "src" / "functions" / "histories"
COUNTED_FROM = 20
LENGTH_MAX = 10_000


async def play(history, is_hot):
    function = functions[history["function"]]
    stage = FunctionStage(
        function,
        history.get("input"),
        is_hot=is_hot,
        recorded=history.get("recorded", ()),
        object=history.get("object"),
    )
    turns = []
    for turn in history["turns"]:
        asked = {key: turn[key] for key in ("given", "undo") if key in turn}
        effects.clear()
        try:
            made = shown(await stage.turn(**asked))
        except TuttiError as error:
            made = {"fails": [error.code, error.message]}
        turns.append({**asked, **made, **({"effects": list(effects)} if effects else {})})
    return turns


def shown(output):
    steps = [
        without_details({key: step[key] for key in step if key not in ("at", "atMs")})
        for step in output["steps"]
    ]
    is_large = len(steps) > COUNTED_FROM or len(json.dumps(steps)) > LENGTH_MAX
    made = {"count": len(steps)} if is_large else {"steps": steps}
    if "end" in output:
        made["end"] = without_details(output["end"])
    if "more" in output:
        made["more"] = output["more"]
    return made


def without_details(step):
    if "error" not in step:
        return step
    return {**step, "error": {key: value for key, value in step["error"].items() if key != "details"}}


class Histories(unittest.TestCase):
    def test_are_the_same_in_typescript_and_python_hot_and_replayed(self):
        files = sorted(FOLDER.glob("*.json"))
        self.assertGreater(len(files), 20)
        for file in files:
            history = json.loads(file.read_text("utf-8"))
            for is_hot in (True, False):
                if is_hot or not history.get("onlyHot"):
                    with self.subTest(file.stem, is_hot=is_hot):
                        self.check(history, asyncio.run(play(history, is_hot)))

    def check(self, history, made):
        self.assertEqual(len(made), len(history["turns"]))
        for number, (found, wanted) in enumerate(zip(made, history["turns"], strict=True), 1):
            message = " ".join(found.pop("fails", ()))
            for part in wanted.get("fails", ()):
                self.assertIn(part, message)
            self.assertEqual(found, {key: wanted[key] for key in wanted if key != "fails"}, f"turn {number}")
