import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { GrantLimit } from "@tutti/contracts/workflow/v1";
import { MachineDriver } from "@tutti/kernel/testing";
import { holder } from "@tutti/machine-limit/testing";
import { acquireObject, changeObject, object, objectFacts, readerTicket, releaseObject } from "../index.ts";

const key = { namespace: "default", kind: "object", id: "cart..seven" };
const run = (id: string) => ({ service: "workflow", kind: "holder", id, task: "" });
const call = (id: string, reader = false) => ({
  ...{ holder: run(id), name: "cart", key: "seven", call: "add", reader },
});
const completed = WorkStatus.WORK_STATUS_COMPLETED;

function driven(): MachineDriver {
  return new MachineDriver({ machines: [object, holder], service: "workflow", startMs: 1_767_225_600_000 });
}

function set(driver: MachineDriver, id: string, ticket: number, values: Record<string, unknown>): void {
  const entries = Object.entries(values).map(([name, value]) => ({
    ...{ name, value: new TextEncoder().encode(JSON.stringify(value)) },
  }));
  driver.execute(key, changeObject, { holder: run(id), ticket, entries });
}

function factsOf(driver: MachineDriver) {
  const found = driver.query(key, objectFacts, undefined);
  assert.ok("state" in found);
  return { ...found, state: JSON.parse(new TextDecoder().decode(found.state)) as unknown };
}

/** Returns the ids of runs that got the object, with its values. */
function granted(driver: MachineDriver): readonly string[] {
  return driver.messages.map(({ to, payload }) => {
    const { state = new Uint8Array() } = GrantLimit.decode(payload);
    return `${to.id} ${new TextDecoder().decode(state)}`;
  });
}

describe("calls of an object", () => {
  it("one call has it at a time, the others follow in order with the values of the previous call", () => {
    const driver = driven();
    for (const id of ["a", "b", "c"]) driver.execute(key, acquireObject, call(id));
    assert.deepEqual(granted(driver), ["a {}"]);
    set(driver, "a", 1, { items: [3], open: true });
    driver.execute(key, releaseObject, { holder: run("a"), ticket: 0, status: completed });
    assert.deepEqual(granted(driver).slice(1), ['b {"items":[3],"open":true}']);
    assert.equal(factsOf(driver).waitingCount, 1);
  });

  it("a reader gets the committed values at once, and is not remembered", () => {
    const driver = driven();
    driver.execute(key, acquireObject, call("a"));
    set(driver, "a", 1, { n: 1 });
    assert.deepEqual(driver.execute(key, acquireObject, call("r", true)), {
      ticket: readerTicket,
      granted: true,
    });
    assert.deepEqual(granted(driver).slice(1), ['r {"n":1}']);
    driver.execute(key, releaseObject, { holder: run("r"), ticket: 0, status: completed });
    assert.equal(factsOf(driver).endedCount, 0);
  });

  it("only the call that has the object sets values", () => {
    const driver = driven();
    driver.execute(key, acquireObject, call("a"));
    driver.execute(key, acquireObject, call("b"));
    set(driver, "b", 2, { n: 2 });
    set(driver, "a", 2, { n: 3 });
    set(driver, "r", readerTicket, { n: 4 });
    assert.deepEqual(factsOf(driver).state, {});
    driver.execute(key, releaseObject, { holder: run("a"), ticket: 0, status: completed });
    set(driver, "a", 1, { n: 5 });
    set(driver, "b", 2, { n: 6 });
    assert.deepEqual(factsOf(driver).state, { n: 6 });
  });

  it("the same run again is the same call, and gets the object once more if it has it", () => {
    const driver = driven();
    for (const id of ["a", "b", "a", "b"]) driver.execute(key, acquireObject, call(id));
    assert.deepEqual(granted(driver), ["a {}", "a {}"]);
    assert.equal(factsOf(driver).waitingCount, 1);
  });

  it("a call that no longer waits leaves the queue, and null removes a value", () => {
    const driver = driven();
    for (const id of ["a", "b", "c"]) driver.execute(key, acquireObject, call(id));
    set(driver, "a", 1, { n: 1, m: 2 });
    set(driver, "a", 1, { n: null });
    driver.execute(key, releaseObject, { holder: run("b"), ticket: 0, status: 0 });
    driver.execute(key, releaseObject, { holder: run("a"), ticket: 0, status: completed });
    assert.deepEqual(granted(driver), ["a {}", 'c {"m":2}']);
    assert.deepEqual(
      factsOf(driver).recent.map(({ holder: from, status }) => [from?.id, status]),
      [
        ["a", completed],
        ["b", 0],
      ],
    );
  });
});
