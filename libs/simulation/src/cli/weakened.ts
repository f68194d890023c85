/**
 * `npm run sim:weakened`: each weakening from five different seeds on, until it is found. Fails when one is not found
 * within the number of seeds that is recorded with it.
 */
import { parseArgs } from "node:util";
import { systemClock } from "@tutti/kernel";
import { firstSeeds, weakenings } from "../weakenings/index.ts";
import type { Weakening } from "../weakenings/weakening.ts";
import { type Failed, runSeeds } from "./pool.ts";

const { values } = parseArgs({ options: { workers: { type: "string", default: "2" } } });
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Seeds until the first that finds it. */
async function find({ name, foundWithin }: Weakening, from: number): Promise<Failed | undefined> {
  const failed: Failed[] = [];
  await runSeeds({
    from,
    seeds: foundWithin,
    weakening: name,
    workers: Math.max(1, Number(values.workers)),
    stopsAtFirst: true,
    done: (share) => failed.push(...share.failed),
  });
  return failed.sort((one, other) => one.seed - other.seed)[0];
}

let missed = 0;
let tried = 0;
const beganMs = systemClock.monotonic();
for (const weakening of weakenings) {
  for (const from of firstSeeds) {
    const startMs = systemClock.monotonic();
    const found = await find(weakening, from);
    const seconds = ((systemClock.monotonic() - startMs) / 1_000).toFixed(1);
    tried++;
    if (found === undefined) missed++;
    const what =
      found === undefined
        ? `NOT FOUND within ${weakening.foundWithin} seeds`
        : `found by ${found.check} after ${found.seed - from + 1} seeds`;
    print(`${weakening.name.padEnd(22)} from ${String(from).padStart(6)}: ${what} (${seconds} s)`);
  }
}
const seconds = Number(((systemClock.monotonic() - beganMs) / 1_000).toFixed(1));
print(JSON.stringify({ weakenings: weakenings.length, tried, found: tried - missed, missed, seconds }));
if (missed > 0) process.exitCode = 1;
