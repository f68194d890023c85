import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "../../errors/refusal.ts";
import { counter, counterKey, type Fault, otherKey } from "./counter.fixture.ts";
import { MachineDriver } from "./driver.ts";
import { MachineViolation } from "./violation.ts";

function drive(fault?: Fault) {
  const fixture = counter(fault);
  return { ...fixture, driver: new MachineDriver({ machines: [fixture.machine], service: "test" }) };
}

describe("a driver of machines", () => {
  it("accepts commands, shows the state as plain data, and finds no violation in a correct machine", () => {
    const { driver, add } = drive();
    assert.deepEqual(driver.execute(counterKey, add, { by: 2 }), { by: 2 });
    assert.deepEqual(driver.execute(counterKey, add, { by: 3 }), { by: 5 });
    assert.ok(isRefusal(driver.execute(counterKey, add, { by: 101 })));
    assert.deepEqual(driver.projection(counterKey), { count: 5, reminders: [], letters: [0] });
    assert.deepEqual(
      driver.history(counterKey).map(({ type, version }) => [type, version]),
      [
        ["added", 2],
        ["added", 2],
      ],
    );
    driver.checkReplay();
  });

  it("shows a decider a frozen part of the state unchanged", () => {
    const { machine } = counter();
    const recorded: { readonly by: number; readonly inner: { readonly deep: readonly number[] } }[] = [];
    const add = machine.commands.find(({ type }) => type === "add");
    assert.ok(add);
    const kept = Object.freeze({ by: 1, inner: Object.freeze({ deep: Object.freeze([7]) }) });
    const sees: typeof add = {
      ...add,
      decide(state) {
        const { kept: seen } = state as typeof state & { readonly kept: typeof kept };
        recorded.push(seen);
        return { by: seen.inner.deep[0] };
      },
    };
    const retainingMachine = {
      ...machine,
      create: () => ({ count: 0, reminders: new Map(), letters: [0], kept }),
      commands: [sees],
    };
    const driver = new MachineDriver({ machines: [retainingMachine], service: "test" });
    assert.deepEqual(driver.execute(counterKey, sees, { by: 2 }), { by: 7 });
    assert.deepEqual(recorded, [kept]);
  });

  it("delivers messages in their order, on request", () => {
    const { driver, tell } = drive();
    driver.execute(counterKey, tell, { by: 2 });
    driver.execute(counterKey, tell, { by: 3 });
    assert.deepEqual(driver.keys, []);
    driver.deliver();
    assert.deepEqual(driver.projection(otherKey), { count: 2, reminders: [], letters: [0] });
    driver.deliverAll();
    assert.deepEqual(driver.projection(otherKey), { count: 5, reminders: [], letters: [0] });
    assert.equal(driver.deliver(), undefined);
  });

  it("delivers the oldest message of all channels, or of a given channel", () => {
    const { driver, tell } = drive();
    const third = { ...counterKey, id: "three" };
    driver.execute(counterKey, tell, { by: 1 });
    driver.execute(third, tell, { by: 10 });
    driver.execute(counterKey, tell, { by: 100 });
    const counts = () => driver.messages.map(({ from }) => from.id);
    driver.deliver();
    assert.deepEqual(counts(), ["three", "one"]);
    driver.deliver(1);
    assert.deepEqual(counts(), ["three"]);
  });

  it("fires timers when they are due", () => {
    const { driver, remind } = drive();
    driver.execute(counterKey, remind, { by: 500 });
    driver.advance(499);
    assert.equal(driver.history(counterKey).length, 1);
    driver.advance(1);
    assert.equal(driver.history(counterKey).at(-1)?.type, "reminded");
    assert.equal(driver.nextDueMs, undefined);
  });

  for (const [fault, found] of [
    ["decider changes a number", /only a fold changes the state, got count set; emit an event instead/],
    ["decider changes a map", /only a fold changes the state, got set of a collection/],
    ["decider changes a list", /only a fold changes the state/],
    ["decider changes its command", /read only property 'by'/],
    ["refusal after an event", /a refusal emits and sends nothing/],
    ["event of no table", /expected an event of the table, got stranger/],
    ["older event emitted", /expected the newest version of added to be emitted, got 1/],
    ["timer not noted", /what the folds noted adds up to what recover finds/],
    ["timer not recovered", /what the folds noted adds up to what recover finds/],
    ["timer never cleared", /a timer that came due is cleared or moved by an event/],
    ["attempt used again", /expected effect 1 in an attempt above 1, got attempt 1/],
    [
      "snapshot forgets",
      /a snapshot gives back the state: expected .*"count":1.* first difference at \/count/,
    ],
    ["fold keeps a memory", /the recorded events give the live state/],
    ["codec forgets", /what is written is read again/],
    ["description changes silently", /an event that changes the description says so/],
    ["emits later", /a step is over when its decider returns/],
    ["message to nowhere", /expected a receiver in test, got elsewhere/],
    ["message of no table", /expected a command among add, remind, tell, got unheard/],
  ] as const) {
    it(`finds that a ${fault.replace(/ .*/, "")} is at fault: ${fault}`, () => {
      const { driver, add, remind, tell } = drive(fault);
      assert.throws(() => {
        driver.execute(counterKey, add, { by: 1 });
        driver.execute(counterKey, add, { by: 1 });
        driver.execute(counterKey, add, { by: 101 });
        driver.execute(counterKey, remind, { by: 500 });
        driver.execute(counterKey, tell, { by: 1 });
        driver.advance(1_000);
        driver.deliverAll();
      }, found);
    });
  }

  it("compares a large state every few events", () => {
    const { machine, add } = counter("fold keeps a memory");
    const large = {
      ...machine,
      create: () => ({ ...machine.create(counterKey), letters: Array(20_000).fill(0) }),
    };
    const driver = new MachineDriver({ machines: [large], service: "test" });
    let added = 0;
    assert.throws(() => {
      for (; added < 50; added++) driver.execute(counterKey, add, { by: 1 });
    }, /after event \d+, added v2: the recorded events give the live state/);
    assert.ok(added > 1 && added < 20, `expected it to be found within 20 events, got it after ${added}`);
  });

  it("names the instance and the event of a violation", () => {
    const { driver, add } = drive("snapshot forgets");
    assert.throws(
      () => driver.execute(counterKey, add, { by: 1 }),
      (error) =>
        error instanceof MachineViolation &&
        error.message.startsWith("default/counter/one after event 1, added v2: a snapshot"),
    );
  });
});
