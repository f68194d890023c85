/** Tasks as the plain interpreter has them: objects that know each other. */

import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { referencesOf, referencesOfCondition } from "./names.ts";

export type PlainStatus =
  | "pending"
  /** An agent, time or somebody else has to say something. */
  | "at work"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  | "compensated";

export type How = "success" | "failure" | "always";

export interface PlainTask {
  readonly id: string;
  readonly document: TaskDocument;
  readonly body: PlainBody;
  /** The entry of a list that it is, and which; undefined where it is a task of a body. */
  readonly entry: { readonly item: Json; readonly index: number } | undefined;
  status: PlainStatus;
  /** What it works on; undefined until it began. */
  input: Json | undefined;
  output: Json;
  /** Code of its error. */
  error: string;
  /** On which occasion it failed. */
  failedOn: number;
  /** Its entries, or the rounds that it has had. */
  entries: PlainTask[] | undefined;
  rounds: PlainBody[];
  /** Waits until the next round may begin. */
  pauses: boolean;
  /** What the round before gave. */
  last: Json;
  /** How often it has sent work back. */
  sentBack: number;
}

/** Tasks beside each other: those of the run, or of a round. */
export interface PlainBody {
  readonly tasks: ReadonlyMap<string, PlainTask>;
  /** The task that they are a round of; undefined for the run's own. */
  readonly owner: PlainTask | undefined;
  readonly round: { readonly number: number; readonly last: Json };
  /** What failed and was not allowed to, in the order in which that was seen. */
  failures: PlainTask[];
}

export function bodyOf(
  documents: Readonly<Record<string, TaskDocument>>,
  owner?: PlainTask,
  round: PlainBody["round"] = { number: 0, last: null },
): PlainBody {
  const tasks = new Map<string, PlainTask>();
  const body: PlainBody = { tasks, owner, round, failures: [] };
  const before = owner === undefined ? "" : `${owner.id}#${round.number}.`;
  for (const [id, document] of Object.entries(documents))
    tasks.set(id, taskOf(`${before}${id}`, document, body));
  return body;
}

export function taskOf(
  id: string,
  document: TaskDocument,
  body: PlainBody,
  entry?: PlainTask["entry"],
): PlainTask {
  return {
    ...{
      id,
      document,
      body,
      entry,
      status: "pending",
      input: undefined,
      output: null,
      error: "",
      failedOn: 0,
    },
    ...{ entries: undefined, rounds: [], pauses: false, last: null, sentBack: 0 },
  };
}

export function hasEnded({ status }: PlainTask): boolean {
  return status !== "pending" && status !== "at work";
}

/** The task and all that rests on it. */
export function restingOn(task: PlainTask): ReadonlySet<PlainTask> {
  const found = new Set([task]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const other of task.body.tasks.values()) {
      const needed = [...needsOf(other.document).keys()].map((id) => task.body.tasks.get(id));
      if (needed.some((one) => one !== undefined && found.has(one))) found.add(other);
    }
  }
  return found;
}

/** As if nothing had been done of it. */
export function forget(task: PlainTask): void {
  task.status = "pending";
  task.input = undefined;
  task.output = null;
  task.error = "";
  task.entries = undefined;
  task.rounds = [];
  task.pauses = false;
}

/** The task with all its entries and rounds. */
export function partsOf(task: PlainTask): PlainTask[] {
  const inRounds = task.rounds.flatMap(({ tasks }) => [...tasks.values()]);
  return [task, ...[...(task.entries ?? []), ...inRounds].flatMap(partsOf)];
}

/** How tasks beside it have to end: what `needs` says, and what its expressions refer to first. */
export function needsOf(document: TaskDocument): Map<string, How> {
  const { needs = [] } = document;
  const found = new Map<string, How>();
  for (const need of typeof needs === "string" ? [needs] : needs) {
    if (typeof need === "string") found.set(need, "success");
    else found.set(need.task, need.on ?? "success");
  }
  for (const name of namesIn(document)) {
    const [, id = "", field] = /^tasks\.(\w+)\.(\w+)$/.exec(name) ?? [];
    if (id !== "" && !found.has(id)) found.set(id, field === "output" ? "success" : "always");
  }
  return found;
}

/** Of a task with all that it has inside. */
function namesIn({ when, forEach, with: given, set, wait, loop, gate }: TaskDocument): string[] {
  const inside = Object.values(loop?.tasks ?? {}).flatMap(namesIn);
  const own = new Set(Object.keys(loop?.tasks ?? {}));
  const waited = typeof wait === "object" ? (wait.for ?? wait.until) : wait;
  const all = [
    ...referencesOfCondition(forEach),
    ...referencesOfCondition(when),
    ...[given, set, waited, loop?.initial, loop?.output].flatMap(referencesOf),
    ...referencesOfCondition(loop?.while),
    ...referencesOfCondition(loop?.until),
    ...[gate?.check, ...Object.values(gate?.checks ?? {})].flatMap(referencesOfCondition),
    ...referencesOf(gate?.report),
    ...inside,
  ];
  return all.filter((name) => !own.has(/^tasks\.(\w+)\./.exec(name)?.[1] ?? ""));
}
