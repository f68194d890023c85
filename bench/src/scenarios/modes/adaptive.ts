import { fileURLToPath } from "node:url";
import { Draws, lowerBounds } from "@tutti/planner";
import { connect, type Tutti } from "@tutti/sdk/client";
import { rounded } from "../../measure/statistics.ts";
import { type Child, startChild } from "../../processes/child.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { type CaseKind, type CaseTask, drawnCase } from "./cases.ts";
import { problemOf } from "./world.ts";

/** Speeds of the worker processes, each with one slot. */
const speeds = [0.5, 0.7, 0.9, 1.2, 1.6, 2] as const;
const fixed = ["workflow", "swarm", "intelligence", "hybrid"] as const;
const modes = [...fixed, "adaptive"] as const;
type Mode = (typeof modes)[number];

/**
 * Share of the duration of long tasks, whose sizes are for virtual time. In real time a session takes a few seconds.
 */
const longShare = 0.25;

/** Six kinds of load. The tasks that searches find are listed in advance, so that all modes do the same tasks. */
const classes: Readonly<Record<string, (draws: Draws) => readonly CaseTask[]>> = {
  chains: (draws) => drawnCase("chains", draws).tasks,
  bags: (draws) => drawnCase("bags", draws).tasks,
  layers: (draws) => shortened("layers", draws),
  trees: (draws) => drawnCase("searches", draws).tasks,
  mixed: (draws) => shortened("mixed", draws),
  long: (draws) => shortened("layers", draws).map((task) => ({ ...task, needs: [] })),
};

const shortened = (kind: CaseKind, draws: Draws) =>
  drawnCase(kind, draws).tasks.map((task) => ({ ...task, sizeMs: task.sizeMs * longShare }));

/**
 * Sessions in each mode on the same worker processes, in sequence: the chosen mode next to the best one in hindsight.
 */
export const adaptive: Scenario = {
  name: "adaptive",
  about:
    "sessions of six kinds on real workers: time in ADAPTIVE compared with the best mode in hindsight, and a mixed load",
  brief: { rounds: 1, seconds: 1 },
  goals: [
    { line: { variant: "all" }, figure: "regret", atMost: 0.03, known: { issue: 26, worst: 1.5 } },
    { line: { variant: "all" }, figure: "overBestFixed", atMost: 1, known: { issue: 26, worst: 2.5 } },
    {
      line: { variant: "load" },
      figure: "betterThanBlind",
      atLeast: 0.25,
      compared: ["slotSeconds", "boundSlotSeconds"] as const,
      known: { issue: 26, worst: 0 },
    },
  ],
  async *run({ rounds, isBrief = false }: Budget) {
    await using stack = new AsyncDisposableStack();
    const platform = stack.use(await startPlatform());
    for (const worker of await workersAt(platform.grpc)) stack.use(worker);
    const tutti = await connect({ address: platform.grpc });
    stack.defer(() => tutti.close());
    const setStrategy = async (kind: string) => {
      const url = `${platform.http}/v1/pools/default`;
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ pool: "default", strategy: { kind } });
      const answer = await fetch(url, { method: "PATCH", headers, body });
      if (!answer.ok) throw new Error(`pool: ${answer.status} ${await answer.text()}`);
    };
    const totals = new Map<string, Record<Mode, number>>();
    // An equal number of rounds before them is only for learning. `guard` has no time for them.
    const warmUp = isBrief ? 0 : rounds;
    for (let round = 0; round < warmUp + rounds; round++)
      for (const [name, drawn] of Object.entries(classes)) {
        const times = await timesOf(tutti, drawn(new Draws(1_000 * round + name.length)), round);
        if (round >= warmUp) totals.set(name, sumOf(totals.get(name), times));
      }
    for (const [name, times] of totals) yield { variant: name, sessions: rounds, ...figuresOf(times) };
    yield { variant: "all", sessions: rounds * totals.size, ...figuresOfAll([...totals.values()]) };
    yield await loadOf(tutti, setStrategy, rounds);
  },
};

