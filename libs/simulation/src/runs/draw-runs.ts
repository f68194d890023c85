/** Draws plans with runs of workflows. The system and its faults are drawn as for the bank. */
import { seededChance } from "@tutti/kernel/testing";
import { drawRun } from "@tutti/machine-run/testing";
import { drawPlan } from "../plan/draw.ts";
import type { Plan, PlannedRun } from "../plan/plan.ts";

/** Separate random streams: draws of a definition do not change other draws. */
const runsStream = 2 ** 40;
const durationMs = 10_000;
/** No run may be removed before its check, with any clock. */
const keepMs = 1_000 * 3_600_000;

export function drawRunsPlan(seed: number): Plan {
  const plan = drawPlan(seed);
  const chance = seededChance(seed + runsStream);
  const count = 1 + Math.floor(chance.random() ** 2 * 6);
  const runs = Array.from({ length: count }, (_, index): PlannedRun => {
    const atMs = Math.floor(chance.random() * durationMs * 0.5);
    return { id: `run-${index}`, atMs, run: drawRun(chance) };
  });
  return { ...plan, operations: [], runs, limits: { ...plan.limits, keepMs } };
}
