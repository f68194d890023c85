import type { LoadName } from "../src/cli/options.ts";
import { type Failed, runSeeds } from "../src/cli/pool.ts";

/** Returns the seeds that failed. With a weakening the search ends at the first of them. */
export async function failuresOf(
  from: number,
  seeds: number,
  weakening: string,
  load: LoadName = "bank",
): Promise<Failed[]> {
  const failed: Failed[] = [];
  const stopsAtFirst = weakening !== "none";
  const done = (share: { readonly failed: readonly Failed[] }): void => void failed.push(...share.failed);
  await runSeeds({ from, seeds, weakening, load, workers: 2, stopsAtFirst, done });
  return failed;
}

/** Returns the report of a failing seed: the command that repeats it, and its finding. */
export function commandOf(load: LoadName): (failed: Failed) => string {
  return ({ seed, check, text }) => `npm run sim -- --load ${load} --seed ${seed} --trace: ${check}: ${text}`;
}
