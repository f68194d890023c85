import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { counter, counterKey } from "./counter.fixture.ts";
import { MachineDriver } from "./driver.ts";
import { type GoldenStories, goldenOf, writeGoldenHistories } from "./golden.ts";

const stories: GoldenStories = {
  reminded(release) {
    const { machine, add, remind } = counter();
    const driver = new MachineDriver({ machines: [machine], service: "test" });
    driver.execute(counterKey, add, { by: 2 });
    driver.execute(counterKey, remind, { by: 500 });
    return goldenOf(driver, machine, counterKey, release);
  },
};

describe("golden histories", () => {
  it("contain events, snapshot, projection, effects and timers, under the name of the release", (t) => {
    const folder = emptyFolder(t);
    writeGoldenHistories(pathToFileURL(`${folder}/`), stories, ["0.2.0"]);
    assert.deepEqual(readdirSync(folder), ["0.2.0-reminded.json"]);
    const { release, events, snapshot, ...rest } = JSON.parse(
      readFileSync(join(folder, "0.2.0-reminded.json"), "utf8"),
    );
    const dueMs = 1_767_225_600_500;
    assert.equal(release, "0.2.0");
    assert.deepEqual(
      events.map(({ type, version, shows }: Record<string, unknown>) => [type, version, shows]),
      [
        ["added", 2, { by: 2 }],
        ["reminder_set", 1, { by: dueMs }],
      ],
    );
    assert.equal(snapshot.version, 2);
    assert.deepEqual(rest, {
      key: counterKey,
      projection: { count: 2, reminders: [[1, { dueMs }]], letters: [0] },
      outstanding: { effects: [], timers: [{ number: 1, dueMs }] },
    });
  });

  it("are written once: an existing file is never overwritten", (t) => {
    const folder = emptyFolder(t);
    writeFileSync(join(folder, "0.2.0-reminded.json"), "as it was");
    writeGoldenHistories(pathToFileURL(`${folder}/`), stories, ["0.2.0"]);
    assert.equal(readFileSync(join(folder, "0.2.0-reminded.json"), "utf8"), "as it was");
  });

  it("need the name of a release", (t) => {
    const folder = pathToFileURL(`${emptyFolder(t)}/`);
    assert.throws(() => writeGoldenHistories(folder, stories, []), /expected a release, like 0\.2\.0/);
    assert.throws(() => writeGoldenHistories(folder, stories, ["1", "2"]), /found 1 2/);
  });
});

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "tutti-golden-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
