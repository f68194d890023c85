import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Printer } from "../command/printer.ts";
import { memorySink } from "../testing/memory-shell.ts";
import type { DemoKillOutcome } from "./demo-kill.ts";
import { tellProof } from "./tell-proof.ts";

const none = { count: 10, lost: [] };
const good: DemoKillOutcome = {
  ...{ starts: none, events: none, steps: none, effects: none, twice: [], doubled: [], holds: true },
  ...{ runs: 10, kills: ["the platform", "worker-1"], tookMs: 12_300 },
};

function told(outcome: DemoKillOutcome): string {
  const output = memorySink();
  tellProof(
    outcome,
    new Printer({ output, errors: memorySink() }, { isJson: false, isQuiet: false, noColours: true }),
  );
  return output.text;
}

describe("the table of the proof", () => {
  it("says that nothing was lost, and names what ran twice by its key", () => {
    const twice = [{ key: "run-0001/give", times: 2, by: ["worker-1", "worker-2"] }];
    const text = told({ ...good, twice });
    assert.match(text, /^starts +10 +0 /m);
    assert.match(text, /^ran twice +1 /m);
    assert.match(text, /run-0001\/give {2}2 times, by worker-1 and worker-2/);
    assert.match(
      text,
      /✓ 2 kills in 12 s: nothing was lost\. A step that ran twice had the same idempotency key/,
    );
  });

  it("names what was lost, and says that it must not be", () => {
    const text = told({ ...good, holds: false, steps: { count: 10, lost: ["run-0007/book"] } });
    assert.match(text, /^steps +10 +1 /m);
    assert.match(text, /lost {2}run-0007\/book/);
    assert.match(text, /✗ .*work was lost/);
  });
});
