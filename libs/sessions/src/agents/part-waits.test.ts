import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meanWaitMs, recentMovesOf } from "./part-waits.ts";

const move = (task: number, fromPart: number, toPart: number, moveMs: number) => ({
  ...{ task, fromPart, toPart, moveMs, reason: "" },
});
const nowMs = 100_000;

describe("how long tasks wait in a part", () => {
  it("is the waiting time of tasks that could start, until they started, or until now", () => {
    const tasks = [
      { number: 0, readyMs: nowMs - 5_000, startMs: nowMs - 4_000, endMs: 0 },
      { number: 1, readyMs: nowMs - 3_000, startMs: 0, endMs: 0 },
      { number: 2, readyMs: 0, startMs: 0, endMs: 0 },
      { number: 3, readyMs: 1, startMs: 50_000, endMs: 51_000 },
      { number: 4, readyMs: 1, startMs: 0, endMs: 2 },
    ];
    assert.equal(meanWaitMs(tasks, recentMovesOf({ moves: [] }, 0, nowMs), nowMs), 2_000);
    assert.equal(meanWaitMs([], recentMovesOf({ moves: [] }, 0, nowMs), nowMs), 0);
  });

  it("is counted from their arrival: earlier waiting belongs to another part", () => {
    const recentMoves = recentMovesOf({ moves: [move(0, 1, 0, nowMs - 100)] }, 0, nowMs);
    assert.equal(
      meanWaitMs([{ number: 0, readyMs: nowMs - 9_000, startMs: 0, endMs: 0 }], recentMoves, nowMs),
      100,
    );
  });
});

describe("a part that tasks moved away from", () => {
  it("receives no tasks for a while", () => {
    const moves = [move(0, 1, 0, nowMs - 60_000), move(1, 1, 0, nowMs - 20_000)];
    assert.deepEqual(
      [recentMovesOf({ moves }, 1, nowMs).hasDepartures, recentMovesOf({ moves }, 0, nowMs).hasDepartures],
      [true, false],
    );
    assert.equal(recentMovesOf({ moves }, 1, nowMs + 20_000).hasDepartures, false);
  });
});
