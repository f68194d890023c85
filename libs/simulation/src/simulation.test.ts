import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { drawPlan } from "./plan/draw.ts";
import { minimise } from "./plan/minimise.ts";
import type { Plan } from "./plan/plan.ts";
import { drawRunsPlan } from "./runs/draw-runs.ts";
import { drawSessionsPlan } from "./sessions/draw-sessions.ts";
import { simulate } from "./simulation.ts";
import { weakeningOf, weakenings } from "./weakenings/index.ts";
import { drawWorkPlan } from "./work/draw-work.ts";
import { workWeakenings } from "./work/work-weakenings.ts";
import { linesTo } from "./world/trace.ts";

const plans = new URL("../test/plans/", import.meta.url);

describe("a simulated run", () => {
  it("finds no violation in a sample of seeds, with and without faults", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { finding } = await simulate(drawPlan(seed));
      assert.equal(finding, undefined, `seed ${seed}: ${finding?.check}: ${finding?.text}`);
    }
  });

  it("ends workflow runs as the simple interpreter does, with and without faults", async () => {
    for (let seed = 0; seed < 8; seed++) {
      const { finding } = await simulate(drawRunsPlan(seed));
      assert.equal(finding, undefined, `seed ${seed}: ${finding?.check}: ${finding?.text}`);
    }
  });

  it("allows only valid steps of missions and runs that share a pool, with and without faults", async () => {
    for (let seed = 0; seed < 8; seed++) {
      const { finding } = await simulate(drawWorkPlan(seed));
      assert.equal(finding, undefined, `seed ${seed}: ${finding?.check}: ${finding?.text}`);
    }
  });

  it("ends sessions in every mode as if their tasks ran one after the other, with and without faults", async () => {
    for (let seed = 0; seed < 8; seed++) {
      const { finding } = await simulate(drawSessionsPlan(seed));
      assert.equal(finding, undefined, `seed ${seed}: ${finding?.check}: ${finding?.text}`);
    }
  });

  it("produces the same log of sessions each time, line by line", async () => {
    const story = async (): Promise<string[]> => {
      const lines: string[] = [];
      await simulate(
        drawSessionsPlan(11),
        undefined,
        linesTo((line) => lines.push(line)),
      );
      return lines;
    };
    const first = await story();
    assert.ok(first.some((line) => line.includes("operation_queued")));
    assert.deepEqual(await story(), first);
  });

  it("produces the same log of missions each time, line by line", async () => {
    const story = async (): Promise<string[]> => {
      const lines: string[] = [];
      await simulate(
        drawWorkPlan(3),
        undefined,
        linesTo((line) => lines.push(line)),
      );
      return lines;
    };
    const first = await story();
    assert.ok(first.some((line) => line.includes("task_claimed")));
    assert.deepEqual(await story(), first);
  });

  it("produces the same log each time, line by line", async () => {
    for (const seed of [2, 3, 7, 11]) {
      const story = async (): Promise<string[]> => {
        const lines: string[] = [];
        await simulate(
          drawPlan(seed),
          undefined,
          linesTo((line) => lines.push(line)),
        );
        return lines;
      };
      const first = await story();
      assert.ok(first.length > 20);
      assert.deepEqual(await story(), first);
    }
  });

  it("draws embedded and clustered systems, without faults and with every kind of fault", () => {
    const drawnPlans = Array.from({ length: 400 }, (_, seed) => drawPlan(seed));
    const kinds = new Set(drawnPlans.flatMap(({ disturbances }) => disturbances.map(({ kind }) => kind)));
    const expected = ["clock", "crash", "cut", "damage", "fill", "move", "pause", "power fails"];
    assert.deepEqual([...kinds].sort(), expected);
    const has = (predicate: (plan: Plan) => boolean): void =>
      assert.ok(drawnPlans.some(predicate), String(predicate));
    has(({ variant }) => variant === "embedded");
    has(({ variant }) => variant === "cluster");
    has(({ network, disturbances }) => network.drops === 0 && disturbances.length === 0);
    has(({ network }) => network.drops > 0 && network.doubles > 0 && network.slow > 0);
    has(({ disk }) => (disk.syncFails ?? 0) > 0 && (disk.shortWrites ?? 0) > 0);
    has(({ archive }) => archive.fails > 0 && archive.failsAfter > 0);
  });
});

describe("an earlier finding", () => {
  for (const name of readdirSync(plans).sort()) {
    it(`stays fixed: ${name.replace(".json", "").replaceAll("-", " ")}`, async () => {
      const plan = JSON.parse(readFileSync(new URL(name, plans), "utf8")) as Plan;
      const { finding } = await simulate(plan);
      assert.equal(finding, undefined, `${finding?.check}: ${finding?.text}`);
    });
  }
});

describe("a weakened system", () => {
  it("is one of eight, or of nineteen for missions, each with its own name", () => {
    assert.equal(weakenings.length, 8);
    for (const weakening of weakenings) assert.equal(weakeningOf(weakening.name), weakening);
    for (const weakening of workWeakenings) assert.equal(weakeningOf(weakening.name), weakening);
    assert.equal(workWeakenings.length, 19);
    assert.throws(() => weakeningOf("no-such"), /expected a weakening \(no-fencing, .*\), got no-such/);
  });

  it("is caught in missions, and its minimised plan fails in the same way", async () => {
    const weakening = weakeningOf("claims-twice");
    const plan = drawWorkPlan(1);
    const fails = async (candidate: Plan): Promise<boolean> =>
      (await simulate(candidate, weakening)).finding?.text.includes("is claimed by") === true;
    assert.ok(await fails(plan));
    const smallest = await minimise(plan, fails);
    assert.ok(await fails(smallest));
    assert.deepEqual(smallest.disturbances, []);
    assert.equal(smallest.work?.actors.length, 1);
  });

  const promises: readonly [promise: string, weakening: string, seed: number, check: string, says: RegExp][] =
    [
      ["nothing takes effect twice", "work-no-deduplication", 9, "model", /takes effect \(.* and in batch/],
      ["what is durable is not done again", "work-forgets-tokens", 6, "durable", /does .* again/],
      ["budgets are never exceeded", "nothing-aside", 1, "model", /tokens are reserved, by its parts/],
      ["leases exclude in a pool", "work-forgets-tokens", 90, "leases", /was given to .* while .* has it/],
      ["leases exclude on a board", "claims-twice", 1, "model", /is claimed by .* while it is running/],
      ["a vote counts once", "votes-twice", 1, "model", /the vote .* has 2 ballots, expected 1/],
      ["a slot never holds two", "work-one-slot-more", 0, "slots", /tasks for .* slots/],
      ["fairness is within its bound", "work-one-party", 0, "fairness", /shares differ by/],
    ];
  for (const [promise, name, seed, check, pattern] of promises)
    it(`is caught in work if it breaks the promise that ${promise}`, async () => {
      const { finding } = await simulate(drawWorkPlan(seed), weakeningOf(name));
      assert.equal(finding?.check, check);
      assert.match(finding.text, pattern);
    });

  it("is caught, and its minimised plan fails in the same way", async () => {
    const weakening = weakeningOf("events-not-awaited");
    const plan = drawPlan(0);
    const fails = async (candidate: Plan): Promise<boolean> =>
      (await simulate(candidate, weakening)).finding?.check === "rests";
    assert.ok(await fails(plan));
    const smallest = await minimise(plan, fails);
    assert.ok(await fails(smallest));
    assert.deepEqual([smallest.operations.length, smallest.disturbances.length], [1, 0]);
  });
});
