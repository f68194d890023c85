import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Move, type PlanLimits, type PlanPartition, type PlanView, plan } from "./plan.ts";

const limits: PlanLimits = { gapMin: 0.15, benefitMin: 0.05, idleMax: 0.03, movesMax: 2 };

/** `a:0.5,0.2 b: !c:0.1`: the partitions of each process by their loads. `!` leaves, `-` is no process. */
function viewOf(text: string): PlanView {
  const holders: PlanView["holders"][number][] = [];
  const partitions: PlanPartition[] = [];
  for (const part of text.split(" ")) {
    const [name = "", loads = ""] = part.split(":");
    const id = name.replace("!", "");
    if (id !== "-") holders.push({ id, leaving: name.startsWith("!"), otherLoad: 0 });
    for (const load of loads === "" ? [] : loads.split(",")) {
      const owner = id === "-" ? undefined : id;
      partitions.push({
        partition: partitions.length,
        owner,
        to: undefined,
        load: Number(load),
        resting: false,
      });
    }
  }
  return { holders, partitions };
}

function short(moves: readonly Move[]): string {
  return moves
    .map(({ partition, from, to, reason }) => `${partition} ${from ?? "-"}>${to} ${reason}`)
    .join(", ");
}

/** The view after the moves were made. */
function after(view: PlanView, moves: readonly Move[]): PlanView {
  const to = new Map(moves.map((move) => [move.partition, move.to]));
  const partitions = view.partitions.map((each) => ({
    ...each,
    owner: to.get(each.partition) ?? each.owner,
  }));
  return { ...view, partitions };
}

describe("plan", () => {
  for (const [title, view, moves] of [
    ["gives everything to the first process", "-:0,0,0 a:", "0 ->a orphaned, 1 ->a orphaned, 2 ->a orphaned"],
    ["spreads what is idle by number when one joins", "a:0,0,0,0 b:", "0 a>b number, 1 a>b number"],
    ["leaves alone what differs by one", "a:0,0,0 b:0,0", ""],
    [
      "gives the partitions of the dead to the least busy",
      "-:0.4,0.1 a:0.3 b:0",
      "0 ->b orphaned, 1 ->a orphaned",
    ],
    [
      "empties a process that leaves",
      "!a:0.2,0.2,0.2 b:0.1 c:0",
      "0 a>c leaving, 1 a>b leaving, 2 a>c leaving",
    ],
    ["keeps the partitions of a leaving process if no process stays", "!a:0.2,0.2", ""],
    ["moves a hot set to an idle process by load", "a:0.2,0.2,0.2,0.2 b:0,0,0,0", "0 a>b load, 1 a>b load"],
    ["does not move a single hot partition to and fro", "a:0.9 b:0", ""],
    ["moves what is beside a hot partition", "a:0.6,0.3 b:0", "1 a>b load"],
    ["takes the better of two partitions", "a:0.5,0.4,0.1 b:0", "0 a>b load"],
    ["lets small differences be", "a:0.3,0.1 b:0.2,0.1", ""],
    ["does not burden a busy process with idle partitions", "a:0.8 b:0,0,0,0", ""],
  ] as const) {
    it(title, () => assert.equal(short(plan(viewOf(view), limits)), moves));
  }

  it("counts a moving partition at its receiver, and does not move it again", () => {
    const { holders, partitions } = viewOf("a:0.3,0.3,0.3 b:");
    const moving = partitions.map((each, index) => (index === 0 ? { ...each, to: "b" } : each));
    assert.equal(short(plan({ holders, partitions: moving }, limits)), "");
  });

  it("names another receiver when the first receiver of a leaving process is gone", () => {
    const { holders, partitions } = viewOf("!a:0.1 c:");
    const moving = partitions.map((each) => ({ ...each, to: "b" }));
    assert.equal(short(plan({ holders, partitions: moving }, limits)), "0 a>c leaving");
  });

  it("does not move a partition that moved recently", () => {
    const { holders, partitions } = viewOf("a:0.3,0.3 b:0");
    const resting = partitions.map((each) => ({ ...each, resting: true }));
    assert.equal(short(plan({ holders, partitions: resting }, limits)), "");
  });

  it("includes the other load of a process", () => {
    const { holders, partitions } = viewOf("a:0.2,0.2 b:");
    const busy = holders.map((each) => ({ ...each, otherLoad: each.id === "b" ? 0.4 : 0 }));
    assert.equal(short(plan({ holders: busy, partitions }, limits)), "");
  });
});

