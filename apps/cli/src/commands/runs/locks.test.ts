import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deadlockPart, waitParts } from "./locks.ts";

const plato = { kind: "run", id: "plato", task: "eat" };
const kant = { kind: "session", id: "kant" };
const deadlock = {
  findTimeMs: 1_000,
  circle: [
    { waiter: kant, lock: "left", holder: plato },
    { waiter: plato, lock: "right", holder: kant },
  ],
  victim: kant,
};
const of = (id: string, task = "") => deadlockPart([deadlock], { id, task }, 61_000);
const cycle =
  "session kant waits for the lock left, which run plato eat holds, and run plato eat waits for the lock right, which session kant holds";

describe("the deadlock in `tutti why`", () => {
  it("names the cycle, the victim, and the lock that the other sessions wait for", () => {
    const { summary = "", remedies = [] } = of("plato", "eat") ?? {};
    assert.ok(summary.includes(`${cycle}. The victim was session kant`), summary);
    assert.ok(summary.includes("gets the lock right when session kant releases it"), summary);
    assert.equal(remedies[0]?.command, "tutti lock show right");
  });

  it("explains to the victim that its wait has ended", () => {
    assert.ok(of("kant")?.summary?.includes(`${cycle}. It was the victim: its wait ended with`));
  });

  it("is absent for other works, and for other tasks of the run", () => {
    assert.deepEqual([of("hegel"), of("plato", "drink")], [undefined, undefined]);
  });
});

describe("the locks in `tutti why`", () => {
  const lock = {
    name: "printer",
    grants: [{ holder: "night-job" }],
    waiters: [{ holder: "f92a", work: { kind: "run", id: "plato", task: "eat" }, startTimeMs: 1_000 }],
  };
  const waits = (id: string, task = "") => waitParts([lock], { id, task }, 61_000);

  it("names the lock that a running handler waits for, and its holder", () => {
    const [part] = waits("plato");
    assert.equal(part?.summary, "It has waited for the lock printer for 1 min. Held by night-job.");
    assert.deepEqual(
      part?.remedies.map(({ command }) => command),
      ["tutti lock show printer", "tutti lock break printer night-job"],
    );
  });

  it("is absent for other works, and for other tasks of the run", () => {
    assert.deepEqual([...waits("kant"), ...waits("plato", "drink")], []);
  });
});
