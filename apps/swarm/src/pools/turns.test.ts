import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import type { Pool } from "@tutti/matching";
import { Turns } from "./turns.ts";

/** Turns that run on request of a test, and pools that count them. */
function dependencies() {
  const time = new VirtualTime();
  const deferred: (() => void)[] = [];
  const logger = recordingLogger();
  const turns = new Turns({
    timers: time,
    defer: (run) => deferred.push(run),
    now: () => time.monotonic(),
    logger,
    onTurn: () => {},
  });
  const run = () => {
    for (const each of deferred.splice(0)) each();
  };
  return { time, deferred, turns, run, logger };
}

function poolThat(turn: () => number) {
  const pool = { turns: 0, nextDueMs: Number.POSITIVE_INFINITY, namespace: "default", name: "default" };
  const counting = Object.assign(pool, {
    turn() {
      pool.turns++;
      return turn();
    },
  });
  return { pool, asPool: counting as unknown as Pool };
}

describe("turns of pools", () => {
  it("run once for all pending changes, for any number of notifications", () => {
    const { turns, run, deferred } = dependencies();
    const { pool, asPool } = poolThat(() => 0);
    for (let count = 0; count < 100; count++) turns.schedule(asPool);
    assert.equal(deferred.length, 1);
    run();
    assert.equal(pool.turns, 1);
    run();
    assert.equal(pool.turns, 1);
  });

  it("run again if a change arrives during a turn", () => {
    const { turns, run } = dependencies();
    const { pool, asPool } = poolThat(() => {
      if (pool.turns === 1) turns.schedule(asPool);
      return 0;
    });
    turns.schedule(asPool);
    run();
    run();
    assert.equal(pool.turns, 2);
  });

  it("start by themselves at the due time, and not again when nothing is due", () => {
    const { turns, run, time } = dependencies();
    const { pool, asPool } = poolThat(() => 0);
    pool.nextDueMs = 50;
    turns.schedule(asPool);
    run();
    pool.nextDueMs = Number.POSITIVE_INFINITY;
    time.advance(50);
    run();
    assert.equal(pool.turns, 2);
    time.advance(10_000);
    run();
    assert.equal(pool.turns, 2);
  });

  it("start after work that waited for the end of a turn", () => {
    const { turns, run } = dependencies();
    const order: string[] = [];
    const { asPool } = poolThat(() => order.push("turn"));
    turns.schedule(asPool);
    turns.before(() => order.push("chore"));
    run();
    assert.deepEqual(order, ["chore", "turn"]);
  });

  it("of other pools continue when one pool fails", () => {
    const { turns, run, logger } = dependencies();
    const bad = poolThat(() => {
      throw new Error("a fault");
    });
    const good = poolThat(() => 0);
    turns.schedule(bad.asPool);
    turns.schedule(good.asPool);
    run();
    assert.equal(good.pool.turns, 1);
    assert.equal(logger.lines.at(-1)?.message, "pool turn failed");
  });

  it("end with the service", () => {
    const { turns, run, time } = dependencies();
    const { pool, asPool } = poolThat(() => 0);
    pool.nextDueMs = 10;
    turns.schedule(asPool);
    run();
    turns.stop();
    time.advance(100);
    turns.schedule(asPool);
    run();
    assert.equal(pool.turns, 1);
  });
});
