/**
 * The crash matrix: one mixed load, and `kill -9` at random moments. First a platform with a disk of its own is killed,
 * then platforms that share all data over NATS. Workers are processes too, and one of them is also killed.
 *
 * 1. Each invariant has a name. It is checked after each kill, or when all work has ended.
 * 2. A failure names the invariant, the kill and the seed. TUTTI_TEST_SEED=… repeats the moments and the victims.
 */
import { after, before, describe, it, type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import { natsServerProgram } from "@tutti/nats/testing";
import { type Folder, makeFolder } from "../support/services.ts";
import { timeOf } from "./effects.ts";
import { budgets } from "./load/budgets.ts";
import { experience } from "./load/experience.ts";
import { governance } from "./load/governance.ts";
import { locks } from "./load/locks.ts";
import { missions } from "./load/missions.ts";
import { furnishedPools } from "./load/pools.ts";
import { resources } from "./load/resources.ts";
import { runs } from "./load/runs.ts";
import { schedules } from "./load/schedules.ts";
import { sessions } from "./load/sessions.ts";
import type { Invariants, LoadPart, Stage } from "./load-part.ts";
import { bundlePrograms, CrashStage, type CrashStageOptions, type Programs } from "./stage.ts";

const parts = {
  runs,
  missions,
  sessions,
  budgets,
  resources,
  locks,
  schedules,
  pools: furnishedPools,
  governance,
  experience,
} as const satisfies Readonly<Record<string, (stage: Stage) => LoadPart>>;
const usual = 19;
const seedSetting = process.env["TUTTI_TEST_SEED"];
const seed =
  seedSetting === "new"
    ? Math.floor(Math.random() * 1e9)
    : seedSetting === undefined
      ? usual
      : Number(seedSetting);
/** Maximum time until all acknowledged work has ended. */
const endsWithinMs = 90_000;
const killsMax = Number(process.env["TUTTI_TEST_KILLS"] ?? Number.POSITIVE_INFINITY);
const nats = await natsServerProgram();

export interface Kills {
  readonly onDisk: number;
  readonly overNats: number;
}

export function describeCrashMatrix({ onDisk, overNats }: Kills): void {
  describe("the crash matrix", () => describeMatrix(onDisk, overNats));
}

function describeMatrix(onDisk: number, overNats: number): void {
  let folder: Folder;
  let programs: Programs;
  before(async () => {
    folder = await makeFolder();
    programs = await bundlePrograms(folder.path);
  });
  after(() => folder?.[Symbol.asyncDispose]());

  it(`keeps its invariants on one disk, killed ${onDisk} times`, { timeout: 900_000 }, (context) =>
    play(context, { seed, programs, processes: 1 }, onDisk),
  );

  if (overNats === 0) return;
  it(
    `keeps its invariants over NATS while work moves between processes, killed ${overNats} times`,
    { skip: nats.skip, timeout: 900_000 },
    (context) => play(context, { seed, programs, processes: 2 }, overNats),
  );
}

async function play(context: TestContext, options: CrashStageOptions, kills: number): Promise<void> {
  context.diagnostic(`seed ${seed}; TUTTI_TEST_SEED=${seed} repeats it`);
  await using stage = await CrashStage.open(options);
  const load = Object.entries(parts).map(([name, create]) => ({ name, part: create(stage) }));
  for (const { name, part } of load)
    await named(`${name} is prepared`, "before the first kill", part.prepare);
  const over = new AbortController();
  const unfinished = new Set(Object.keys(parts));
  const rounds = load.map(async ({ name, part }) => {
    for (let number = 0; !over.signal.aborted; number++)
      await named(`${name}: each round ends as it has to`, `in round ${number}`, () => part.round(number));
    unfinished.delete(name);
  });
  const allEnd = Promise.all(rounds);
  const struck = async (): Promise<void> => {
    for (let kill = 1; kill <= Math.min(kills, killsMax) && !over.signal.aborted; kill++) {
      const since = performance.now();
      const description = await stage.strike(kill);
      const tookMs = Math.round(performance.now() - since);
      for (const { part } of load) await assertInvariants(part.always, `after kill ${kill}`);
      const checkedMs = Math.round(performance.now() - since - tookMs);
      console.log(
        `${timeOf(Date.now())} kill ${kill}: ${description}; back after ${tookMs} ms, checked in ${checkedMs} ms`,
      );
    }
    over.abort();
    const late = setTimeout(endsWithinMs, undefined, { ref: false }).then(() => {
      throw broken("all that was started ends", `within ${endsWithinMs} ms: ${[...unfinished]}`, undefined);
    });
    await Promise.race([allEnd, late]);
  };
  try {
    // A round that fails ends the test immediately.
    const ending = struck();
    await Promise.all([ending, Promise.race([ending, allEnd])]);
  } catch (error) {
    over.abort();
    context.diagnostic(String(error));
    throw error;
  }
  for (const { part } of load) await assertInvariants(part.always, "when all rounds have ended");
  for (const { name, part } of load) await named(`${name} finishes`, "at the end", part.finish);
  for (const { part } of load) await assertInvariants(part.atEnd, "at the end");
}

async function assertInvariants(invariants: Invariants, when: string): Promise<void> {
  for (const [name, check] of Object.entries(invariants)) await named(name, when, check);
}

async function named(name: string, when: string, check: (() => unknown) | undefined): Promise<void> {
  try {
    await check?.();
  } catch (cause) {
    throw broken(name, when, cause);
  }
}

function broken(name: string, when: string, cause: unknown): Error {
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return new Error(
    `invariant "${name}" does not hold ${when}${reason}\nRun it again with TUTTI_TEST_SEED=${seed}`,
    { cause },
  );
}
