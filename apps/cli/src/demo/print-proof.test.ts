import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Presenter } from "../command/presenter.ts";
import { memoryShell, memorySink } from "../testing/memory-shell.ts";
import type { DemoKillOutcome } from "./demo-kill.ts";
import { printProof } from "./print-proof.ts";

const empty = { count: 10, lost: [] };
const good: DemoKillOutcome = {
  ...{ starts: empty, events: empty, steps: empty, effects: empty, twice: [], doubled: [], holds: true },
  ...{ runs: 10, kills: ["the platform", "worker-1"], tookMs: 12_300 },
};

function printed(outcome: DemoKillOutcome): string {
  const output = memorySink();
  printProof(outcome, new Presenter({ ...memoryShell(), output }, { reader: "people" }).print);
  return output.text;
}

describe("the result table", () => {
  it("states that nothing was lost, and lists each repeated step with its key", () => {
    const twice = [{ key: "run-0001/give", times: 2, by: ["worker-1", "worker-2"] }];
    const text = printed({ ...good, twice });
    assert.match(text, /^starts +10 +0 /m);
    assert.match(text, /^ran twice +1 /m);
    assert.match(text, /run-0001\/give {2}2 times, by worker-1 and worker-2/);
    assert.match(
      text,
      /✓ 2 kills in 12 s: nothing was lost\. A step that ran twice had the same idempotency key/,
    );
  });

  it("lists lost work, and asks for a report", () => {
    const text = printed({ ...good, holds: false, steps: { count: 10, lost: ["run-0007/book"] } });
    assert.match(text, /^steps +10 +1 /m);
    assert.match(text, /lost {2}run-0007\/book/);
    assert.match(text, /✗ .*work was lost/);
  });
});
