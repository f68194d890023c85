/**
 * `npm run sim:weakened`: tries each weakening from five different seeds on, until it is found. Drawn runs without
 * faults find those of the run machine. The bank finds those of the runtime and of the layers under it. Then come
 * those of pools, missions and sessions. Fails when one is not found within the number of seeds that is recorded with
 * it. `-- --load work` tries those of one load alone.
 */
import { parseArgs } from "node:util";
import { systemClock } from "@tutti/kernel";
import { cache } from "@tutti/machine-entities/cache";
import { limit } from "@tutti/machine-limit";
import { findWeakening, runWeakenings } from "@tutti/machine-run/testing";
import { poolWeakenings } from "../pools/pools-weakenings.ts";
import { sessionsWeakenings } from "../sessions/sessions-weakenings.ts";
import { firstSeeds, weakenings } from "../weakenings/index.ts";
import type { Weakening } from "../weakenings/weakening.ts";
import { workWeakenings } from "../work/work-weakenings.ts";
import type { LoadName } from "./options.ts";
import { type Failed, runSeeds } from "./pool.ts";

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "2" },
    load: { type: "string", default: "" },
    help: { type: "boolean", default: false, short: "h" },
  },
});
if (values.help) {
  process.stdout.write(`usage: npm run sim:weakened -- [--workers 2] [--load bank|runs|pools|work|sessions]

Runs each weakening until a seed finds it. Fails if a weakening is not found within its recorded number of seeds.
`);
  process.exit(0);
}
const isSelected = (load: string): boolean => values.load === "" || values.load === load;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Returns the number of seeds until the first one that finds it. */
async function find(
  { name, foundWithin }: Pick<Weakening, "name" | "foundWithin">,
  load: LoadName,
  from: number,
): Promise<Failed | undefined> {
  const failed: Failed[] = [];
  await runSeeds({
    from,
    seeds: foundWithin,
    weakening: name,
    load,
    workers: Math.max(1, Number(values.workers)),
    stopsAtFirst: true,
    done: (share) => failed.push(...share.failed),
  });
  return failed.sort((one, other) => one.seed - other.seed)[0];
}

let missed = 0;
let tried = 0;
const runStartMs = systemClock.monotonic();
const ofRuns = isSelected("runs") ? runWeakenings : [];
for (const weakening of ofRuns) {
  for (const from of firstSeeds) {
    const found = findWeakening(weakening, from, [cache, limit]);
    tried++;
    if (found === undefined) missed++;
    const result =
      found === undefined
        ? `NOT FOUND within ${weakening.foundWithin} runs`
        : `found after ${found.seed - from + 1} runs`;
    print(`${weakening.name.padEnd(22)} from ${String(from).padStart(6)}: ${result}`);
  }
}
const loads = [
  ...weakenings.map((weakening) => ({ weakening, load: "bank" as const })),
  ...poolWeakenings.map((weakening) => ({ weakening, load: "pools" as const })),
  ...workWeakenings.map((weakening) => ({ weakening, load: "work" as const })),
  ...sessionsWeakenings.map((weakening) => ({ weakening, load: "sessions" as const })),
].filter(({ load }) => isSelected(load));
for (const { weakening, load } of loads) {
  for (const from of firstSeeds) {
    const startMs = systemClock.monotonic();
    const found = await find(weakening, load, from);
    const seconds = ((systemClock.monotonic() - startMs) / 1_000).toFixed(1);
    tried++;
    if (found === undefined) missed++;
    const result =
      found === undefined
        ? `NOT FOUND within ${weakening.foundWithin} seeds`
        : `found by ${found.check} after ${found.seed - from + 1} seeds`;
    print(`${weakening.name.padEnd(22)} from ${String(from).padStart(6)}: ${result} (${seconds} s)`);
  }
}
const seconds = Number(((systemClock.monotonic() - runStartMs) / 1_000).toFixed(1));
const count = loads.length + ofRuns.length;
print(JSON.stringify({ weakenings: count, tried, found: tried - missed, missed, seconds }));
if (missed > 0) process.exitCode = 1;
