/**
 * Boards drawn by chance, compared with a plain reading of what they promise. machines that read one word otherwise,
 * which are noticed.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  PutEntriesRequest,
  ReleaseTasksRequest,
  ReserveBudgetRequest,
  ReturnBudgetRequest,
  SpendBudgetRequest,
} from "@tutti/contracts/swarm/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { isRefusal } from "@tutti/kernel";
import fc from "fast-check";
import * as budgets from "../src/budget/events.ts";
import * as claims from "../src/claim/events.ts";
import * as entries from "../src/entry/events.ts";
import { putEntries, releaseTasks, reserveBudget, returnBudget, spendBudget } from "../src/index.ts";
import type { MissionEvent } from "../src/state.ts";
import * as tasks from "../src/task/events.ts";
import { json, MissionScene, taken, taskSpec } from "../src/testing/index.ts";
import { PlainBoard, type PlainClaim, plainLeaseMs } from "../src/testing/plain-board.ts";

type Act =
  | { readonly act: "add"; readonly id: number; readonly priority: number; readonly estimate: number }
  | { readonly act: "claim"; readonly agent: string }
  | { readonly act: "end"; readonly which: number; readonly used: number; readonly isWell: boolean }
  | { readonly act: "release"; readonly which: number }
  | { readonly act: "time"; readonly ms: number }
  | {
      readonly act: "put";
      readonly key: string;
      readonly value: number | undefined;
      readonly ifVersion: number | undefined;
    }
  | { readonly act: "reserve"; readonly amount: number }
  | { readonly act: "spend"; readonly number: number; readonly amount: number }
  | { readonly act: "return"; readonly number: number };

const small = fc.nat(4);
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("add" as const),
      id: fc.nat(9),
      priority: fc.integer({ min: -1, max: 1 }),
      estimate: small,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constant("claim" as const), agent: fc.constantFrom("anna", "ben") }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("end" as const),
      which: fc.nat(9),
      used: fc.nat(6),
      isWell: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("release" as const), which: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("time" as const),
      ms: fc.constantFrom(1, 1_000, 4_999, 5_000, 30_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("put" as const),
      key: fc.constantFrom("x", "y"),
      value: fc.constantFrom(undefined, 1, 2),
      ifVersion: fc.constantFrom(undefined, 0, 1, 2, 3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("reserve" as const), amount: small }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("spend" as const),
      number: fc.integer({ min: 1, max: 3 }),
      amount: small,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant("return" as const), number: fc.integer({ min: 1, max: 3 }) }),
  },
);

const limit = 40;
const stateOf: Readonly<Record<number, string>> = {
  [TaskStatus.TASK_STATUS_QUEUED]: "ready",
  [TaskStatus.TASK_STATUS_RUNNING]: "claimed",
  [TaskStatus.TASK_STATUS_COMPLETED]: "completed",
  [TaskStatus.TASK_STATUS_FAILED]: "failed",
};

class Pair {
  readonly scene = MissionScene.of({
    assignment: 2,
    stopConditions: [{ name: "never", condition: "board.never == 1" }],
    budget: { amounts: { tokens: limit } },
  });
  readonly board = new PlainBoard(limit, this.scene.driver.nowMs);
  /** Claims so far, as both know them. */
  readonly #claims: { readonly plain: PlainClaim; readonly claimId: string }[] = [];

  constructor() {
    for (const agent of ["anna", "ben"]) taken(this.scene.join(agent));
  }

  step(act: Act): void {
    const { scene, board } = this;
    const { driver, key } = scene;
    switch (act.act) {
      case "add": {
        const { priority, estimate } = act;
        const answer = scene.add([taskSpec(`t${act.id}`, { priority, estimate: { tokens: estimate } })]);
        assert.equal(!isRefusal(answer), board.add(`t${act.id}`, priority, estimate));
        break;
      }
      case "claim": {
        const [task] = scene.claim(act.agent, { leaseMs: plainLeaseMs });
        const plain = board.claim(act.agent);
        assert.equal(task?.spec?.id, plain?.task, "the same task is given, or none");
        if (plain !== undefined) this.#claims.push({ plain, claimId: task?.claim?.claimId ?? "" });
        break;
      }
      case "end":
        this.#end(act);
        break;
      case "release": {
        const found = this.#claims[act.which % Math.max(1, this.#claims.length)];
        if (found === undefined) break;
        const { agent } = found.plain;
        const body = ReleaseTasksRequest.fromPartial({ agentId: agent, claimIds: [found.claimId] });
        assert.equal(
          taken(driver.execute(key, releaseTasks, body)).released === 1,
          board.release(found.plain),
        );
        break;
      }
      case "time":
        driver.advance(act.ms);
        board.advance(act.ms);
        break;
      case "put": {
        const { value, ifVersion } = act;
        const write = {
          key: act.key,
          ...(value !== undefined && { value: json(value) }),
          ...(ifVersion !== undefined && { ifVersion }),
        };
        const { receipts } = taken(
          driver.execute(key, putEntries, PutEntriesRequest.fromPartial({ writes: [write] })),
        );
        assert.equal(receipts[0]?.written, board.put(act.key, value, ifVersion));
        break;
      }
      case "reserve": {
        const { reservation } = taken(
          driver.execute(
            key,
            reserveBudget,
            ReserveBudgetRequest.fromPartial({ amounts: { tokens: act.amount } }),
          ),
        );
        assert.equal(reservation?.reservationId, named(board.reserve(act.amount)));
        break;
      }
      case "spend": {
        const body = SpendBudgetRequest.fromPartial({
          reservationId: `r${act.number}`,
          amounts: { tokens: act.amount },
        });
        assert.equal(!isRefusal(driver.execute(key, spendBudget, body)), board.spend(act.number, act.amount));
        break;
      }
      case "return": {
        const body = ReturnBudgetRequest.fromPartial({ reservationId: `r${act.number}` });
        assert.equal(!isRefusal(driver.execute(key, returnBudget, body)), board.giveBack(act.number));
      }
    }
    this.#compare();
  }

  #end({ which, used, isWell }: Act & { readonly act: "end" }): void {
    const found = this.#claims[which % Math.max(1, this.#claims.length)];
    if (found === undefined) return;
    const { plain, claimId } = found;
    const claim = { claimId, pool: "", agentId: plain.agent, claimTime: undefined, expireTime: undefined };
    const task = { ...this.scene.task(plain.task), claim };
    const lost = isWell
      ? this.scene.complete(plain.agent, [task], 1, { tokens: used })
      : this.scene.fail(plain.agent, [task], "x", { tokens: used });
    assert.equal(
      lost.length === 0,
      this.board.complete(plain, used, isWell),
      "an end counts once, while its claim holds",
    );
  }

  #compare(): void {
    const { state } = this.scene;
    const { board } = this;
    assert.deepEqual(
      state.tasks.map(({ spec, status, lost }) => [spec.id, stateOf[status], lost]),
      board.tasks.map(({ id, state: plain, lost }) => [id, plain, lost]),
    );
    const { spent, reserved, overrun, isUsedUp } = board;
    assert.deepEqual(
      [state.spent.tokens, state.reserved.tokens, state.overrun.tokens],
      [spent, reserved, overrun],
    );
    assert.equal(state.isUsedUp, isUsedUp);
    assert.ok(spent + reserved <= limit);
    for (const [key, { value, version }] of board.entries) {
      const entry = state.entries.get(key);
      assert.deepEqual([entry?.value !== undefined, entry?.version], [value !== undefined, version]);
    }
  }
}

