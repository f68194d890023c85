/**
 * The sixty-second proof. It starts runs whose steps have effects, and kills the platform and its workers with -9 in
 * the middle of them, again and again. At the end it compares the acknowledgements with the state.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { counted } from "@tutti/kernel";
import type { Shell } from "../effects/shell.ts";
import type { Platform } from "../local/clone.ts";
import { Crew } from "./crew.ts";
import { Load } from "./load.ts";
import { type Proof, prove } from "./proof.ts";

export interface DemoKillOptions {
  /** The platform that is killed. */
  readonly platform: Platform;
  readonly runs: number;
  /** Called with each step while it happens. */
  readonly report: (line: string) => void;
  readonly shell: Pick<Shell, "pause" | "interrupted" | "nowMs">;
}

export interface DemoKillOutcome extends Proof {
  readonly runs: number;
  /** Names of the killed processes, in this order. */
  readonly kills: readonly string[];
  readonly tookMs: number;
}

/** Processes that are killed at a share of completed work, and restarted after a moment. */
const kills: readonly {
  readonly at: number;
  readonly platform: boolean;
  readonly worker?: "worker-1" | "worker-2";
}[] = [
  { at: 0.1, platform: false, worker: "worker-1" },
  { at: 0.25, platform: true },
  { at: 0.5, platform: true, worker: "worker-2" },
  { at: 0.75, platform: true },
];
/** Steps of a run, on average. */
const stepsEach = 4;
const pollMs = 25;
const startConcurrency = 8;
const watchers = 2;

export async function demoKill({ platform, runs, report, shell }: DemoKillOptions): Promise<DemoKillOutcome> {
  const startedMs = shell.nowMs();
  const folder = await mkdtemp(join(tmpdir(), "tutti-proof-"));
  let crew: Crew | undefined;
  const watching = new AbortController();
  const killed: string[] = [];
  try {
    crew = await Crew.start({ platform, folder, report, shell });
    report(`A platform with two workers runs at ${crew.url}. Data: ${folder}.`);
    const load = new Load(crew.url, shell);
    await load.register(await crew.definition());
    report(`Starting ${counted(runs, "run")} of 3 to 5 steps.`);
    const watches = Array.from({ length: watchers }, () => load.watch(watching.signal));
    await Promise.all([
      load.start(runs, startConcurrency),
      killInTheMiddle(crew, { runs, report, shell, killed }),
    ]);
    await allEnded(load, shell);
    watching.abort();
    await Promise.all(watches);
    report("All runs have ended. Comparing acknowledged runs with the journal and the files.");
    const evidence = {
      started: load.started,
      observed: load.observed,
      journal: await load.journal(),
      effects: await crew.effects(),
    };
    return { ...prove(evidence), runs, kills: killed, tookMs: shell.nowMs() - startedMs };
  } finally {
    watching.abort();
    await crew?.killAll();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Killing extends Pick<DemoKillOptions, "runs" | "report" | "shell"> {
  readonly killed: string[];
}

async function killInTheMiddle(crew: Crew, { runs, report, shell, killed }: Killing): Promise<void> {
  for (const { at, platform, worker } of kills) {
    while ((await crew.effects()).length < at * runs * stepsEach) {
      if (shell.interrupted.aborted) throw shell.interrupted.reason;
      await shell.pause(pollMs, shell.interrupted);
    }
    const victims = [...(platform ? ["the platform"] : []), ...(worker === undefined ? [] : [worker])];
    await Promise.all([
      platform ? crew.killPlatform() : undefined,
      worker === undefined ? undefined : crew.killWorker(worker),
    ]);
    report(`kill -9 ${victims.join(" and ")}, after ${Math.round(at * 100)} % of the work.`);
    killed.push(...victims);
    if (platform) await crew.startPlatform();
    if (worker !== undefined) crew.startWorker(worker);
  }
}

async function allEnded(load: Load, shell: DemoKillOptions["shell"]): Promise<void> {
  while ((await load.countEnded()) < load.started.size) {
    if (shell.interrupted.aborted) throw shell.interrupted.reason;
    await shell.pause(pollMs * 4, shell.interrupted);
  }
}
