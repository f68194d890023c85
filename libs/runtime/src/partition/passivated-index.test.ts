import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArchivePartition, DueInstance } from "@tutti/journal";
import fc from "fast-check";
import type { Instances } from "./instances.ts";
import { PassivatedIndex } from "./passivated-index.ts";

function due(dueMs: number, incarnation: number): DueInstance {
  return { dueMs, incarnation, key: { namespace: "", kind: "k", id: `${incarnation}` } };
}

function isBehind(one: DueInstance, after: DueInstance | undefined): boolean {
  if (after === undefined) return true;
  return one.dueMs > after.dueMs || (one.dueMs === after.dueMs && one.incarnation > after.incarnation);
}

/**
 * A list of sleepers in place of an archive. Waking does not change the list, as with an instance that is not
 * passivated again.
 */
function scene(list: DueInstance[]) {
  const woken: number[] = [];
  const requests: number[] = [];
  const faults: unknown[] = [];
  let wakes = 0;
  const archive = {
    due: async (beforeMs: number, limit: number, after?: DueInstance) => {
      requests.push(limit);
      return list
        .toSorted((one, other) => one.dueMs - other.dueMs || one.incarnation - other.incarnation)
        .filter((one) => one.dueMs <= beforeMs && isBehind(one, after))
        .slice(0, limit);
    },
    nextDueMs: async () => (list.length === 0 ? undefined : Math.min(...list.map(({ dueMs }) => dueMs))),
  } as unknown as ArchivePartition;
  const instances = {
    find: async ({ id }: { readonly id: string }) => {
      woken.push(Number(id));
      return { kind: "absent" };
    },
  } as unknown as Instances;
  const passivated = new PassivatedIndex({
    archive,
    instances,
    wake: () => wakes++,
    faulted: (fault) => faults.push(fault),
  });
  return { passivated, woken, requests, faults, list, wakes: () => wakes };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("sleepers", () => {
  it("are restored once each and in order, shortly before they are due", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1_000, max: 9_000 }), { maxLength: 30 }), async (times) => {
        const { passivated, woken, list } = scene(times.map((dueMs, index) => due(dueMs, index + 1)));
        await passivated.start();
        for (let nowMs = 0; nowMs <= 10_000; nowMs += 500) {
          passivated.wakeDue(nowMs);
          await turn();
          const early = list.filter(
            ({ incarnation, dueMs }) => woken.includes(incarnation) && dueMs > nowMs + 500,
          );
          assert.deepEqual(early, []);
          for (const { dueMs, incarnation } of list)
            if (dueMs <= nowMs) assert.ok(woken.includes(incarnation));
        }
        const order = list.toSorted(
          (one, other) => one.dueMs - other.dueMs || one.incarnation - other.incarnation,
        );
        assert.deepEqual(
          woken,
          order.map(({ incarnation }) => incarnation),
        );
        assert.equal(passivated.nextDueMs, Number.POSITIVE_INFINITY);
      }),
      { seed: 11, numRuns: 30 },
    );
  });

  it("are restored one page at a time if very many are due", async () => {
    const { passivated, woken, wakes } = scene(
      Array.from({ length: 1_500 }, (_, index) => due(1_000, index + 1)),
    );
    await passivated.start();
    for (let pages = 1; pages <= 3; pages++) {
      assert.ok(passivated.nextDueMs <= 1_000);
      passivated.wakeDue(5_000);
      passivated.wakeDue(5_000);
      await turn();
      assert.equal(wakes(), pages);
    }
    assert.equal(woken.length, 1_500);
    assert.equal(new Set(woken).size, 1_500);
  });

  it("are not missed if passivated while others are restored", async () => {
    const { passivated, woken, list } = scene([due(1_000, 1), due(90_000, 2)]);
    await passivated.start();
    passivated.wakeDue(1_000);
    list.push(due(7_000, 3));
    passivated.addDue(7_000);
    await turn();
    passivated.wakeDue(7_000);
    await turn();
    assert.deepEqual(woken, [1, 3]);
    passivated.wakeDue(90_000);
    await turn();
    assert.deepEqual(woken, [1, 3, 2]);
  });

  it("are not missed if passivated while an answer of the archive is on its way", async () => {
    // At one of these steps the archive has found the next entry, and its answer is on its way.
    for (let steps = 1; steps <= 8; steps++) {
      const { passivated, woken, list } = scene([due(1_000, 1), due(90_000, 2)]);
      await passivated.start();
      passivated.wakeDue(1_000);
      for (let step = 0; step < steps; step++) await Promise.resolve();
      list.push(due(7_000, 3));
      passivated.addDue(7_000);
      await turn();
      passivated.wakeDue(7_000);
      await turn();
      assert.deepEqual(woken, [1, 3]);
    }
  });

  it("report a failure of the archive, unless they were stopped", async () => {
    for (const isStopped of [false, true]) {
      const { passivated, faults, list } = scene([due(1_000, 1)]);
      await passivated.start();
      list.toSorted = () => {
        throw new Error("damaged");
      };
      passivated.wakeDue(1_000);
      if (isStopped) passivated.stop();
      await turn();
      assert.equal(faults.length, isStopped ? 0 : 1);
    }
  });
});
