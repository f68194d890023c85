/** Tasks as the plain interpreter has them: objects that know each other. */

import type { NeedConditionWord, NeedDocument, TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { referencesOf, referencesOfCondition } from "./names.ts";
import type { PlainRule } from "./script.ts";

export type PlainStatus =
  | "pending"
  /** It waits for an agent, a time or another party. */
  | "at work"
  /** A person has to say how it continues. */
  | "paused"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  | "compensated";

export type How = NeedConditionWord;

export interface PlainTask {
  readonly id: string;
  readonly document: TaskDocument;
  readonly body: PlainBody;
  /** The entry of a list that it is, and which. Undefined where it is a task of a body. */
  readonly entry: { readonly item: Json; readonly index: number; readonly list: PlainTask } | undefined;
  status: PlainStatus;
  /** How often it was started. */
  visits: number;
  /** What it works on. Undefined until it started. */
  input: Json | undefined;
  output: Json;
  /** What the next attempt continues from. */
  saved: string | undefined;
  /** Code of its error. */
  error: string;
  /** On which occasion it failed, and how many others had before. */
  failedOn: number;
  failedAs: number;
  /** Its entries, the rounds that it has had, or what it has added. */
  entries: PlainTask[] | undefined;
  rounds: PlainBody[];
  added: PlainBody | undefined;
  /** Waits until the next round may start. */
  pauses: boolean;
  /** What the round before gave. */
  last: Json;
  /** How often it has sent work back. */
  sentBack: number;
  /** The feedback when it was sent back. Null if it never was. */
  feedback: Json;
  /** People are asked about it. */
  question: PlainQuestion | undefined;
  /** Skipped by its own condition. */
  isPassed: boolean;
  /** Skipped by hand, and what needs it continues. */
  countsAsCompleted: boolean;
  /** The start of its child was requested, and is not confirmed yet. */
  isStarting: boolean;
}

/**
 * What a task did that completed, and can be undone. It goes by the task's id: there is one however often that
 * completed, with what it worked on and gave the last time, also when it is being done again.
 */
export interface PlainEffect {
  readonly task: PlainTask;
  readonly input: Json;
  readonly output: Json;
  /** How many occasions there were before it completed, and when that was. */
  readonly completedAs: number;
  readonly completedMs: number;
}

export interface PlainQuestion {
  /** What is the output when they say yes. Undefined where that is what they said. */
  readonly output: Json | undefined;
  /** The rule that asks it, and those that ask after it. */
  readonly rule: PlainRule | undefined;
  readonly next: readonly PlainRule[];
  /** What each has said last. */
  readonly said: Map<string, "yes" | "no">;
  readonly yes: Set<string>;
  isOpen: boolean;
}

/** Tasks beside each other: those of the run, of a round, of a list of actions, or what was added. */
export interface PlainBody {
  readonly tasks: ReadonlyMap<string, PlainTask>;
  /** The task that they are parts of. Undefined for the run's own. */
  readonly owner: PlainTask | undefined;
  readonly round: { readonly number: number; readonly last: Json } | undefined;
  /** What has brought it about, where it belongs to a state. */
  readonly event: Json | undefined;
  /** What failed and was not allowed to, in the order in which that was seen. */
  failures: PlainTask[];
}

type Documents = Readonly<Record<string, TaskDocument>>;

/** Ids of tasks are distinguished by the parts around their names. */
export function bodyOf(
  documents: Documents,
  {
    idOf = (name) => name,
    ...about
  }: Partial<Pick<PlainBody, "owner" | "round" | "event">> & {
    readonly idOf?: (name: string) => string;
  } = {},
): PlainBody {
  const tasks = new Map<string, PlainTask>();
  const { owner, round, event } = about;
  const body: PlainBody = { tasks, owner, round, event, failures: [] };
  for (const [name, document] of Object.entries(documents))
    tasks.set(name, taskOf(idOf(name), document, body));
  return body;
}

export function taskOf(
  id: string,
  document: TaskDocument,
  body: PlainBody,
  entry?: PlainTask["entry"],
): PlainTask {
  return { id, document, body, entry, visits: 0, sentBack: 0, feedback: null, ...untouched() };
}

function untouched() {
  return {
    status: "pending" as PlainStatus,
    input: undefined,
    output: null,
    error: "",
    failedOn: 0,
    failedAs: 0,
    ...{ entries: undefined, rounds: [], added: undefined, pauses: false, last: null },
    saved: undefined,
    question: undefined,
    countsAsCompleted: false,
    isPassed: false,
    isStarting: false,
  };
}

/** As if nothing had been done of it, except that it keeps the number of its starts, and its feedback. */
export function forget(task: PlainTask): void {
  Object.assign(task, untouched());
}

export function hasEnded({ status }: PlainTask): boolean {
  return status !== "pending" && status !== "at work" && status !== "paused";
}

/** Returns whether what needs its success may continue. */
export function isGood({ status, countsAsCompleted }: PlainTask): boolean {
  return status === "completed" || countsAsCompleted;
}

/** Returns the task with all its entries, rounds and what it has added. */
export function partsOf(task: PlainTask): PlainTask[] {
  const bodies = task.added === undefined ? task.rounds : [...task.rounds, task.added];
  const inBodies = bodies.flatMap(({ tasks }) => [...tasks.values()]);
  return [task, ...[...(task.entries ?? []), ...inBodies].flatMap(partsOf)];
}

/** A task that is needed: beside it, or anywhere in the run where it was added. */
export function neededBy({ body }: PlainTask, id: string, run: KnownTasks): PlainTask | undefined {
  return body.tasks.get(id) ?? (isAdded(body) ? run.task(id) : undefined);
}

export interface KnownTasks {
  readonly tasks: readonly PlainTask[];
  task(id: string): PlainTask | undefined;
}

export function needsDirectly(task: PlainTask, needed: PlainTask, run: KnownTasks): boolean {
  return (
    task.entry === undefined &&
    [...needsOf(task.document).keys()].some((id) => neededBy(task, id, run) === needed)
  );
}

/** Returns the task and all that rests on it. */
export function restingOn(task: PlainTask, run: KnownTasks): ReadonlySet<PlainTask> {
  const found = new Set([task]);
  for (const rested of found)
    for (const other of run.tasks)
      if (needsDirectly(other, rested, run) && !isGivenUp(other)) found.add(wholeOf(other));
  return found;
}

/** What was added by a task that has ended is done again with that. */
function wholeOf(task: PlainTask): PlainTask {
  let whole = task;
  for (let { body } = task; isAdded(body) && body.owner !== undefined; body = body.owner.body)
    if (hasEnded(body.owner)) whole = body.owner;
  return whole;
}

/** What was added by a task that did not do well comes to be again with that. */
export function isGivenUp({ body }: PlainTask): boolean {
  const { owner } = body;
  if (owner === undefined || !isAdded(body)) return false;
  return (hasEnded(owner) && owner.status !== "completed") || isGivenUp(owner);
}

function isAdded(body: PlainBody): boolean {
  return body.owner?.added === body;
}

/** Returns the task of the run that it is, or that it is a part of. */
export function topmost(task: PlainTask): PlainTask {
  const around = task.entry?.list ?? task.body.owner;
  return around === undefined ? task : topmost(around);
}

/**
 * How sibling tasks have to end: by `needs`, and by the references of its expressions. An expression that
 * reads the status or the error of a task accepts any end of it. An expression that reads only the output
 * needs that there is one.
 */
export function needsOf(document: TaskDocument): ReadonlyMap<string, How> {
  const known = needs.get(document);
  if (known !== undefined) return known;
  const made = readNeeds(document);
  needs.set(document, made);
  return made;
}

const needs = new WeakMap<TaskDocument, ReadonlyMap<string, How>>();

function readNeeds(document: TaskDocument): Map<string, How> {
  const { needs = [] } = document;
  const found = new Map<string, How>();
  for (const need of typeof needs === "string" ? [needs] : needs) {
    if (typeof need === "string") found.set(need, "done");
    else found.set(need.task, need.on ?? "done");
  }
  const unstated = typeof needs === "string" ? [needs] : needs.map((need) => nameIfUnstated(need));
  const stated = new Set(found.keys());
  for (const id of unstated)
    if (id !== undefined && namesIn(document).includes(`tasks.${id}.output`)) found.set(id, "success");
  for (const name of namesIn(document)) {
    const [, id = "", field] = /^tasks\.(\w+)\.(\w+)$/.exec(name) ?? [];
    if (id === "" || stated.has(id)) continue;
    if (field !== "output") found.set(id, "always");
    else if (!found.has(id)) found.set(id, "success");
  }
  return found;
}

function nameIfUnstated(need: NeedDocument): string | undefined {
  if (typeof need === "string") return need;
  return need.on === undefined ? need.task : undefined;
}

/** Of a task with all that it has inside. */
function namesIn(document: TaskDocument): string[] {
  const { when, forEach, with: given, set, wait, loop, gate, spawn, approve, checks = [], cache } = document;
  const inside = Object.values(loop?.tasks ?? {}).flatMap(namesIn);
  const own = new Set(Object.keys(loop?.tasks ?? {}));
  const waited = typeof wait === "object" ? (wait.for ?? wait.until) : wait;
  const all = [
    ...referencesOfCondition(forEach),
    ...referencesOfCondition(when),
    ...[given, set].flatMap(referencesOf),
    ...checks.flatMap(({ condition }) => referencesOfCondition(condition)),
    ...referencesOf(typeof cache === "object" ? cache.key : undefined),
    ...referencesOf(document.compensate?.with),
    ...[waited, loop?.initial].flatMap(referencesOf),
    ...referencesOfCondition(loop?.while),
    ...referencesOfCondition(loop?.until),
    ...referencesOf(loop?.output),
    ...[gate?.check, ...Object.values(gate?.checks ?? {})].flatMap(referencesOfCondition),
    ...referencesOf(gate?.report),
    ...[approve?.title, approve?.message, approve?.context].flatMap(referencesOf),
    ...referencesOfCondition(typeof spawn === "object" ? spawn.tasks : spawn),
    ...inside,
  ];
  return all.filter((name) => !own.has(/^tasks\.(\w+)\./.exec(name)?.[1] ?? ""));
}

/** The outputs of all tasks by their names. */
export function outputsOf({ tasks }: PlainBody): Json {
  const good = [...tasks].filter(([, task]) => isGood(task));
  return Object.fromEntries(good.map(([name, { output }]) => [name, output]));
}

/** Errors of those that failed first: on one occasion, in the order in which they did. */
export function firstOf(failed: readonly PlainTask[]): readonly string[] {
  const first = Math.min(...failed.map(({ failedOn }) => failedOn));
  const together = failed.filter(({ failedOn }) => failedOn === first);
  return together.sort((one, other) => one.failedAs - other.failedAs).map(({ error }) => error);
}