const program = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
const capabilities = [
  ...["step", "resize", "look", "report"],
  ...["stage", "train"].flatMap((name) => [0, 1, 2, 3, 4].map((kind) => `${name}.kind-${kind}`)),
];

function workersAt(address: string): Promise<readonly Child[]> {
  return Promise.all(
    speeds.map((speed, at) =>
      startChild([program, address, `agent-${at}`, String(speed), ...capabilities], {
        until: (line) => (line === "linked" ? true : undefined),
      }),
    ),
  );
}

/** Measures all modes, in a different order each time, so that other load of the machine affects all alike. */
async function timesOf(
  tutti: Tutti,
  tasks: readonly CaseTask[],
  round: number,
): Promise<Record<Mode, number>> {
  const times = { workflow: 0, swarm: 0, intelligence: 0, hybrid: 0, adaptive: 0 };
  for (let turn = 0; turn < modes.length; turn++) {
    const mode = modes[(turn + round) % modes.length] ?? "adaptive";
    times[mode] = await tookMs(tutti, tasks, mode);
  }
  return times;
}

async function tookMs(tutti: Tutti, tasks: readonly CaseTask[], mode: Mode): Promise<number> {
  const startMs = performance.now();
  const session = await tutti.sessions.start({
    mode,
    optimization: "time",
    tasks: tasks.map(({ id, needs, capability, sizeMs }) => ({
      id,
      needs: [...needs],
      uses: capability,
      with: { sizeMs },
    })),
  });
  await session.result();
  return performance.now() - startMs;
}

function sumOf(one: Record<Mode, number> | undefined, other: Record<Mode, number>): Record<Mode, number> {
  const sum = { ...other };
  for (const mode of modes) sum[mode] += one?.[mode] ?? 0;
  return sum;
}

const bestOf = (times: Record<Mode, number>) => Math.min(...fixed.map((mode) => times[mode]));

/** Returns the results. The best mode is the best over all sessions of a kind: the best of single ones is random. */
function figuresOf(times: Record<Mode, number>): Omit<Result, "variant"> {
  const seconds = Object.entries(times).map(([mode, ms]) => [`${mode}Sec`, rounded(ms / 1_000)]);
  return { ...Object.fromEntries(seconds), regret: rounded(times.adaptive / bestOf(times) - 1) };
}

function figuresOfAll(all: readonly Record<Mode, number>[]): Omit<Result, "variant"> {
  const sum = all.reduce<Record<Mode, number> | undefined>((one, other) => sumOf(one, other), undefined);
  if (sum === undefined) return {};
  const best = all.reduce((least, times) => least + bestOf(times), 0);
  return {
    ...figuresOf(sum),
    regret: rounded(sum.adaptive / best - 1),
    overBestFixed: rounded(sum.adaptive / bestOf(sum)),
  };
}

/** Measures all kinds concurrently: ADAPTIVE next to a queue that ignores speed. */
async function loadOf(
  tutti: Tutti,
  setStrategy: (kind: string) => Promise<void>,
  rounds: number,
): Promise<Result> {
  let [mine, blind, bound] = [0, 0, 0];
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    const tasks = Object.entries(classes).flatMap(([name, drawn], at) =>
      drawn(new Draws(50_000 + 100 * round + at)).map((task) => ({
        ...task,
        id: `${name}-${task.id}`,
        needs: task.needs.map((need) => `${name}-${need}`),
      })),
    );
    count += tasks.length;
    bound += lowerBounds(problemOf(tasks, speeds)).sharpMs;
    await setStrategy("round_robin");
    blind += await tookMs(tutti, tasks, "workflow");
    await setStrategy("least_loaded");
    mine += await tookMs(tutti, tasks, "adaptive");
  }
  const slotSeconds = (ms: number) => rounded((ms * speeds.length) / 1_000 / rounds);
  return {
    variant: "load",
    loads: rounds,
    tasks: count / rounds,
    slotSeconds: slotSeconds(mine),
    blindSlotSeconds: slotSeconds(blind),
    boundSlotSeconds: slotSeconds(bound),
    betterThanBlind: rounded(1 - mine / blind),
    boundAllows: rounded(1 - bound / blind),
  };
}
