/**
 * `npm run sim`: runs seeds, says which of them failed and why; or one of them, step by step. The last line is the summary
 * as JSON; the exit code says whether any failed.
 */
import { readFileSync } from "node:fs";
import { systemClock } from "@tutti/kernel";
import { minimise } from "../plan/minimise.ts";
import type { Plan } from "../plan/plan.ts";
import { simulate } from "../simulation.ts";
import { weakeningOf } from "../weakenings/index.ts";
import { linesTo, noTrace } from "../world/trace.ts";
import type { Finding } from "../world/world.ts";
import { drawOf, type Outcome, runnerOf } from "./draw-of.ts";
import { type Asked, readOptions, usage } from "./options.ts";
import { type Failed, runSeeds } from "./pool.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Said on the way, on standard error. */
const progressSeeds = 10_000;

async function main(): Promise<number> {
  const asked = readOptions(process.argv.slice(2));
  if (asked.plan !== undefined) return runOne(asked, JSON.parse(readFileSync(asked.plan, "utf8")) as Plan);
  const { seed, load } = asked;
  if (seed === undefined) return runMany(asked);
  return load === "pools" ? runPool(asked, seed) : runOne(asked, drawOf(load)(seed));
}

async function runMany({ from, seeds, weakening, workers, load }: Asked): Promise<number> {
  const beganMs = systemClock.monotonic();
  const failed: Failed[] = [];
  let ran = 0;
  let events = 0;
  await runSeeds({
    from,
    seeds,
    weakening,
    load,
    workers,
    stopsAtFirst: false,
    done(share) {
      if (Math.floor((ran + share.ran) / progressSeeds) > Math.floor(ran / progressSeeds)) {
        process.stderr.write(`${ran + share.ran} seeds, ${failed.length} failed\n`);
      }
      ran += share.ran;
      events += share.events;
      for (const failure of share.failed) print(lineOf(failure));
      failed.push(...share.failed);
    },
  });
  const seconds = (systemClock.monotonic() - beganMs) / 1_000;
  print(
    JSON.stringify({
      seeds: ran,
      from,
      failed: failed.length,
      firstFailed: failed.map(({ seed }) => seed).sort((one, other) => one - other)[0] ?? null,
      seconds: Number(seconds.toFixed(1)),
      seedsPerSec: Number((ran / seconds).toFixed(1)),
      eventsPerSeed: Math.round(events / Math.max(1, ran)),
      weakening,
      load,
    }),
  );
  return failed.length === 0 ? 0 : 1;
}

async function runPool({ load, weakening, trace }: Asked, seed: number): Promise<number> {
  const outcome = await runnerOf(load, weakening)(seed, trace ? linesTo(print) : noTrace);
  return tell(seed, outcome);
}

async function runOne(asked: Asked, drawn: Plan): Promise<number> {
  const weakening = weakeningOf(asked.weakening);
  const { seed } = drawn;
  let plan = drawn;
  const trace = (): ReturnType<typeof linesTo> => (asked.trace ? linesTo(print) : noTrace);
  if (asked.minimise) {
    const { finding } = await simulate(plan, weakening);
    if (finding === undefined) print(`seed ${seed} does not fail, so there is nothing to make smaller`);
    else plan = await smallest(plan, finding, asked.weakening);
    print(JSON.stringify(plan));
  }
  return tell(seed, await simulate(plan, weakening, trace()));
}

function tell(seed: number, { finding, events, elapsedMs }: Outcome): number {
  if (finding !== undefined) print(lineOf({ seed, ...finding }));
  print(
    JSON.stringify({
      seed,
      failed: finding === undefined ? 0 : 1,
      check: finding?.check ?? null,
      events,
      elapsedMs,
    }),
  );
  return finding === undefined ? 0 : 1;
}

/** Fails in the same way: the same check, with the same words but for numbers. */
function smallest(plan: Plan, failed: Finding, weakening: string): Promise<Plan> {
  return minimise(plan, async (candidate) => {
    const { finding } = await simulate(candidate, weakeningOf(weakening));
    return finding !== undefined && kindOf(finding) === kindOf(failed);
  });
}

function kindOf({ check, text }: Finding): string {
  return `${check} ${text.slice(0, 200).replaceAll(/[\d.]+/g, "#")}`.slice(0, kindLength);
}

/** What follows is what was found, which differs. */
const kindLength = 60;

function lineOf({ seed, check, text, atMs }: Failed): string {
  return `seed ${seed} failed at ${atMs.toFixed(3)} ms, ${check}: ${text}`;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n${usage}`);
  process.exitCode = 2;
}