describe("plan, for any cluster", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const views: fc.Arbitrary<PlanView> = fc
    .record({
      holders: fc.array(
        fc.record({
          leaving: fc.boolean(),
          otherLoad: fc.constantFrom(0, 0, 0.1, 0.5),
        }),
        { maxLength: 5 },
      ),
      partitions: fc.array(
        fc.record({
          owner: fc.option(fc.constantFrom(...ids), { nil: undefined }),
          to: fc.option(fc.constantFrom(...ids), { nil: undefined, freq: 5 }),
          load: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
          resting: fc.boolean(),
        }),
        { maxLength: 24 },
      ),
    })
    .map(({ holders, partitions }) => {
      const present = holders.map((each, index) => ({ ...each, id: ids[index] ?? "" }));
      const known = (id: string | undefined) => present.find((each) => each.id === id)?.id;
      return {
        holders: present,
        partitions: partitions.map((each, partition) => ({
          ...each,
          partition,
          owner: known(each.owner),
          to: known(each.to),
        })),
      };
    });
  const check = (property: (view: PlanView, moves: readonly Move[]) => void) =>
    fc.assert(
      fc.property(views, (view) => property(view, plan(view, limits))),
      { numRuns: 500 },
    );
  const isStaying = (view: PlanView, id: string) =>
    view.holders.some((each) => each.id === id && !each.leaving);

  it("moves each partition at most once, from its owner to another process that stays", () =>
    check((view, moves) => {
      assert.equal(new Set(moves.map(({ partition }) => partition)).size, moves.length);
      for (const { partition, from, to } of moves) {
        assert.equal(from, view.partitions[partition]?.owner);
        assert.notEqual(from, to);
        assert.ok(isStaying(view, to));
      }
    }));

  it("leaves no partition without a staying owner, if any process stays", () =>
    check((view, moves) => {
      if (!view.holders.some(({ leaving }) => !leaving)) return assert.deepEqual(moves, []);
      const moved = new Set(moves.map(({ partition }) => partition));
      for (const { partition, owner, to } of view.partitions) {
        const cared =
          owner !== undefined && (isStaying(view, owner) || (to !== undefined && isStaying(view, to)));
        assert.ok(cared || moved.has(partition), `partition ${partition}`);
      }
    }));

  it("limits the number of balancing moves, and moves no resting or moving partition to balance", () =>
    check((view, moves) => {
      const balancing = moves.filter(({ reason }) => reason === "load" || reason === "number");
      assert.ok(balancing.length <= limits.movesMax);
      for (const { partition } of balancing) {
        const { resting, to } = view.partitions[partition] ?? {};
        assert.equal(resting, false);
        assert.ok(to === undefined || !isStaying(view, to));
      }
    }));

  it("does not depend on the order in which the cluster is described", () =>
    check((view, moves) => {
      const turned = { holders: view.holders.toReversed(), partitions: view.partitions.toReversed() };
      assert.deepEqual(plan(turned, limits), moves);
    }));

  it("makes only balancing moves with a benefit: the busier process gains, or the counts become more even", () =>
    check((view) => {
      const settled = {
        ...view,
        partitions: view.partitions.map((each) => ({ ...each, to: undefined })),
      };
      for (const move of plan(settled, { ...limits, movesMax: 1 })) {
        // Partitions without an owner are assigned first, which changes the comparison of the others.
        if (move.reason === "orphaned" || move.reason === "leaving") return;
        const before = loadsOf(settled);
        const then = loadsOf(after(settled, [move]));
        const highest = (loads: ReadonlyMap<string, Sum>) =>
          Math.max(loads.get(move.from ?? "")?.load ?? 0, loads.get(move.to)?.load ?? 0);
        if (move.reason === "load") assert.ok(highest(before) - highest(then) >= limits.benefitMin - 1e-9);
        else
          assert.ok(
            (before.get(move.from ?? "")?.count ?? 0) - (before.get(move.to)?.count ?? 0) >= 2,
            short([move]),
          );
      }
    }));

  it("stops moving partitions while loads stay the same", () =>
    check((view) => {
      let current = {
        ...view,
        partitions: view.partitions.map((each) => ({ ...each, to: undefined, resting: false })),
      };
      for (let round = 0; round < 200; round++) {
        const moves = plan(current, limits);
        if (moves.length === 0) return;
        current = {
          ...current,
          partitions: after(current, moves).partitions.map((each) => ({ ...each, to: undefined })),
        };
      }
      assert.fail("still moving after 200 rounds");
    }));

  interface Sum {
    load: number;
    count: number;
  }
  function loadsOf(view: PlanView): ReadonlyMap<string, Sum> {
    const sums = new Map(view.holders.map(({ id, otherLoad }) => [id, { load: otherLoad, count: 0 }]));
    for (const { owner, load } of view.partitions) {
      const sum = sums.get(owner ?? "");
      if (sum === undefined) continue;
      sum.load += load < limits.idleMax ? 0 : load;
      sum.count++;
    }
    return sums;
  }
});
