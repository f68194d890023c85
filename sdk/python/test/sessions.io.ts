/** A program in Python starts, follows and steers sessions, over REST, on a whole platform. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Worker } from "@tutti/sdk";
import { type Platform, startPlatform } from "./platform.fixture.ts";
import { folder, python, run } from "./python.fixture.ts";

const program = (server: string) => `
import time

import tutti
from tutti import TuttiError

client = tutti.connect("${server}")
sessions = client.sessions
tasks = [
    {"id": "one", "capability": "number.double", "input": {"n": 1}},
    {"id": "two", "capability": "number.double", "input": {"n": "\${{ tasks.one.output }}"}, "needs": ["one"]},
]
session = sessions.start(tasks=tasks, mode="adaptive", optimization=True, monitoring=True, id="from-python")
assert session.result(timeout=20) == {"one": 2, "two": 4}, session.get()
assert sessions.start(
    tasks=tasks, mode="adaptive", optimization=True, monitoring=True, id="from-python"
).existed
assert session.get()["status"] == "completed"
assert [task["status"] for task in session.tasks()] == ["completed", "completed"]
seen = list(session.watch())
assert seen[-1]["session"]["status"] == "completed" if "session" in seen[-1] else True, seen
assert session.why().choices[0]["kind"] == "mode"
for name, need, status in (
    ("plain", "first", "completed"),
    ("done", {"task": "first", "end": "done"}, "completed"),
    ("success", {"task": "first", "end": "success"}, "skipped"),
):
    for mode in ("workflow", "swarm"):
        needing = [
            {"id": "first", "capability": "number.double", "when": "false", "input": {"n": 1}},
            {"id": "second", "capability": "number.double", "input": {"n": 2}, "needs": [need]},
        ]
        skipping = sessions.start(tasks=needing, mode=mode, output="1", id=f"skips-{name}-{mode}")
        skipping.result(timeout=20)
        assert skipping.tasks()[1]["status"] == status, (name, mode, skipping.tasks())
held = client.run({"tasks": [{"id": "wait", "capability": "nobody.ends"}], "mode": "swarm"})
assert "1 of 1 task" in str(held.why()), held.why()
held.pause("not now")
assert held.get()["status"] == "paused"
held.resume()
held.cancel("enough")
try:
    held.result(timeout=20)
    raise AssertionError("it was cancelled")
except TuttiError as error:
    assert error.code == "session.cancelled", error
try:
    held.retry("once more")
    raise AssertionError("it has not failed")
except TuttiError as error:
    assert error.code == "session.not_failed", error
assert held.remove("the test is over")
assert not held.remove()
try:
    sessions.start(tasks=[{"id": "a", "capability": "x.y", "needs": [{"task": "b"}]}])
    raise AssertionError("it needs what is not there")
except TuttiError as error:
    assert "x.y" in error.message, error
# Lists are a moment behind.
until = time.monotonic() + 20
while "from-python" not in [each["sessionId"] for each in sessions.list()]:
    assert time.monotonic() < until, "it is not listed"
    time.sleep(0.1)
print("done")
`;

/** Returns a program in the guide. */
function programOfGuide(name: string): string {
  const page = readFileSync(join(folder, "../../docs/guides/sessions.md"), "utf8");
  const [, programText] = new RegExp(`^\`\`\`python file=${name}\\n(.*?)^\`\`\`$`, "ms").exec(page) ?? [];
  return programText ?? assert.fail(`no program ${name} in Python`);
}

const addressed = ({ http, grpc }: Platform) => `
import os

os.environ["TUTTI_ADDRESS"] = "${grpc}"
os.environ["TUTTI_URL"] = "${http}"
`;

const orchestrated = (platform: Platform) => `${addressed(platform)}
import tutti
from tutti import SessionOrchestrator, TuttiError

seen = []

class Careful(SessionOrchestrator):
    def decide(self, question, context):
        ready = [task["id"] for task in question["tasks"] if task["isReady"]]
        busy = any(task["hasStarted"] and task["endMs"] == 0 for task in question["tasks"])
        seen.append((question["number"], ready))
        return {"start": [] if busy else sorted(ready, reverse=True)[:1], "reason": "the last first"}

class Lost(SessionOrchestrator):
    async def decide(self, question, context):
        return {"start": ["nowhere"]}

sessions = tutti.connect().sessions
tasks = [{"id": each, "capability": "number.double", "input": {"n": 1}} for each in ("a", "b", "c")]

def orchestrated_by(name):
    # What was offered a moment ago is not everywhere known.
    return sessions.start(tasks=tasks, mode="custom", orchestrator=name)

with Careful("test.careful", handle_signals=False), Lost("test.lost", handle_signals=False):
    session = orchestrated_by("test.careful")
    assert session.result(timeout=60) == {"a": 2, "b": 2, "c": 2}
    ends = {task["spec"]["id"]: task["endTimeMs"] for task in session.tasks()}
    assert ends["c"] <= ends["b"] <= ends["a"], ends
    assert seen[0] == (1, ["a", "b", "c"]), seen
    try:
        orchestrated_by("test.lost").result(timeout=60)
        raise AssertionError("it names no task")
    except TuttiError as error:
        assert "nowhere" in error.message, error
try:
    SessionOrchestrator("test.empty").decide({}, None)
    raise AssertionError("it decides nothing")
except NotImplementedError as error:
    assert "write \`decide\`" in str(error), error
print("done")
`;

describe("a session from Python", { skip: python.skip }, () => {
  it("is started, followed, explained, paused, cancelled, refused, and decided by an orchestrator in Python", async () => {
    const directory = await mkdtemp(join(tmpdir(), "python-sessions-"));
    const platform = await startPlatform(directory);
    const worker = new Worker({ address: platform.grpc, handleSignals: false });
    worker.handle("number.double", ({ n }: { readonly n: number }) => n * 2);
    worker.handle("text.write", ({ about }: { readonly about: string }) => `All about ${about}`);
    worker.handle(
      "nobody.ends",
      (_, { signal }) => new Promise((end) => signal.addEventListener("abort", end)),
    );
    try {
      await worker.start();
      await writeFile(join(directory, "sessions_of_mine.py"), program(platform.http));
      const { code, output } = await run(["sessions_of_mine.py"], directory);
      assert.equal(code, 0, output);
      assert.match(output, /done/);
      await writeFile(join(directory, "orchestrated.py"), orchestrated(platform));
      const decided = await run(["orchestrated.py"], directory);
      assert.equal(decided.code, 0, decided.output);
      assert.match(decided.output, /done/);
      const careful = `${addressed(platform)}${programOfGuide("careful.py")}`;
      const worked = await run(["-c", careful], directory);
      assert.equal(worked.code, 0, worked.output);
      assert.match(worked.output, /^\{'later': 'All about bows', 'now': 'All about rosin'\}$/m);
      const programText = programOfGuide("pages_of_mine.py");
      assert.deepEqual(await run(["-c", programText], directory, { TUTTI_URL: platform.http }), {
        ...{ code: 0, output: "{'cats': 'All about cats'}\n" },
      });
      const handled = await run(["-c", `${addressed(platform)}${programOfGuide("handle.py")}`], directory);
      assert.equal(handled.code, 0, handled.output);
      assert.match(
        handled.output,
        /^it is paused: no light\nit has ended\n\{'bows': 'All about bows'\}\n.*no audience.*\n$/,
      );
    } finally {
      await worker.stop();
      await platform[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
