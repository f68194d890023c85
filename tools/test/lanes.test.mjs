// @ts-check

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { runInLanes } from "../unit/lanes.mjs";

const looks = 10;

/**
 * Returns how many tasks ran at a time. The first tasks last until the load was checked often enough.
 *
 * @param {number} count
 * @param {{ lanes: number, lanesMax?: number, idle?: number }} options `idle`: idle share of the processors at each
 *   check
 */
async function most(count, { lanes, lanesMax = lanes, idle = 0 }) {
  const looked = Promise.withResolvers();
  if (lanesMax === lanes) looked.resolve(undefined);
  let left = looks;
  let running = 0;
  let highest = 0;
  /** @type {number[]} */
  const order = [];
  const tasks = Array.from({ length: count }, (_, index) => async () => {
    order.push(index);
    highest = Math.max(highest, ++running);
    await looked.promise;
    await turn();
    running--;
  });
  const look = () => {
    if (--left === 0) looked.resolve(undefined);
    return idle;
  };
  await runInLanes(tasks, { lanes, lanesMax, idle: look, everyMs: 0 });
  assert.deepEqual(order, [...tasks.keys()]);
  return highest;
}

describe("lanes", () => {
  it("run as many tasks as are asked for, in their order", async () => {
    assert.equal(await most(6, { lanes: 2 }), 2);
    assert.equal(await most(1, { lanes: 2 }), 1);
    assert.equal(await most(0, { lanes: 2 }), 0);
  });

  it("are more while the processors are idle, up to the most that is allowed", async () => {
    assert.equal(await most(40, { lanes: 2, lanesMax: 5, idle: 1 }), 5);
  });

  it("are no more while the processors are busy", async () => {
    assert.equal(await most(12, { lanes: 2, lanesMax: 5, idle: 0.1 }), 2);
  });

  it("reject with a task that does", async () => {
    await assert.rejects(
      runInLanes([async () => {}, () => Promise.reject(new Error("no"))], { lanes: 1 }),
      /no/,
    );
  });
});
