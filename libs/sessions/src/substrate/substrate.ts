/** Interface of the work of a part for a session: started, read, operated. A run and a mission each implement it. */

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

/** Above this event number a waiting caller gets an immediate reply. */
const eventMax = 1_000_000;

/** Converts the wait for a request. */
export function waitFor({ afterEvent, waitMs }: EventWait): EventWait {
  return { afterEvent: Math.min(afterEvent, eventMax), waitMs };
}

/** Location of the work, and its session. */
export interface Place {
  readonly namespace: string;
  readonly sessionId: string;
}

/** Status of the work. */
export interface WorkState {
  readonly status: WorkStatus;
  /** Changes with every event of the work. */
  readonly events: number;
  /** Number of open questions to people. */
  readonly openApprovals: number;
  readonly outcome: Outcome | undefined;
  /** Usage of its budget. Absent if it has none. */
  readonly used?: Amounts;
}

/** A task of the work, which does not know its number in the session. */
export interface ObservedTask extends Omit<TaskNote, "task"> {
  readonly id: string;
}

export interface Done {
  readonly withdrawnTaskIds: string[];
  readonly begunTaskIds: string[];
}

export type RequestOptions = Pick<CallOptions, "signal" | "trace">;

/** A wait for more events than these, with a timeout. */
export interface EventWait {
  readonly afterEvent: number;
  readonly waitMs: number;
}

export interface Substrate {
  /**
   * Starts the work. A repetition has the same result. `onStarted` is called once the work exists, even if a
   * later step fails.
   */
  start(place: Place, part: StartPart, options: RequestOptions, onStarted: () => void): Promise<void>;
  state(place: Place, part: PartWork, options: RequestOptions, wait?: EventWait): Promise<WorkState>;
  /** Returns all of its tasks, page by page. */
  tasks(place: Place, part: PartWork, options: RequestOptions): AsyncGenerator<readonly ObservedTask[], void>;
  /** Executes an operation. A repetition changes nothing. */
  operate(
    place: Place,
    part: OperatePart,
    outcomes: readonly TaskOutcome[],
    options: RequestOptions,
  ): Promise<Done>;
}

export const nothingDone: Done = { withdrawnTaskIds: [], begunTaskIds: [] };

/**
 * Capability that no agent offers: the work of a stand-in for a task of another part, until it is removed.
 */
const otherPart = "session.elsewhere";

export function standInFor(id: string): TaskSpec {
  return {
    id,
    title: "",
    work: { $case: "capability", value: otherPart },
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
 * Returns the task for the work of its part. The concurrency limit of a session applies to all of its parts together.
 * A recorded need without a condition waits for success, as it does in the session.
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

/** Returns the value of `input` in expressions of its tasks. */
export function inputOf({ spec: { work } }: Pick<StartPart, "spec">): Payload | undefined {
  return work?.$case === "tasks" || work?.$case === "goal" ? work.value.input : undefined;
}

/** Returns the share of the agents, which all parts of a session have in common, in any engine. */
export function shareOf({ spec }: Pick<StartPart, "spec">, { sessionId }: Place): Share {
  return { key: sessionId, weight: spec.weight, reservationIds: [...spec.reservationIds] };
}

/**
 * Returns the tasks in an order in which each comes after its needs: when they are added piece by piece, earlier pieces
 * contain the needs.
 */
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
      // The members of a gang have the same needs, and are added together.
      for (const member of gangs.get(task.gang) ?? [task]) {
        open.delete(member.id);
        ordered.push(member);
      }
    }
  }
  return ordered;
}

/** Converts an outcome to the fields of a note. */
export function endOf(
  outcome: Outcome | undefined,
): Pick<ObservedTask, "output" | "outputPayload" | "error"> {
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
