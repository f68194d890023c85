import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { compareWithRestate } from "../cluster/cluster.ts";
import { type Shape, shapes } from "../cluster/load.ts";
import {
  type Opponent,
  openBullmq,
  openCeilingOfChains,
  openDbos,
  openRestate,
  openTutti,
} from "./contestants.ts";
import { fibonacci } from "./fibonacci.ts";

const [chain, fanout] = shapes;
const rows: readonly { readonly shape: Shape; readonly concurrency: number }[] = [
  ...[1, 64, 256].map((concurrency) => ({ shape: chain, concurrency })),
  { shape: fanout, concurrency: fanout.concurrencyMax ?? 1 },
];
/** Once before all rows, because in all systems code that has run a few hundred times is not compiled yet. */
const warm = { shape: chain, concurrency: 64, seconds: 10 };
const warmSeconds = 1;

/** Tutti's runs are started and awaited over HTTP, as with Restate. Its tasks go to a worker, as with BullMQ. */
export const peers: Scenario = {
  name: "peers",
  about:
    "the same work by Tutti, its ceiling, Restate, BullMQ and DBOS in one run, a cluster, and Windmill's benchmark",
  seconds: 3,
  goals: [],
  async *run(budget) {
    yield* onOneNode(budget);
    yield* fibonacci(budget);
    yield* compareWithRestate(3, budget);
  },
  tableOf,
};

async function* onOneNode(budget: Budget): AsyncGenerator<Result> {
  await using stack = new AsyncDisposableStack();
  const opponents: Opponent[] = [];
  for (const open of [openTutti, openCeilingOfChains, openRestate, openBullmq, openDbos])
    try {
      opponents.push(stack.use(await open()));
    } catch (error) {
      if (open === openTutti) throw error;
      process.stderr.write(`absent: ${open.name.slice("open".length)}: ${error}\n`);
    }
  for (const { measure } of opponents) await measure(warm);
  for (const row of rows) yield await measured(row, opponents, budget);
}

async function measured(
  { shape, concurrency }: (typeof rows)[number],
  opponents: readonly Opponent[],
  budget: Budget,
): Promise<Result> {
  const able = opponents.filter(({ name }) => name !== "ceiling" || shape.name === "chain");
  const contestants = able.map(({ name, measure }) => ({
    name,
    measure: async (seconds: number) => {
      const result = await measure({ shape, concurrency, seconds });
      if (result === undefined) throw new Error(`expected ${name} to do a ${shape.name}`);
      return result;
    },
  }));
  for (const { measure } of contestants) await measure(warmSeconds);
  const found = await alternate(contestants, budget);
  const ours = found.get("tutti");
  const fields: Record<string, number> = {};
  for (const [name, measurement] of found) {
    for (const [figure, value] of Object.entries(measurement))
      fields[`${name}${named(figure)}`] = rounded(value);
    if (ours === undefined || name === "tutti") continue;
    fields[`over${named(name)}`] = rounded(ours.tasksPerSec / measurement.tasksPerSec);
    fields[`cpuOf${named(name)}`] = rounded(measurement.cpuUsPerTask / ours.cpuUsPerTask);
  }
  return { variant: `${shape.name}, ${concurrency} at once`, concurrency, ...fields };
}

/** Returns a word as a part of a name. */
function named(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}

const columns = ["tutti", "ceiling", "restate", "bullmq", "dbos"];

/** Returns a table with tasks per second, the ratio to Tutti, and in brackets the ratio of processor time per task. */
function tableOf(results: readonly Result[]): string {
  const lines = results
    .filter(({ tuttiTasksPerSec }) => tuttiTasksPerSec !== undefined)
    .map((result) => [
      result.variant,
      ...columns.map((name) => {
        const rate = result[`${name}TasksPerSec`];
        if (rate === undefined) return "–";
        const over = result[`over${named(name)}`];
        return over === undefined
          ? String(rate)
          : `${rate} (${over} ×, cpu ${result[`cpuOf${named(name)}`]} ×)`;
      }),
    ]);
  for (const { variant, tasksPerSec, restateTasksPerSec, overRestate } of results)
    if (overRestate !== undefined && tasksPerSec !== undefined)
      lines.push([
        `cluster, ${variant}`,
        String(tasksPerSec),
        "–",
        `${restateTasksPerSec} (${overRestate} ×)`,
        "–",
        "–",
      ]);
  const table = [["tasks/s", ...columns], ["---", ...columns.map(() => "---")], ...lines];
  return table.map((line) => `| ${line.join(" | ")} |`).join("\n");
}
