/** Explains why tasks of a run used the cache or not, and which fields of the input were new. */
import { differencesOf, differenceText } from "@tutti/definitions/differences";
import type { CacheEntryInfo, CacheMiss, Task } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printMoment } from "../../terminal/time.ts";

interface Explained {
  readonly task: string;
  readonly entry: string;
  readonly outcome: "hit" | "computed" | "waiting";
  /** Reason that the cache decided when the task asked. Absent for a hit. */
  readonly reason?: CacheMiss["reason"];
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
  const { values, print, shell } = context;
  const id = values.argument("ID");
  const only = values.optionalArgument("TASK");
  const server = await connect(context);
  const tasks = only === undefined ? await tasksOf(server, id) : [await taskOf(server, id, only)];
  const cached = tasks.filter(({ cacheEntry }) => cacheEntry !== undefined);
  const explained: Explained[] = [];
  for (const task of cached) explained.push(await explain(server, id, task, shell.nowMs()));
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

async function explain(server: Server, id: string, task: Task, nowMs: number): Promise<Explained> {
  const { taskId, cacheEntry: entry = "", cacheMiss: miss } = task;
  const known = { task: taskId, entry };
  if (miss === undefined) return { ...known, ...withoutMiss(task, await entryOf(server, entry)) };
  const computed = { ...known, outcome: "computed", ...(miss.reason && { reason: miss.reason }) } as const;
  if (miss.reason === "absent") return { ...computed, ...(await nearest(server, id, task)) };
  const { runId: run = "", taskId: ofTask = "" } = miss;
  return { ...computed, ...(run !== "" && { run, ofTask }), why: missText(miss, nowMs) };
}

/** Explains a task without a recorded miss: a hit, or a task that still waits for the cache. */
export function withoutMiss(
  task: Pick<Task, "fromCache" | "status" | "attempts" | "endTimeMs">,
  entry: Pick<CacheEntryInfo, "runId" | "taskId" | "storeTimeMs"> | undefined,
): Omit<Explained, "task" | "entry"> {
  const { fromCache, status, attempts, endTimeMs } = task;
  // Since then, another task may have stored its output.
  const producer = (entry?.storeTimeMs ?? 0) <= (endTimeMs ?? 0) ? entry : undefined;
  const { runId: run = "", taskId: ofTask = "" } = producer ?? {};
  const source = run === "" ? {} : { run, ofTask };
  if (fromCache === true)
    return {
      ...source,
      outcome: "hit",
      why: run === "" ? "from an earlier output" : `from ${named(source)}`,
    };
  if (attempts.length > 0)
    return { outcome: "computed", why: "an earlier release of Tutti did not record the reason" };
  // Only a recorded failure ends a cached task before its first attempt.
  if (status === "failed")
    return {
      ...source,
      outcome: "hit",
      why: run === "" ? "an earlier failure" : `the failure of ${named(source)}`,
    };
  if (endTimeMs !== undefined) return { outcome: "waiting", why: "it ended before the cache replied" };
  return { outcome: "waiting", why: "for the cache, or for another task that computes the output" };
}

/** The text of a recorded miss. */
export function missText(miss: CacheMiss, nowMs: number): string {
  const { runId: run = "", taskId: ofTask = "", forgetTimeMs, equalOutputs = 0, neededOutputs = 0 } = miss;
  const of = run === "" ? "" : ` of ${named({ run, ofTask })}`;
  const at = forgetTimeMs === undefined ? "" : ` at ${printMoment(forgetTimeMs, nowMs)}`;
  switch (miss.reason) {
    case "expired":
      return `the output${of} expired${at}`;
    case "evicted":
      return `the output${of} was evicted${at}, because the cache was full`;
    case "invalidated":
      return `the output${of} was invalidated${at}`;
    case "unreadable":
      return `the output${of} was removed${at}, because a worker could not read it: its content was missing or damaged`;
    case "failure":
      return `the cache had only the failure${of}, and a retried task ignores failures`;
    case "unproven":
      return `\`cache: auto\`: ${equalOutputs} of ${neededOutputs} outputs in a row were equal`;
    case "compared":
      return "`cache: auto`: one task in ten computes, and its output is compared";
    case "producer_ended":
      return `it waited for the output${of}, which ended without an output`;
    case "crowded":
      return `too many tasks waited for the output${of}`;
    case "no_reply":
      return "the cache did not reply in time";
    default:
      return "no output was in the cache";
  }
}

function named({ run = "", ofTask = "" }: Pick<Explained, "run" | "ofTask">): string {
  return `run ${run}, task ${ofTask}`;
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

/** Returns whether the cache already had the output of another run when the task of run `id` asked. */
export function isEarlier(
  { runId, storeTimeMs = 0 }: Pick<CacheEntryInfo, "runId" | "storeTimeMs">,
  id: string,
  { startTimeMs, endTimeMs }: Pick<Task, "startTimeMs" | "endTimeMs">,
): boolean {
  const untilMs = startTimeMs ?? endTimeMs ?? Number.POSITIVE_INFINITY;
  return runId !== undefined && runId !== id && storeTimeMs <= untilMs;
}

/** Finds the earlier task of the same capability, of any version, that differs least. */
async function nearest(
  server: Server,
  id: string,
  task: Task,
): Promise<Pick<Explained, "why" | "run" | "ofTask" | "differences">> {
  const { uses = "", input } = task;
  const [capability = ""] = uses.split("@");
  const query = { ...server.namespace, capability, size: 100 };
  const { entries } = await server.call("cache.list", { query });
  const earlier = entries.filter((entry) => isEarlier(entry, id, task)).slice(0, comparedMax);
  const compared = await Promise.all(
    earlier.map(async ({ runId: run = "", taskId: ofTask = "" }) => {
      // Its run may be deleted.
      const found = await taskOf(server, run, ofTask).catch(() => undefined);
      return (
        found && {
          run,
          ofTask,
          differences: [
            ...differencesOf(found.uses, uses, "capability"),
            ...differencesOf(found.input, input, "input"),
          ].map(differenceText),
        }
      );
    }),
  );
  const best = compared
    .filter((each) => each !== undefined)
    .toSorted((one, other) => one.differences.length - other.differences.length)[0];
  if (best === undefined) return { why: `no earlier output of ${capability} is in the cache` };
  if (best.differences.length === 0)
    return { ...best, why: `${named(best)} has the same input and another key` };
  return { ...best, why: `${named(best)} is nearest and differs:` };
}
