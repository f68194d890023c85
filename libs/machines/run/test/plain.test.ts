import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { type DrawnRun, drawRun, driveRun, PlainRun, smallestRun } from "../src/testing/index.ts";

const seeds = 120;

describe("a run, against the plain interpreter", () => {
  it("does what that says, for drawn definitions and results in any order", () => {
    for (let seed = 0; seed < seeds; seed++) {
      const run = drawRun(seededChance(seed));
      const findings = driveRun(run, seededChance(seed + 1));
      assert.deepEqual(findings, [], `seed ${seed}: ${JSON.stringify(run)}`);
    }
  });

  it("is found to be wrong when agents do something else, and made smaller until nothing can be left out", async () => {
    const drawn = Array.from({ length: seeds }, (_, seed) => drawRun(seededChance(seed)));
    const other = { a: [{ fails: "t.other" }] };
    const fails = (run: DrawnRun): boolean =>
      driveRun(run, seededChance(1), { ...run.script, ...other }).length > 0;
    const found = drawn.find(fails);
    assert.ok(found !== undefined);
    const { document } = await smallestRun(found, fails);
    assert.equal(Object.keys(document.tasks ?? {}).length, 1);
  });

  it("has every word in what is drawn", () => {
    const texts = Array.from({ length: seeds }, (_, seed) => JSON.stringify(drawRun(seededChance(seed))));
    const words = [
      "uses",
      "set",
      "wait",
      "loop",
      "forEach",
      "maxParallel",
      "failFast",
      "when",
      "retry",
      "mayFail",
    ];
    const more = [
      "compensate",
      "onFailure",
      "output",
      "failure",
      "always",
      "notOn",
      "until",
      "while",
      "every",
    ];
    for (const word of [...words, ...more])
      assert.ok(
        texts.some((text) => text.includes(`"${word}"`)),
        word,
      );
  });
});

describe("the plain interpreter", () => {
  const saga = {
    workflow: "saga",
    tasks: {
      book: { uses: "do.it", compensate: { uses: "undo.it" } },
      pay: { uses: "do.it", compensate: { uses: "undo.it" } },
      send: { uses: "do.it", needs: ["book", "pay"] },
      sorry: { set: "${{ tasks.send.error.code }}", needs: [{ task: "send", on: "failure" as const }] },
    },
  };
  const run = (): PlainRun =>
    new PlainRun(saga, null, { send: [{ fails: "t.lost" }], "undo pay": [{ fails: "t.kept" }] });

  it("undoes what completed, last first, and tells what could not be", () => {
    const plain = run();
    for (const taskId of ["pay", "book", "send"])
      assert.equal(plain.take({ kind: "ended", taskId }), undefined);
    assert.equal(plain.task("sorry")?.output, "t.lost");
    const { status, errors, undone } = plain.ending ?? {};
    assert.deepEqual([status, errors], ["failed", ["t.lost"]]);
    const shown = undone?.map(({ taskId, isDone }) => [taskId, isDone]);
    assert.deepEqual(shown, [
      ["book", true],
      ["pay", false],
    ]);
  });

  it("says that work ended which had not begun", () => {
    const plain = run();
    assert.deepEqual(plain.awaited, ["book", "pay"]);
    assert.match(
      plain.take({ kind: "ended", taskId: "send" }) ?? "",
      /send is pending, but has to be at work/,
    );
  });

  it("ends what is open when it is cancelled", () => {
    const plain = run();
    plain.take({ kind: "ended", taskId: "book" });
    plain.take({ kind: "cancelled" });
    assert.deepEqual(
      plain.tasks.map(({ status }) => status),
      ["completed", "cancelled", "cancelled", "cancelled"],
    );
    assert.equal(plain.ending?.status, "cancelled");
  });
});
