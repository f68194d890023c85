/** What the work of a part is to a session: started, looked at, told what to do. A run and a mission are each one. */

import type { TaskNote } from "@tutti/contracts/session/v1";
import {
  type Amounts,
  NeedCondition,
  type Outcome,
  type Payload,
  type Share,
  type TaskOutcome,
  type TaskSpec,
  type WorkStatus,
} from "@tutti/contracts/types/v1";
import type { OperatePart, PartWork, StartPart } from "@tutti/machine-session";
import type { CallOptions } from "@tutti/mesh";

/** Beyond so many events a waiting caller is answered at once. */
const eventMax = 1_000_000;

/** As requests say it. */
export function waitFor({ afterEvent, waitMs }: NewsWanted): NewsWanted {
  return { afterEvent: Math.min(afterEvent, eventMax), waitMs };
}

/** Where the work is, and for which session. */
export interface Place {
  readonly namespace: string;
  readonly sessionId: string;
}

/** How it stands. */
export interface Standing {
  readonly status: WorkStatus;
  /** Changes whenever something has happened to it. */
  readonly events: number;
  /** How many questions to people are open in it. */
  readonly openApprovals: number;
  readonly outcome: Outcome | undefined;
  /** What it used up of its budget. Absent where it keeps none. */
  readonly used?: Amounts;
}

/** A task in it. Its number in the session is not known there. */
export interface SeenTask extends Omit<TaskNote, "task"> {
  readonly id: string;
}

export interface Done {
  readonly withdrawnTaskIds: string[];
  readonly begunTaskIds: string[];
}

export type Asking = Pick<CallOptions, "signal" | "trace">;

/** It is answered when there are more events than these, or the wait is over. */
export interface NewsWanted {
  readonly afterEvent: number;
  readonly waitMs: number;
}

export interface Substrate {
  /** The same again gives the same. `begun` is called once its work is there, also if a later step fails. */
  start(place: Place, part: StartPart, options: Asking, begun: () => void): Promise<void>;
  standing(place: Place, part: PartWork, options: Asking, wanted?: NewsWanted): Promise<Standing>;
  /** All of its tasks, page by page. */
  tasks(place: Place, part: PartWork, options: Asking): AsyncGenerator<readonly SeenTask[], void>;
  /** The same again changes nothing. */
  operate(place: Place, part: OperatePart, outcomes: readonly TaskOutcome[], options: Asking): Promise<Done>;
}

export const nothingDone: Done = { withdrawnTaskIds: [], begunTaskIds: [] };

/** Offered by no agent: the work of a stand-in for a task of another part, until it is removed. */
const elsewhere = "session.elsewhere";

export function standInFor(id: string): TaskSpec {
  return {
    id,
    title: "",
    work: { $case: "capability", value: elsewhere },
    versionRange: "",
    input: undefined,
    needs: [],
    when: "",
    retry: undefined,
    timeouts: undefined,
    priority: 0,
    dueTime: undefined,
    labels: {},
    placement: undefined,
    resources: {},
    estimate: undefined,
    checks: [],
    limits: [],
    cache: undefined,
    compensate: undefined,
    idempotencyKey: "",
    mayBeDoubled: false,
    gang: "",
  };
}

/**
 * Returns the task as its part has it. The concurrency limit of a session holds over all of its parts. A need that is
 * recorded without a condition waits for success, as it does in the session.
 */
export function taskOfPart(
  task: TaskSpec,
  { spec }: Pick<StartPart, "spec">,
  { sessionId }: Place,
): TaskSpec {
  const needs = task.needs.map(({ task: id, condition }) => ({ task: id, condition: condition || success }));
  const { slots = 0, ...resources } = spec.limits;
  if (slots <= 0 && Object.keys(resources).length === 0) return { ...task, needs };
  const maxConcurrent = slots > 0 ? Math.max(1, Math.floor(slots)) : 0;
  const limit = { key: `session/${sessionId}`, maxConcurrent, rate: undefined, resources };
  return { ...task, needs, limits: [...task.limits, limit] };
}

const success = NeedCondition.NEED_CONDITION_SUCCESS;

/** What expressions in its tasks see as `input`. */
export function inputOf({ spec: { work } }: Pick<StartPart, "spec">): Payload | undefined {
  return work?.$case === "tasks" || work?.$case === "goal" ? work.value.input : undefined;
}

/** All parts of a session have one share of the agents, whichever engine does them. */
export function shareOf({ spec }: Pick<StartPart, "spec">, { sessionId }: Place): Share {
  return { key: sessionId, weight: spec.weight, reservationIds: [...spec.reservationIds] };
}

/** Tasks in an order in which each comes after all that it needs: what is put in piece by piece finds those that it names. */
export function inOrder(tasks: readonly TaskSpec[]): TaskSpec[] {
  const open = new Map(tasks.map((task) => [task.id, task]));
  const gangs = Map.groupBy(
    tasks.filter(({ gang }) => gang !== ""),
    ({ gang }) => gang,
  );
  const ordered: TaskSpec[] = [];
  const waiting = [...tasks].reverse();
  for (let task = waiting.at(-1); task !== undefined; task = waiting.at(-1)) {
    const before = task.needs.flatMap(({ task: id }) => open.get(id) ?? []).filter((other) => other !== task);
    if (!open.has(task.id)) waiting.pop();
    else if (before.length > 0) waiting.push(...before);
    else {
      waiting.pop();
      // The members of a gang have the same needs, and are put in together.
      for (const one of gangs.get(task.gang) ?? [task]) {
        open.delete(one.id);
        ordered.push(one);
      }
    }
  }
  return ordered;
}

/** What an error, an output and neither are in a note. */
export function endOf(outcome: Outcome | undefined): Pick<SeenTask, "output" | "outputPayload" | "error"> {
  const { result } = outcome ?? {};
  if (result === undefined || result.$case === "continued") return nothing;
  if (result.$case !== "completed") return { ...nothing, error: result.value };
  const { body, mediaType } = result.value;
  if (body?.$case !== "inline")
    return { ...nothing, outputPayload: body === undefined ? undefined : result.value };
  const isJson = mediaType === "" || mediaType === "application/json";
  return isJson ? { ...nothing, output: body.value } : { ...nothing, outputPayload: result.value };
}

const nothing = { output: new Uint8Array(0), outputPayload: undefined, error: undefined };
