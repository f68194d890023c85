import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import fc from "fast-check";
import { clientCall } from "../testing/calls.ts";
import { lost, targetOf } from "../testing/targets.ts";
import { pickTarget } from "./power-of-two.ts";
import type { Target } from "./target.ts";

async function open(target: Target): Promise<void> {
  await target.breaker.send(() => Promise.reject(lost), clientCall("get")).catch(() => {});
  assert.equal(target.breaker.state, "open");
}

/** Simulates calls of a fixed latency per target, a few at a time. Returns the number of calls of each target. */
function simulate(latenciesMs: readonly number[], calls: number, seed: number): number[] {
  const chance = seededChance(seed);
  const targets = latenciesMs.map((_, index) => targetOf(String(index)));
  const counts = latenciesMs.map(() => 0);
  const running: { readonly target: Target; readonly startedMs: number; readonly endMs: number }[] = [];
  let nowMs = 0;
  for (let call = 0; call < calls; call++) {
    const target = pickTarget(targets, { nowMs, chance });
    assert.ok(target !== undefined);
    const index = targets.indexOf(target);
    counts[index] = (counts[index] ?? 0) + 1;
    target.started();
    running.push({ target, startedMs: nowMs, endMs: nowMs + (latenciesMs[index] ?? 0) });
    if (running.length < 20) continue;
    running.sort((one, other) => one.endMs - other.endMs);
    const ended = running.shift();
    if (ended === undefined) continue;
    nowMs = Math.max(nowMs, ended.endMs);
    ended.target.succeeded(ended.startedMs, nowMs);
  }
  return counts;
}

describe("the power of two choices", () => {
  it("balances the load of equal instances", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer(), (count, seed) => {
        const counts = simulate(Array(count).fill(10), 2_000, seed);
        const fair = 2_000 / count;
        for (const got of counts) assert.ok(got > fair * 0.6 && got < fair * 1.4, `${counts}`);
      }),
      { numRuns: 30 },
    );
  });

  it("gives a slow instance less load, but some", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const [fast = 0, other = 0, slow = 0] = simulate([5, 5, 50], 2_000, seed);
        assert.ok(slow < fast / 2 && slow < other / 2, `${fast} ${other} ${slow}`);
        assert.ok(slow > 0);
      }),
      { numRuns: 30 },
    );
  });

  it("never picks a draining instance or one with an open breaker while another is available", async () => {
    const broken = targetOf("broken");
    await open(broken);
    const targets = [
      broken,
      targetOf("draining", { draining: true }),
      targetOf("well"),
      targetOf("well-too"),
    ];
    const chance = seededChance(1);
    const picked = new Set<string | undefined>();
    for (let call = 0; call < 500; call++) picked.add(pickTarget(targets, { nowMs: 0, chance })?.instance.id);
    assert.deepEqual([...picked].sort(), ["well", "well-too"]);
  });

  it("picks none when none can be used", async () => {
    const broken = targetOf("broken");
    await open(broken);
    const draining = targetOf("draining", { draining: true });
    const chance = seededChance(1);
    assert.equal(pickTarget([], { nowMs: 0, chance }), undefined);
    assert.equal(pickTarget([broken], { nowMs: 0, chance }), undefined);
    assert.equal(pickTarget([broken, draining], { nowMs: 0, chance }), undefined);
  });

  it("prefers ready connections, and avoids instances that the call has tried", () => {
    const ready = targetOf("ready");
    const targets = [
      targetOf("failing", { state: "failing" }),
      ready,
      targetOf("connecting", { state: "connecting" }),
    ];
    const chance = seededChance(2);
    for (let call = 0; call < 100; call++) {
      assert.equal(pickTarget(targets, { nowMs: 0, chance })?.instance.id, "ready");
      assert.equal(pickTarget(targets, { nowMs: 0, chance, avoid: [ready] })?.instance.id, "connecting");
    }
  });

  it("avoids an instance for a while after it reported that it drains", () => {
    const leaving = targetOf("leaving");
    leaving.reportDraining(true, 0);
    const chance = seededChance(3);
    assert.equal(pickTarget([leaving], { nowMs: 9_999, chance }), undefined);
    assert.equal(pickTarget([leaving], { nowMs: 10_000, chance }), leaving);
  });
});
