/** A program in Python takes part in a mission, over REST, on a whole platform. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startPlatform } from "./platform.fixture.ts";
import { folder, python, run } from "./python.fixture.ts";

const program = (server: string) => `
import tutti
from tutti import TuttiError

mission = tutti.connect("${server}").missions.start(
    {"assignment": "claimed", "budget": {"amounts": {"tokens": 100}}, "tasks": [
        {"id": "one", "capability": "text.write", "input": {"about": "cats"}},
        {"id": "two", "capability": "text.write"},
    ]},
    id="from-python",
)
ann = mission.join("ann", offers=["text.write"])
bob = mission.join("bob", offers=["text.write"])
[one] = ann.claim()
assert one.id == "one" and one.input == {"about": "cats"}, one.task
assert one.renew(progress=0.5)
reserved = ann.reserve(tokens=50)
reserved.spend(tokens=20)
assert reserved.give_back()["tokens"] == 30
assert ann.write("k", 1, if_version=0)["written"]
lost = bob.write("k", 2, if_version=0)
assert not lost.get("written") and lost["entry"]["value"] == 1, lost
assert bob.update("k", lambda value: value + 1) == 2
ann.tell({"hello": "bob"}, agent="bob")
assert [message["body"] for message in bob.heard()] == [{"hello": "bob"}]
one.hand_off(agent="bob", context={"half": True}, reason="tired")
mine = bob.claim(2, wait=5)
# From here on nothing new begins: a person is asked for more.
try:
    ann.reserve(tokens=90)
    raise AssertionError("more than is left")
except TuttiError as error:
    assert error.code == "mission.budget_short", error
for task in mine:
    task.complete(task.id)
try:
    mine[0].complete("again")
    raise AssertionError("its claim is over")
except TuttiError as error:
    assert error.code in ("mission.claim_lost", "mission.mission_ended"), error
assert mission.result(timeout=10) == {"one": "one", "two": "two"}
assert [task["status"] for task in mission.tasks()] == ["completed", "completed"]
print("done")
`;

/** Returns the program in the guide. */
function programOfGuide(): string {
  const page = readFileSync(join(folder, "../../docs/guides/missions.md"), "utf8");
  return /^```python file=\S+\n(.*?)^```$/ms.exec(page)?.[1] ?? assert.fail("no program in Python");
}

describe("a mission from Python", { skip: python.skip }, () => {
  it("is started, joined, claimed, written to, notified, handed off, charged and ended, also by the program of the guide", async () => {
    const directory = await mkdtemp(join(tmpdir(), "python-missions-"));
    const platform = await startPlatform(directory);
    const server = platform.http;
    try {
      await writeFile(join(directory, "takes_part.py"), program(server));
      const { code, output } = await run(["takes_part.py"], directory);
      assert.equal(code, 0, output);
      assert.match(output, /done/);
      const result = await run(["-c", programOfGuide()], directory, { TUTTI_URL: server });
      assert.deepEqual(result, { code: 0, output: "{'headline': 'All about cats'}\n" });
    } finally {
      await platform[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
