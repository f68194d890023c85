/** A program in Python starts, follows and steers sessions, over REST, on a whole platform. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Worker } from "@tutti/sdk";
import { startPlatform } from "./platform.fixture.ts";
import { folder, python, run } from "./python.fixture.ts";

const program = (server: string) => `
import time

from tutti import TuttiError
from tutti.sessions import Sessions

sessions = Sessions("${server}")
tasks = [
    {"id": "one", "capability": "number.double", "input": {"n": 1}},
    {"id": "two", "capability": "number.double", "input": {"n": "\${{ tasks.one.output }}"}, "needs": [{"task": "one"}]},
]
session = sessions.execute(tasks=tasks, mode="adaptive", optimization=True, monitoring=True, session_id="from-python")
assert session.result(timeout_seconds=20) == {"one": 2, "two": 4}, session.get()
assert sessions.execute(
    tasks=tasks, mode="adaptive", optimization=True, monitoring=True, session_id="from-python"
).existed
assert session.get()["status"] == "completed"
assert [task["status"] for task in session.tasks()] == ["completed", "completed"]
seen = list(session.watch())
assert seen[-1]["session"]["status"] == "completed" if "session" in seen[-1] else True, seen
assert session.explain()["choices"][0]["kind"] == "mode"
held = sessions.execute(tasks=[{"id": "wait", "capability": "nobody.ends"}], mode="swarm")
held.pause("not now")
assert held.get()["status"] == "paused"
held.resume()
held.cancel("enough")
try:
    held.result(timeout_seconds=20)
    raise AssertionError("it was cancelled")
except TuttiError as error:
    assert error.code == "session.cancelled", error
try:
    sessions.execute(tasks=[{"id": "a", "capability": "x.y", "needs": [{"task": "b"}]}])
    raise AssertionError("it needs what is not there")
except TuttiError as error:
    assert "b" in error.message, error
# Lists are a moment behind.
until = time.monotonic() + 20
while "from-python" not in [each["sessionId"] for each in sessions.list()]:
    assert time.monotonic() < until, "it is not listed"
    time.sleep(0.1)
print("done")
`;

/** What the guide shows. */
function programOfGuide(): string {
  const page = readFileSync(join(folder, "../../docs/guides/sessions.md"), "utf8");
  return /^```python file=\S+\n(.*?)^```$/ms.exec(page)?.[1] ?? assert.fail("no program in Python");
}

describe("a session from Python", { skip: python.skip }, () => {
  it("is started, followed, explained, held, cancelled and refused", async () => {
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
      const shown = programOfGuide().replace("Sessions()", `Sessions("${platform.http}")`);
      assert.deepEqual(await run(["-c", shown], directory), {
        ...{ code: 0, output: "{'cats': 'All about cats'}\n" },
      });
    } finally {
      await worker.stop();
      await platform[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
