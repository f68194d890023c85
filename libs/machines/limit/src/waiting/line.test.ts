import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { acquire, ageingMs, changesPerStepMax, limit, removeLimit, setLimit } from "../index.ts";
import { acquireBody, holding, inLine, limited, newDriver, releaseAs } from "../limit.fixture.ts";
import { holderOf, limitKey } from "../testing/index.ts";
import { Heap } from "./heap.ts";
import { Line, type Waiter } from "./line.ts";

describe("the line for a limit", () => {
  it("lets a single request of one share pass a hundred of another", () => {
    const driver = limited(1);
    for (let index = 0; index < 100; index++)
      driver.execute(limitKey, acquire, acquireBody(`many-${index}`, { share: "many" }));
    driver.execute(limitKey, acquire, acquireBody("single", { share: "single" }));
    releaseAs(driver, "many-0");
    releaseAs(driver, "many-1");
    assert.deepEqual(holding(driver), ["single"]);
  });

  it("grants twice as much to a share of twice the weight", () => {
    const line = new Line();
    for (let ticket = 1; ticket <= 60; ticket++)
      line.join(waiter(ticket, ticket % 2 === 0 ? "a" : "b"), ticket % 2 === 0 ? 2 : 1);
    const first = [...line.inOrder()].slice(0, 30).map(({ share }) => share);
    assert.equal(first.filter((share) => share === "a").length, 20);
  });

  it("remembers the grants of a share that leaves and returns, so that it gains no advantage", () => {
    const line = new Line();
    for (let ticket = 1; ticket <= 100; ticket++) line.join(waiter(ticket, "patient"), 1);
    let granted = 0;
    for (let ticket = 101; ticket <= 140; ticket++) {
      const pushy = waiter(ticket, "pushy");
      line.join(pushy, 1);
      const { head } = line;
      assert.ok(head);
      line.grant(head);
      if (head === pushy) granted++;
      else line.remove(pushy);
    }
    assert.ok(granted <= 20, `${granted} of 40`);
  });

  it("puts urgent requests first, and lets none wait forever", () => {
    const driver = limited(1);
    driver.execute(limitKey, acquire, acquireBody("holds"));
    driver.execute(limitKey, acquire, acquireBody("old"));
    driver.execute(limitKey, acquire, acquireBody("urgent", { priority: 2 }));
    assert.deepEqual(inLine(driver), ["urgent", "old"]);
    const line = new Line();
    line.join(waiter(1, "", 0, 0), 1);
    line.join(waiter(2, "", 2 * ageingMs - 1, 2), 1);
    assert.equal(line.head?.ticket, 2);
    line.join(waiter(3, "", 2 * ageingMs + 1, 2), 1);
    assert.deepEqual(
      [...line.inOrder()].map(({ ticket }) => ticket),
      [2, 1, 3],
    );
  });

  it("is worked off a thousand at a time, a millisecond apart", () => {
    const driver = newDriver();
    driver.execute(limitKey, setLimit, {
      rule: { maxConcurrent: 1, rate: undefined },
      description: "",
      labels: {},
      revision: 0,
    });
    const state = driver.state(limitKey, limit);
    // Uses only the folds: the driver compares everything after every event.
    const count = changesPerStepMax + 50;
    const step = stepOn(state);
    for (let index = 0; index <= count; index++) acquire.decide(state, acquireBody(`w-${index}`), step);
    removeLimit.decide(state, {}, step);
    assert.equal(state.holds.size, changesPerStepMax + 1);
    assert.equal(state.dueMs, step.nowMs + 1);
    limit.expire?.(state, 1, { ...step, nowMs: step.nowMs + 1 });
    assert.equal(state.line.size, 0);
  });
});

describe("a heap", () => {
  it("always has the first of all in front after any additions, moves and removals", () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), value: fc.nat(50) }),
      fc.record({ kind: fc.constantFrom("remove" as const, "move" as const), value: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const heap = new Heap<{ value: number }>((one, other) => one.value < other.value);
        const all: { value: number }[] = [];
        for (const { kind, value } of actions) {
          const item = kind === "add" ? { value } : all[value % Math.max(1, all.length)];
          if (item === undefined) continue;
          if (kind === "add") {
            all.push(item);
            heap.add(item);
          } else if (kind === "move") {
            item.value = (item.value * 7 + value) % 53;
            heap.move(item);
          } else {
            all.splice(all.indexOf(item), 1);
            heap.remove(item);
            heap.remove(item);
          }
          assert.equal(heap.size, all.length);
          assert.equal(
            heap.first?.value,
            all.length === 0 ? undefined : Math.min(...all.map((each) => each.value)),
          );
        }
      }),
      { seed: 1 },
    );
  });
});

function waiter(ticket: number, share: string, beginMs = 0, priority = 0): Waiter {
  const holder = holderOf(String(ticket));
  return { ticket, holder, weight: 1, priority, share, beginMs, deadlineMs: 0, leaseMs: 60_000 };
}

/** Returns a step that only folds events. */
function stepOn(state: ReturnType<typeof limit.create>): Parameters<typeof acquire.decide>[2] {
  const outstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };
  return {
    key: limitKey,
    events: 1,
    nowMs: 1_767_225_600_000,
    cause: { actor: undefined, traceparent: "", decision: "", reason: "" },
    behaviour: 1,
    settles: undefined,
    random: () => 0,
    emit: (event, body) => event.evolve(state, body, outstanding),
    send() {},
  };
}