function named(number: number | undefined): string | undefined {
  return number === undefined ? undefined : `r${number}`;
}

function hold(runs: number): void {
  const property = fc.property(fc.array(acts, { minLength: 20, maxLength: 60, size: "max" }), (list) => {
    const pair = new Pair();
    for (const act of list) pair.step(act);
  });
  fc.assert(property, { seed: 3, numRuns: runs, endOnFailure: true });
}

/** Reads one word otherwise while something is done. */
// biome-ignore lint/suspicious/noExplicitAny: events of many bodies, each changed in its own way
type Weakening = readonly [name: string, event: MissionEvent<any>, change: (body: any) => any];

const weakenings: readonly Weakening[] = [
  ["a silent agent's share comes back", claims.attemptReturned, (body) => ({ ...body, lost: false })],
  ["a claim sets nothing aside", claims.taskClaimed, (body) => ({ ...body, reserved: undefined })],
  ["a claim lasts a moment longer", claims.taskClaimed, (body) => ({ ...body, leaseMs: body.leaseMs + 1 })],
  ["a claim bears the number of the one before", claims.taskClaimed, (body) => ({ ...body, attempt: 2 })],
  ["what a task used is not booked", tasks.taskCompleted, (body) => ({ ...body, used: undefined })],
  ["what a failure used is not booked", tasks.taskFailed, (body) => ({ ...body, used: undefined })],
  [
    "a removal leaves the value",
    entries.entriesWritten,
    (body) => ({
      ...body,
      entries: body.entries.filter(({ value }: { value: unknown }) => value !== undefined),
    }),
  ],
  [
    "a write counts twice",
    entries.entriesWritten,
    (body) => ({ ...body, entries: [...body.entries, ...body.entries] }),
  ],
  [
    "spending costs half",
    budgets.budgetSpent,
    (body) => ({ ...body, amounts: { ...body.amounts, tokens: body.amounts.tokens / 2 } }),
  ],
  [
    "a reservation is half of what was asked for",
    budgets.budgetReserved,
    (body) => ({ ...body, amounts: { ...body.amounts, tokens: body.amounts.tokens / 2 } }),
  ],
];

describe("boards drawn by chance", () => {
  it("do what a plain reading of the words says", () => hold(60));

  for (const [name, event, change] of weakenings)
    it(`notices a machine in which ${name}`, () => {
      const { evolve } = event;
      const open = event as { evolve: typeof evolve };
      open.evolve = (state, body, outstanding) => evolve(state, change(body), outstanding);
      try {
        assert.throws(() => hold(60));
      } finally {
        open.evolve = evolve;
      }
    });
});
