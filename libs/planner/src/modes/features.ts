import { timingOf } from "../graph/critical-path.ts";
import { levelsOf } from "../graph/width.ts";
import type { Situation } from "./situation.ts";

/** The features of a choice, by name, in their order. */
const featureNames = [
  "tasks",
  "depth",
  "width",
  "parallelism",
  "needsPerTask",
  "meanMs",
  "variation",
  "unknown",
  "finds",
  "agents",
  "slots",
  "tasksPerSlot",
  "speedVariation",
  "load",
  "parts",
] as const;

export type SituationFeatures = Readonly<Record<(typeof featureNames)[number], number>>;

/** @param parts number of parts of its graph */
export function featuresOf(
  { problem, kindVariance, finds, load }: Situation,
  parts: number,
): SituationFeatures {
  const { tasks, sizesMs, after, slots, agents } = problem;
  const { lengthMs, workMs } = timingOf(after, sizesMs);
  const levels = levelsOf(after);
  const onLevel = new Map<number, number>();
  for (const level of levels) onLevel.set(level, (onLevel.get(level) ?? 0) + 1);
  const meanMs = tasks === 0 ? 0 : workMs / tasks;
  const paces = problem.candidates.flatMap((those, demand) =>
    Array.from(those, (slot) => problem.paces[demand * agents + (problem.agentOfSlot[slot] ?? 0)] ?? 1),
  );
  return {
    tasks,
    depth: onLevel.size,
    width: Math.max(0, ...onLevel.values()),
    parallelism: lengthMs === 0 ? 0 : workMs / lengthMs,
    needsPerTask: tasks === 0 ? 0 : after.targets.length / tasks,
    meanMs,
    variation: variationOf(Array.from(sizesMs)),
    unknown: tasks === 0 ? 0 : kindVariance.reduce((sum, value) => sum + value / (value + 0.25), 0) / tasks,
    finds: tasks === 0 ? 0 : finds.reduce((sum, value) => sum + value, 0) / tasks,
    agents,
    slots,
    tasksPerSlot: slots === 0 ? 0 : tasks / slots,
    speedVariation: variationOf(paces.map((pace) => 1 / pace)),
    load,
    parts,
  };
}

/** Returns the deviation over the mean. */
function variationOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (mean === 0) return 0;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Math.sqrt(variance) / mean;
}

/** Returns scaled values for a regression: around 0, with differences of about 1. */
export function scaled(features: Readonly<Record<string, number>>): readonly number[] {
  const value = (name: keyof SituationFeatures) => features[name] ?? 0;
  const log = (amount: number, middle: number, width: number) =>
    (Math.log1p(amount) - Math.log1p(middle)) / width;
  return [
    log(value("tasks"), 50, 2),
    log(value("parallelism"), 8, 1.5),
    log(value("meanMs"), 500, 3),
    log(value("tasksPerSlot"), 4, 1.5),
    Math.min(2, value("variation")) - 0.5,
    Math.min(1, value("speedVariation")) * 2 - 0.5,
    value("unknown") - 0.5,
    Math.min(1, value("finds") * 2),
    value("load") - 0.3,
    value("parts") > 1 ? 1 : 0,
  ];
}
