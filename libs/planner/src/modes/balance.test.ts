import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { balance, type PartProgress } from "./balance.ts";

const tasks = (name: string, count: number, expectedMs = 1_000) =>
  Array.from({ length: count }, (_, at) => ({ taskId: `${name}-${at}`, expectedMs }));

const part = (partId: string, rest: Partial<PartProgress> = {}): PartProgress => ({
  partId,
  mode: "workflow",
  unstarted: [],
  atWorkMs: 0,
  slots: 2,
  blockedMs: 0,
  ...rest,
});

describe("moving tasks between parts", () => {
  const blocked = part("a", { unstarted: tasks("a", 10), blockedMs: 3_000, mode: "swarm" });

  it("tasks of a held-up part move if a slot is free, the last tasks first", () => {
    const moves = balance([blocked, part("b")], { freeSlots: 2 });
    assert.ok(moves.length > 3 && moves.length < 10, `${moves.length}`);
    assert.deepEqual(
      [moves[0]?.taskId, moves[0]?.fromPartId, moves[0]?.toPartId, moves[0]?.toMode],
      ["a-9", "a", "b", "workflow"],
    );
    assert.match(moves[0]?.reason ?? "", /swarm holds its tasks up by 3 s each while 2 slots are free/);
  });

  it("no task moves without free slots, without a held-up part, or for too little gain", () => {
    assert.deepEqual(balance([blocked, part("b")], { freeSlots: 0 }), []);
    assert.deepEqual(balance([{ ...blocked, blockedMs: 0 }, part("b")], { freeSlots: 2 }), []);
    assert.deepEqual(balance([blocked, part("b")], { freeSlots: 2, gainLeast: 0.95 }), []);
    assert.deepEqual(balance([blocked], { freeSlots: 2 }), []);
  });

  it("no task moves to a part that tasks have just left", () => {
    assert.deepEqual(balance([blocked, part("b", { hasMovedAway: true })], { freeSlots: 2 }), []);
    const [first] = balance([blocked, part("b", { hasMovedAway: true }), part("c")], { freeSlots: 2 });
    assert.equal(first?.toPartId, "c");
  });

  it("a task moves once", () => {
    const moved = { ...blocked, unstarted: blocked.unstarted.map((task) => ({ ...task, moved: true })) };
    assert.deepEqual(balance([moved, part("b")], { freeSlots: 2 }), []);
  });

  it("a task stays if no free slot can run it", () => {
    const unmet = blocked.unstarted.map((task, at) => ({ ...task, unmet: at >= 5 }));
    const moves = balance([{ ...blocked, unstarted: unmet }, part("b")], { freeSlots: 2 });
    assert.equal(moves[0]?.taskId, "a-4");
  });

  it("for any parts: each task moves at most once, from its part to another", () => {
    const inputs = fc.record({
      count: fc.nat(12),
      slots: fc.nat(4),
      blockedMs: fc.nat(5_000),
      atWorkMs: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(inputs, { maxLength: 4 }), fc.nat(4), (all, freeSlots) => {
        const parts = all.map(({ count, ...rest }, at) =>
          part(`p${at}`, { ...rest, unstarted: tasks(`p${at}`, count) }),
        );
        const moves = balance(parts, { freeSlots });
        assert.equal(new Set(moves.map(({ taskId }) => taskId)).size, moves.length);
        for (const { taskId, fromPartId, toPartId } of moves) {
          assert.ok(taskId.startsWith(`${fromPartId}-`) && toPartId !== fromPartId);
          assert.ok(parts.some(({ partId }) => partId === toPartId));
        }
      }),
      { numRuns: 500 },
    );
  });
});
