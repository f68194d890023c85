/**
 * `npm run sim`: runs seeds, and reports which of them failed and why. Or runs one seed step by step. The
 * last line is the summary as JSON. The exit code shows whether any failed.
 */
import { readFileSync } from "node:fs";
import { systemClock } from "@tutti/kernel";
import { minimise } from "../plan/minimise.ts";
import type { Plan } from "../plan/plan.ts";
import { minimisePools } from "../pools/minimise-pools.ts";
import { drawPoolsPlan, type PoolsPlan } from "../pools/pools-plan.ts";
import { poolWeakeningOf } from "../pools/pools-weakenings.ts";
import { simulatePools } from "../pools/simulate-pools.ts";
import { simulate } from "../simulation.ts";
import { weakeningOf } from "../weakenings/index.ts";
import { linesTo, noTrace } from "../world/trace.ts";
import type { Finding } from "../world/world.ts";
import { drawOf, type Outcome } from "./draw-of.ts";
import { readOptions, type SimulationOptions, usage } from "./options.ts";
import { type Failed, runSeeds } from "./pool.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Interval of progress reports on standard error. */
const progressSeeds = 10_000;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const { seed, load, plan } = options;
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (plan === undefined && seed === undefined) return runMany(options);
  const parsedPlan: unknown = plan === undefined ? undefined : JSON.parse(readFileSync(plan, "utf8"));
  if (load === "pools")
    return runPool(options, (parsedPlan as PoolsPlan | undefined) ?? drawPoolsPlan(seed ?? 0));
  return runOne(options, (parsedPlan as Plan | undefined) ?? drawOf(load)(seed ?? 0));
}

async function runMany({ from, seeds, weakening, workers, load }: SimulationOptions): Promise<number> {
  const startMs = systemClock.monotonic();
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
  const seconds = (systemClock.monotonic() - startMs) / 1_000;
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

function runPool(options: SimulationOptions, drawnPlan: PoolsPlan): number {
  const weakening = poolWeakeningOf(options.weakening);
  const { seed } = drawnPlan;
  let plan = drawnPlan;
  if (options.minimise) {
    const { finding } = simulatePools(plan, weakening);
    if (finding === undefined) print(nothingSmaller(seed));
    else
      plan = minimisePools(plan, (candidate) => isLike(finding, simulatePools(candidate, weakening).finding));
    print(JSON.stringify(plan));
  }
  return report(seed, simulatePools(plan, weakening, options.trace ? linesTo(print) : noTrace));
}

async function runOne(options: SimulationOptions, drawnPlan: Plan): Promise<number> {
  const weakening = weakeningOf(options.weakening);
  const { seed } = drawnPlan;
  let plan = drawnPlan;
  const trace = (): ReturnType<typeof linesTo> => (options.trace ? linesTo(print) : noTrace);
  if (options.minimise) {
    const { finding } = await simulate(plan, weakening);
    if (finding === undefined) print(nothingSmaller(seed));
    else plan = await smallest(plan, finding, options.weakening);
    print(JSON.stringify(plan));
  }
  return report(seed, await simulate(plan, weakening, trace()));
}

function report(seed: number, { finding, events, elapsedMs }: Outcome): number {
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

function nothingSmaller(seed: number): string {
  return `seed ${seed} does not fail, so there is no plan to minimise`;
}

/** Returns whether two findings are alike: the same check, and the same text apart from numbers. */
function isLike(failed: Finding, finding: Finding | undefined): boolean {
  return finding !== undefined && kindOf(finding) === kindOf(failed);
}

function smallest(plan: Plan, failed: Finding, weakening: string): Promise<Plan> {
  return minimise(plan, async (candidate) => {
    const { finding } = await simulate(candidate, weakeningOf(weakening));
    return isLike(failed, finding);
  });
}

function kindOf({ check, text }: Finding): string {
  return `${check} ${text.slice(0, 200).replaceAll(/[\d.]+/g, "#")}`.slice(0, kindLength);
}

/** The rest of the line is specific to the finding. */
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
