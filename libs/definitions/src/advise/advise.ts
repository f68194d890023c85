/**
 * Advice about a workflow, from its document and recorded runs: each with evidence, the gain that a replay of these runs
 * predicts, its risk, and the changed document.
 */
import { counted } from "@tutti/kernel";
import type { TaskDocument, WorkflowDocument } from "../language/document.ts";
import type { Advice } from "./advice.ts";
import { byUsers } from "./by-users.ts";
import { raiseConcurrency } from "./parallel.ts";
import { gainOf, type Needs, type RecordedRun } from "./replay.ts";
import { type RecordedUse, sizeText, smallerOf } from "./right-sizing.ts";
import { secondCopies } from "./speculative.ts";

/** Input and output of one task in a recorded run, in comparable form. */
export interface RecordedData {
  readonly task: string;
  readonly input: string;
  readonly output: string;
}

/** Minimum gain that justifies a change. */
const gainMin = 0.01;
/** Minimum share of repeated inputs for a cache. */
const repeatedMin = 0.2;
const samplesMin = 10;
/** Copies take slots of other work: a smaller gain of slow runs does not pay for them. */
const slowGainMin = 0.05;
const cachedMs = 1;

export function advise(
  document: WorkflowDocument,
  runs: readonly RecordedRun[],
  data: readonly RecordedData[] = [],
  uses: readonly RecordedUse[] = [],
): readonly Advice[] {
  const tasks = document.tasks ?? {};
  const needs: Needs = new Map(Object.keys(tasks).map((id) => [id, needsOf(id, tasks)]));
  const found = Object.keys(tasks).flatMap((id) => [
    ...needlessNeeds(document, id, needs, runs),
    ...cacheable(document, id, needs, runs, data),
    ...parallel(document, id, needs, runs),
    ...speculative(document, id, needs, runs),
    ...rightSizing(document, id, uses),
    ...byUsers(document, id, needs, runs),
  ]);
  return found.toSorted((one, other) => other.gain.median - one.gain.median);
}

type Tasks = Readonly<Record<string, TaskDocument>>;

function statedNeeds({
  needs = [],
}: TaskDocument): readonly { readonly task: string; readonly on: string }[] {
  return (typeof needs === "string" ? [needs] : needs).map((need) =>
    typeof need === "string" ? { task: need, on: "" } : { task: need.task, on: need.on ?? "" },
  );
}

/** Returns the tasks that it needs by `needs`, and by its expressions. */
function needsOf(id: string, tasks: Tasks): ReadonlySet<string> {
  const task = tasks[id] ?? {};
  const read = Object.keys(tasks).filter((other) => other !== id && isRead(task, other));
  return new Set([...statedNeeds(task).map((need) => need.task), ...read]);
}

/** Returns whether any field other than its needs names the task. */
function isRead({ needs: _, ...task }: TaskDocument, id: string): boolean {
  const text = JSON.stringify(task);
  return new RegExp(`tasks(\\.|\\[\\\\?["'])${id}\\b|"${id}"`).test(text);
}

function needlessNeeds(
  document: WorkflowDocument,
  id: string,
  needs: Needs,
  runs: readonly RecordedRun[],
): Advice[] {
  const task = document.tasks?.[id] ?? {};
  return statedNeeds(task)
    .filter(({ task: need, on }) => on === "" && !isRead(task, need))
    .flatMap(({ task: need }): Advice[] => {
      const without = new Set(needs.get(id));
      without.delete(need);
      const gain = gainOf(runs, needs, new Map([...needs, [id, without]]));
      if (gain === undefined || gain.median < gainMin) return [];
      const remaining = statedNeeds(task).filter((each) => each.task !== need);
      const { needs: stated, ...rest } = task;
      const newNeeds =
        remaining.length === 0
          ? {}
          : { needs: remaining.map(({ task: name, on }) => (on === "" ? name : { task: name, on })) };
      const changed = { ...rest, ...(stated === undefined ? {} : newNeeds) } as TaskDocument;
      return [
        {
          kind: "needless_need",
          saves: "time",
          task: id,
          about: need,
          gain,
          changed: withTask(document, id, changed),
          summary: `\`${id}\` waits for \`${need}\`, but does not use its output.`,
          evidence: [
            `No expression of \`${id}\` names \`${need}\`.`,
            `In ${delayedRuns(runs, id, need, needs)} of ${runs.length} runs, \`${need}\` was the last that \`${id}\` waited for.`,
          ],
          risk: `The order may matter outside of the run: then keep the need. \`${id}\` would also start if \`${need}\` fails.`,
        },
      ];
    });
}

function delayedRuns(runs: readonly RecordedRun[], id: string, need: string, needs: Needs): number {
  return runs.filter(({ tasks }) => {
    const ends = tasks.filter(({ task }) => needs.get(id)?.has(task));
    const last = ends.toSorted((one, other) => other.endedMs - one.endedMs)[0];
    return last?.task === need;
  }).length;
}

