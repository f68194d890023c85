/**
 * The time of a command from its task to its first output: through `shell()`, and in a warm container. Each is compared
 * with the same program started by Node alone, and the warm container also with a container started for its task.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { type ContainerInput, container, type ShellInput, shell } from "@tutti/sdk/shell";
import type { Handler, TaskContext } from "@tutti/sdk/worker";
import { median, rounded } from "../measure/statistics.ts";
import { Absent, type Budget, type Result, type Scenario } from "../scenario.ts";

const command = ["echo", "started"];
const shellTurns = 20;
const containerTurns = 3;
/** Within this time a warm container replaces a used one. */
const replacedMs = 3_000;

/** Returns the time until its first output. The task ends before the next one starts. */
async function started<Input>(handler: Handler<Input>, input: Input): Promise<number> {
  const startMs = performance.now();
  let tookMs: number | undefined;
  const output = async () => {
    tookMs ??= performance.now() - startMs;
  };
  const { signal } = new AbortController();
  const task: Partial<TaskContext> = { signal, output, remainingMs: 60_000 };
  await handler(input, task as TaskContext);
  if (tookMs === undefined) throw new Error("the command wrote nothing");
  return tookMs;
}

async function startedAlone(): Promise<number> {
  const [program = "", ...own] = command;
  const startMs = performance.now();
  const child = spawn(program, own, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const tookMs = performance.now() - startMs;
  await once(child, "close");
  return tookMs;
}

/** Returns medians of variants that take turns, round by round. The first turn warms up. */
async function inTurn<Name extends string>(
  turns: number,
  measures: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(measures) as Name[];
  const results = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let turn = 0; turn <= turns; turn++)
    for (const name of names) {
      const tookMs = await measures[name]();
      if (turn > 0) results.get(name)?.push(tookMs);
    }
  return Object.fromEntries(names.map((name) => [name, rounded(median(results.get(name) ?? []))])) as Record<
    Name,
    number
  >;
}

async function measuredShell({ rounds }: Budget): Promise<Result> {
  const handler = shell();
  const input: ShellInput = { command };
  const startedP50Ms = () => started(handler, input);
  const figures = await inTurn(rounds * shellTurns, { startedP50Ms, aloneP50Ms: startedAlone });
  return { variant: "shell", ...figures };
}

async function measuredContainers({ rounds }: Budget): Promise<Result> {
  // The module searches programs when it is loaded.
  const { Boxes, image, lacking, runArguments } = await import("../../../tools/boxes.mjs");
  if (lacking !== false) throw new Absent(lacking);
  const boxes = await Boxes.open();
  try {
    const options = { engine: boxes.engine, runArguments, pull: "never", graceMs: 300 } as const;
    const cold = container(options);
    const warm = container({ ...options, warm: 1 });
    const input: ContainerInput = { image, command };
    const figures = await inTurn(rounds * containerTurns, {
      startedP50Ms: async () => {
        await setTimeout(replacedMs);
        return started(warm, input);
      },
      coldP50Ms: () => started(cold, input),
      aloneP50Ms: startedAlone,
    });
    return { variant: "container", ...figures };
  } finally {
    boxes.close();
  }
}

const goal = (variant: string, atMost: number) =>
  ({
    line: { variant },
    figure: "startedP50Ms",
    atMost,
    unit: "ms",
    compared: ["startedP50Ms", "aloneP50Ms"],
  }) as const;

export const commands: Scenario = {
  name: "commands",
  about: "time from a task to the first output of its command, by a shell task and in a waiting container",
  // On a machine on which the program alone takes 15 ms, the goal is impossible.
  goals: [{ ...goal("shell", 15), known: { issue: 24, worst: 100 } }, goal("container", 150)],
  async *run(budget) {
    yield await measuredShell(budget);
    yield await measuredContainers(budget);
  },
};
