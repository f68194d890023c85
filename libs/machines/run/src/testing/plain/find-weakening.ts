/** Searches runs that detect a planted fault of a machine. */
import { seededChance } from "@tutti/kernel/testing";
import { drawRun } from "./draw/draw-run.ts";
import { type DriveOptions, driveRun } from "./drive.ts";
import type { RunWeakening } from "./weakenings.ts";

export interface FoundWeakening {
  readonly seed: number;
  readonly finding: string;
}

/** Returns the first seed that detects it. Undefined if none of the tried runs does. */
export function findWeakening(
  weakening: RunWeakening,
  from: number,
  others: NonNullable<DriveOptions["others"]>,
): FoundWeakening | undefined {
  for (let seed = from; seed < from + weakening.foundWithin; seed++) {
    const finding = findingOf(weakening, seed, others);
    if (finding !== undefined) return { seed, finding };
  }
  return undefined;
}

/** A fault that makes the machine throw counts as detected too. */
function findingOf(
  weakening: RunWeakening,
  seed: number,
  others: NonNullable<DriveOptions["others"]>,
): string | undefined {
  const run = drawRun(seededChance(seed), weakening.features, 1);
  try {
    return driveRun(run, seededChance(seed + 1), { others, weakening })[0];
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