function cacheable(
  document: WorkflowDocument,
  id: string,
  needs: Needs,
  runs: readonly RecordedRun[],
  data: readonly RecordedData[],
): Advice[] {
  const task = document.tasks?.[id] ?? {};
  const own = data.filter((each) => each.task === id);
  const cache = cacheFor(task);
  if (task.uses === undefined || cache === undefined || own.length < samplesMin) return [];
  const inputs = new Set(own.map(({ input }) => input)).size;
  const repeated = own.length - inputs;
  if (impureInputs(own) > 0 || repeated < repeatedMin * own.length) return [];
  const share = repeated / own.length;
  const gain = gainOf(runs, needs, needs, (_, each) => {
    const durationMs = each.endedMs - each.queuedMs;
    return each.task === id ? durationMs * (1 - share) + Math.min(durationMs, cachedMs) * share : durationMs;
  });
  if (gain === undefined || gain.median < gainMin) return [];
  return [
    {
      kind: "cache",
      saves: "time",
      task: id,
      about: "",
      gain,
      changed: withTask(document, id, { ...task, cache }),
      summary: `\`${id}\` repeats computations: ${repeated} of ${own.length} inputs had occurred before.`,
      evidence: [
        `${counted(inputs, "different input")} in ${counted(own.length, "recorded task")}, with the same output for the same input.`,
        "The replay gives each task the mean of a hit and a miss.",
      ],
      risk: "A reused output does not repeat the effects of the task. Data that the task reads elsewhere may change: choose a time to live that tolerates this.",
    },
  ];
}

/** Returns how many inputs of a task gave different outputs. */
export function impureInputs(own: readonly RecordedData[]): number {
  const outputs = Map.groupBy(own, ({ input }) => input);
  return [...outputs.values()].filter((alike) => new Set(alike.map(({ output }) => output)).size > 1).length;
}

/** Returns the proposed cache. Undefined for a task that reuses outputs without a proof. */
function cacheFor({ cache }: TaskDocument): TaskDocument["cache"] {
  if (cache === undefined || cache === "auto") return "1h";
  if (typeof cache === "string" || cache.auto !== true) return undefined;
  const { auto: _, ...rest } = cache;
  return rest;
}

function parallel(
  document: WorkflowDocument,
  id: string,
  needs: Needs,
  runs: readonly RecordedRun[],
): Advice[] {
  const task = document.tasks?.[id] ?? {};
  const found = raiseConcurrency(id, task, needs, runs);
  if (found === undefined || found.gain.median < gainMin) return [];
  const { maxParallel, gain, evidence } = found;
  return [
    {
      kind: "parallel",
      saves: "time",
      task: id,
      about: "",
      gain,
      evidence,
      changed: withTask(document, id, { ...task, maxParallel }),
      summary: `\`${id}\` runs at most ${task.maxParallel} entries concurrently, and more entries wait.`,
      risk: `The systems that the task calls get up to ${maxParallel} concurrent calls. Workers must have slots for them.`,
    },
  ];
}

function speculative(
  document: WorkflowDocument,
  id: string,
  needs: Needs,
  runs: readonly RecordedRun[],
): Advice[] {
  const task = document.tasks?.[id] ?? {};
  const found = secondCopies(id, task, needs, runs);
  if (found === undefined || found.gain.median < slowGainMin) return [];
  return [
    {
      kind: "speculative",
      saves: "time_p90",
      task: id,
      about: "",
      ...found,
      changed: withTask(document, id, { ...task, mayBeDoubled: true }),
      summary: `Slow attempts of \`${id}\` delay the slowest tenth of the runs.`,
      risk: "Two attempts may run concurrently: the task must be idempotent. A copy needs a free slot at another agent. It does not help if the input makes an attempt slow.",
    },
  ];
}

function rightSizing(document: WorkflowDocument, id: string, uses: readonly RecordedUse[]): Advice[] {
  const task = document.tasks?.[id] ?? {};
  const smaller = smallerOf(task, uses);
  const [first] = smaller;
  if (first === undefined) return [];
  const sizes = Object.fromEntries(smaller.map(({ resource, after }) => [resource, after]));
  const share = 1 - first.after / first.before;
  return [
    {
      kind: "right_sizing",
      task: id,
      about: "",
      saves: first.resource === "cpu" ? "cpu" : "memory",
      gain: { median: share, low: share, high: 1 - first.use.p50 / first.before, runs: first.use.attempts },
      changed: withTask(document, id, { ...task, resources: { ...task.resources, ...sizes } }),
      summary: `\`${id}\` reserves more than it uses: ${smaller
        .map(({ resource, before, after }) => `${sizeText(resource, before)} → ${sizeText(resource, after)}`)
        .join(", ")}.`,
      evidence: smaller.map(
        ({ resource, use: { capability, p99, attempts } }) =>
          `\`${capability}\` used at most ${sizeText(resource, p99)} (p99) in ${attempts} attempts that ran alone.`,
      ),
      risk: "The change adds a quarter to what was used. Larger inputs may need more, and then slow their neighbors down.",
    },
  ];
}

function withTask(document: WorkflowDocument, id: string, task: TaskDocument): WorkflowDocument {
  return { ...document, tasks: { ...document.tasks, [id]: task } };
}
