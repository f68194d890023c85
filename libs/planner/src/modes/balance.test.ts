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
  heldUpMs: 0,
  ...rest,
});

describe("moving tasks between parts", () => {
  const held = part("a", { unstarted: tasks("a", 10), heldUpMs: 3_000, mode: "swarm" });

  it("what is held up goes where a slot is free, the last tasks first", () => {
    const moves = balance([held, part("b")], { freeSlots: 2 });
    assert.ok(moves.length > 3 && moves.length < 10, `${moves.length}`);
    assert.deepEqual(
      [moves[0]?.taskId, moves[0]?.fromPartId, moves[0]?.toPartId, moves[0]?.toMode],
      ["a-9", "a", "b", "workflow"],
    );
    assert.match(moves[0]?.reason ?? "", /swarm holds its tasks up by 3 s each while 2 slots are free/);
  });

  it("nothing moves where no slot is free, or nothing is held up, or too little is gained", () => {
    assert.deepEqual(balance([held, part("b")], { freeSlots: 0 }), []);
    assert.deepEqual(balance([{ ...held, heldUpMs: 0 }, part("b")], { freeSlots: 2 }), []);
    assert.deepEqual(balance([held, part("b")], { freeSlots: 2, gainLeast: 0.95 }), []);
    assert.deepEqual(balance([held], { freeSlots: 2 }), []);
  });

  it("nothing goes where tasks have just come from", () => {
    assert.deepEqual(balance([held, part("b", { isLeft: true })], { freeSlots: 2 }), []);
    const [first] = balance([held, part("b", { isLeft: true }), part("c")], { freeSlots: 2 });
    assert.equal(first?.toPartId, "c");
  });

  it("a task moves once", () => {
    const moved = { ...held, unstarted: held.unstarted.map((task) => ({ ...task, moved: true })) };
    assert.deepEqual(balance([moved, part("b")], { freeSlots: 2 }), []);
  });

  it("a task that no free slot could take stays", () => {
    const unmet = held.unstarted.map((task, at) => ({ ...task, unmet: at >= 5 }));
    const moves = balance([{ ...held, unstarted: unmet }, part("b")], { freeSlots: 2 });
    assert.equal(moves[0]?.taskId, "a-4");
  });

  it("for any parts: each task at most once, from where it is to elsewhere", () => {
    const drawn = fc.record({
      count: fc.nat(12),
      slots: fc.nat(4),
      heldUpMs: fc.nat(5_000),
      atWorkMs: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 4 }), fc.nat(4), (all, freeSlots) => {
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
