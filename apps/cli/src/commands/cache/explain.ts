/** Explains why tasks of a run used the cache or not, and which fields of the input were new. */
import { differencesOf, differenceText } from "@tutti/definitions/differences";
import type { CacheEntryInfo, Task } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";

interface Explained {
  readonly task: string;
  readonly entry: string;
  readonly outcome: "hit" | "computed" | "waiting";
  /** The run and task that computed the output that was used, or the nearest earlier one. */
  readonly run?: string;
  readonly ofTask?: string;
  /** Differences from the nearest earlier input: `day: "1" → "2"`. */
  readonly differences?: readonly string[];
  readonly why: string;
}

/** Earlier inputs that a task is compared with. */
const comparedMax = 20;

export async function explainCache(context: Context): Promise<Result> {
  const { values, print } = context;
  const id = values.argument("ID");
  const only = values.optionalArgument("TASK");
  const server = await connect(context);
  const tasks = only === undefined ? await tasksOf(server, id) : [await taskOf(server, id, only)];
  const cached = tasks.filter(({ cacheEntry }) => cacheEntry !== undefined);
  const explained: Explained[] = [];
  for (const task of cached) explained.push(await explain(server, id, task));
  return {
    json: { tasks: explained },
    quiet: explained.map(({ task, outcome }) => `${task} ${outcome}`),
    empty: explained.length === 0 ? "No task of this run uses the cache." : undefined,
    draw: () => {
      const { style } = print;
      for (const { task, outcome, why, differences = [] } of explained) {
        const label = outcome === "hit" ? style.green("hit") : style.yellow(outcome);
        print.line(`${style.bold(safe(task))}  ${label}  ${safe(why)}`);
        for (const difference of differences) print.line(`  ${safe(difference)}`);
      }
    },
  };
}

async function tasksOf(server: Server, id: string): Promise<readonly Task[]> {
  const query = { ...server.namespace, withPayloads: true };
  return await readAll(
    (page) => server.call("tasks.list", { params: { id }, query: { ...query, ...page } }),
    ({ tasks }) => tasks,
  );
}

async function taskOf(server: Server, id: string, task: string): Promise<Task> {
  return await server.call("tasks.get", { params: { id, task }, query: server.namespace });
}

async function explain(server: Server, id: string, task: Task): Promise<Explained> {
  const { taskId, cacheEntry: entry = "" } = task;
  const explained = fromEntry(id, task, await entryOf(server, entry));
  if (explained !== undefined) return { task: taskId, entry, ...explained };
  return { task: taskId, entry, outcome: "computed", ...(await nearest(server, id, task)) };
}

/**
 * Explains the task of run `id` from its cache entry. Undefined if the task computed the output of the entry itself, or
 * if the output was stored after the task had started.
 */
export function fromEntry(
  id: string,
  task: Pick<Task, "fromCache" | "status" | "attempts" | "startTimeMs" | "endTimeMs">,
  producer:
    | Pick<CacheEntryInfo, "runId" | "taskId" | "storeTimeMs" | "equalOutputs" | "neededOutputs">
    | undefined,
): Omit<Explained, "task" | "entry"> | undefined {
  const of = producer?.runId === undefined ? "" : `run ${producer.runId}, task ${producer.taskId ?? ""}`;
  const source = {
    ...(producer?.runId && { run: producer.runId }),
    ...(producer?.taskId && { ofTask: producer.taskId }),
  };
  if (task.fromCache === true)
    return { ...source, outcome: "hit", why: of === "" ? "from an earlier output" : `from ${of}` };
  // Only a recorded failure ends a cached task before its first attempt.
  if (task.status === "failed" && task.attempts.length === 0)
    return { ...source, outcome: "hit", why: of === "" ? "an earlier failure" : `the failure of ${of}` };
  if (task.startTimeMs === undefined && task.endTimeMs === undefined)
    return { outcome: "waiting", why: "another task computes the output" };
  const { equalOutputs = 0, neededOutputs = 0 } = producer ?? {};
  if (equalOutputs < neededOutputs)
    return {
      ...source,
      outcome: "computed",
      why: `\`cache: auto\`: ${equalOutputs} of ${neededOutputs} outputs in a row were equal`,
    };
  if (neededOutputs > 0 && producer?.runId !== id)
    return {
      ...source,
      outcome: "computed",
      why: "to compare its output, or because there was no fresh one",
    };
  if (producer?.runId !== undefined && isEarlier(producer, id, task))
    return { ...source, outcome: "computed", why: `the output of ${of} was not there, or not fresh` };
  return undefined;
}

/** Reads an entry. Undefined if it has expired. */
async function entryOf(server: Server, id: string): Promise<CacheEntryInfo | undefined> {
  try {
    return await server.call("cache.get", { params: { id }, query: server.namespace });
  } catch (error) {
    if (error instanceof Failure && error.code === "cache.missing") return undefined;
    throw error;
  }
}

/** Whether the cache already had the output of another run when the task of run `id` queried it. */
export function isEarlier(
  { runId, storeTimeMs = 0 }: Pick<CacheEntryInfo, "runId" | "storeTimeMs">,
  id: string,
  { startTimeMs, endTimeMs }: Pick<Task, "startTimeMs" | "endTimeMs">,
): boolean {
  const untilMs = startTimeMs ?? endTimeMs ?? Number.POSITIVE_INFINITY;
  return runId !== undefined && runId !== id && storeTimeMs <= untilMs;
}

/** Finds the earlier task of the same capability whose input differs least. */
async function nearest(
  server: Server,
  id: string,
  task: Task,
): Promise<Pick<Explained, "why" | "run" | "ofTask" | "differences">> {
  const { uses = "", input } = task;
  const query = { ...server.namespace, capability: uses, size: 100 };
  const { entries } = await server.call("cache.list", { query });
  const earlier = entries.filter((entry) => isEarlier(entry, id, task)).slice(0, comparedMax);
  const compared = await Promise.all(
    earlier.map(async ({ runId: run = "", taskId: ofTask = "" }) => {
      // Its run may be deleted.
      const found = await taskOf(server, run, ofTask).catch(() => undefined);
      return (
        found && { run, ofTask, differences: differencesOf(found.input, input, "input").map(differenceText) }
      );
    }),
  );
  const best = compared
    .filter((each) => each !== undefined)
    .toSorted((one, other) => one.differences.length - other.differences.length)[0];
  if (best === undefined) return { why: `no earlier output of ${uses} is in the cache` };
  if (best.differences.length === 0)
    return { ...best, why: `run ${best.run}, task ${best.ofTask} has the same input and another key` };
  return { ...best, why: `run ${best.run}, task ${best.ofTask} is nearest and differs:` };
}
