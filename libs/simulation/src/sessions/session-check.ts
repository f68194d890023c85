/**
 * One session by its durable events: the state that the machine folds from them, which people and the other
 * checks of the load see, and the invariants of each event.
 *
 * 1. A session starts once its dependencies have ended and its locks are held, and not while it is paused.
 * 2. A task is in a part when its status changes, and ends once until the session is retried.
 * 3. A part gets no request after its end. A planned part has a task only after its needs have ended or are in its
 *    work. It learns of the end of another part's task once.
 * 4. The parts together stay within the budget of the session.
 * 5. A session that completes has no open task or part, and no failure without a task that waits for it. A
 *    retried session repeats each task that depends on a repeated task.
 */
import { Mode, SessionPhase } from "@tutti/contracts/session/v1";
import { NeedCondition, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { Session } from "@tutti/machine-session";
import { isOpen, specOf } from "@tutti/machine-session/testing";
import { isDone, kinds, taskStatusName } from "@tutti/machine-work";
import type { KnownEvent } from "../checks/chronicle.ts";
import { DurableState } from "../checks/durable-state.ts";
import type { AnyMachine } from "../counted/counting.ts";

// biome-ignore lint/suspicious/noExplicitAny: each event has a body of its own, read by its type
type Rule = (session: Session, body: any) => string | undefined;
type Task = Session["tasks"][number];

const { SESSION_PHASE_WAITING: waiting, SESSION_PHASE_GOING: going } = SessionPhase;
const { SESSION_PHASE_CHOOSING: choosing, SESSION_PHASE_STOPPING: stopping } = SessionPhase;
const { SESSION_PHASE_PLANNING: planning, SESSION_PHASE_ENDED: ended } = SessionPhase;

export class SessionCheck {
  readonly id: string;
  readonly findings: string[] = [];
  readonly #durable: DurableState<Session>;
  /** Numbers of dependencies that have ended or were removed. */
  readonly #settled = new Set<number>();
  /** Numbers of tasks that have ended. */
  readonly #ended = new Set<number>();

  constructor(machine: AnyMachine, key: InstanceKey) {
    this.id = key.id;
    this.#durable = new DurableState(machine, key);
  }

  get state(): Session {
    return this.#durable.value;
  }

  get hasStarted(): boolean {
    return this.state.order !== undefined;
  }

  get isOver(): boolean {
    return this.state.phase === ended;
  }

  /** Open tasks and parts, for a report. */
  get open(): string {
    const { tasks, parts, phase, pauseMs } = this.state;
    return [
      phaseName(phase),
      ...(pauseMs > 0 ? ["paused"] : []),
      ...tasks
        .filter(({ status }) => !isDone(status))
        .map(({ spec, part, status }) => `${spec.id} (${taskStatusName(status)}) of part ${part}`),
      ...parts
        .filter(isOpen)
        .map(({ number, operations }) => `part ${number} with ${operations.length} operations`),
    ].join("; ");
  }

  event(event: KnownEvent): void {
    const { state } = this;
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const { type, body } = event as { readonly type: string; readonly body: any };
    if (!this.hasStarted && type !== "session_accepted") this.#find(`${type} before it was accepted`);
    if (this.isOver && !afterwards.has(type)) this.#find(`${type} after its end`);
    if (state.removeMs > 0) this.#find(`${type} after it was removed`);
    if (state.phase === stopping && requestEvents.has(type)) this.#find(`${type} while it stops`);
    if (starts.has(type) && state.phase !== choosing) this.#checkStart();
    if (type === "tasks_noted") this.#checkNotes(body.notes);
    this.#find(rules[type]?.(state, body));
    this.#follow(type, body);
    this.#durable.fold(event);
    if (type === "mode_chosen") {
      const unassigned = state.tasks.find(({ part, status }) => part < 0 && !isDone(status));
      if (unassigned !== undefined) this.#find(`${unassigned.spec.id} is in no part`);
    }
    this.#checkBudget();
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  #follow(type: string, body: any): void {
    if (type === "dependency_settled" || type === "dependency_dropped") {
      if (this.#settled.has(body.dependency)) this.#find(`dependency ${body.dependency} ends twice`);
      this.#settled.add(body.dependency);
    } else if (type === "session_retried") {
      if (this.state.beginMs === 0) this.#settled.clear();
      for (const task of body.tasks) this.#ended.delete(task);
    }
  }

  /** See invariant 1. */
  #checkStart(): void {
    const { phase, pauseMs, lockMs } = this.state;
    const { dependsOn, locks } = specOf(this.state);
    if (phase !== waiting) this.#find(`it starts in ${phaseName(phase)}`);
    if (pauseMs > 0) this.#find("it starts while it is paused");
    if (this.#settled.size < dependsOn.length) this.#find("it starts before its dependencies have ended");
    if (locks.length > 0 && lockMs === 0) this.#find("it starts without its locks");
  }

  /** See invariant 2. */
  #checkNotes(notes: readonly { readonly task: number; readonly status: TaskStatus }[]): void {
    for (const { task: number, status } of notes) {
      const { spec, part } = taskOf(this.state, number);
      const of = this.state.parts[part];
      if (this.#ended.has(number)) this.#find(`${spec.id} becomes ${taskStatusName(status)} after its end`);
      if (of === undefined || !isOpen(of))
        this.#find(`${spec.id} becomes ${taskStatusName(status)} outside of a part`);
      if (isDone(status)) this.#ended.add(number);
    }
  }

  /** See invariant 4. */
  #checkBudget(): void {
    const { budget } = specOf(this.state);
    for (const kind of kinds) {
      const limit = budget?.[kind] ?? 0;
      if (limit <= 0) continue;
      let sum = 0;
      for (const part of this.state.parts) {
        if ((part.budget?.[kind] ?? 0) <= 0)
          this.#find(`part ${part.number} starts without a limit of ${kind}`);
        sum += (isOpen(part) ? part.budget : (part.used ?? part.budget))?.[kind] ?? 0;
      }
      if (sum > limit + 1e-3) this.#find(`its parts have ${sum} ${kind} of ${limit}`);
    }
  }

  #find(problem: string | undefined): void {
    if (problem !== undefined) this.findings.push(problem);
  }
}

const starts = new Set(["goal_asked", "choosing_begun", "mode_chosen"]);
const afterwards = new Set(["session_retried", "session_removed"]);
/** Events that request something of a part. */
const requestEvents = new Set([
  "part_made",
  "operation_queued",
  "tasks_moved",
  "tasks_placed",
  "mode_chosen",
]);

function phaseName(phase: SessionPhase): string {
  return Object.entries(SessionPhase).find(([, value]) => value === phase)?.[0] ?? `phase ${phase}`;
}

function taskOf({ tasks }: Session, number: number): Task {
  const task = tasks[number];
  if (task === undefined) throw new Error(`there is no task ${number}`);
  return task;
}

function neededBy({ tasks, byId }: Session, { spec }: Task): Task[] {
  return spec.needs.flatMap(({ task }) => tasks[byId.get(task) ?? -1] ?? []);
}

function isPlanned(mode: Mode | undefined): boolean {
  return mode === Mode.MODE_INTELLIGENCE || mode === Mode.MODE_CUSTOM;
}

/** See invariant 3. */
function startsAfterNeeds(session: Session, part: number, numbers: readonly number[]): string | undefined {
  const isAhead = session.parts[part]?.mode === Mode.MODE_INTELLIGENCE;
  const placed = new Set<number>();
  for (const task of numbers.map((number) => taskOf(session, number))) {
    const isInWork = (need: Task) => need.part === part && (need.isPlaced || placed.has(need.number));
    const open = neededBy(session, task).find((need) => !isDone(need.status) && !(isAhead && isInWork(need)));
    if (open !== undefined) return `${task.spec.id} starts before ${open.spec.id} has ended`;
    placed.add(task.number);
  }
  return undefined;
}

const isRequestedOfOpenPart: Rule = (session, { part: number, operation: { operation } }) => {
  const part = session.parts[number];
  if (part === undefined || !isOpen(part) || part.isOver)
    return `part ${number} receives ${operation?.$case} after its end`;
  if (operation?.$case === "add" && isPlanned(part.mode))
    return startsAfterNeeds(session, number, operation.value.tasks);
  if (operation?.$case === "close" && session.tasks.some(({ status }) => !isDone(status)))
    return `part ${number} is closed while tasks are open`;
  if (operation?.$case !== "bringIn") return undefined;
  for (const task of operation.value.tasks) {
    const { spec, status } = taskOf(session, task);
    if (!isDone(status) || !part.elsewhere.has(task) || part.broughtIn.has(task))
      return `${spec.id}, ${taskStatusName(status)}, is brought into part ${number}, which runs it or already knows its end`;
  }
  return undefined;
};

const arePlacedInPlannedPart: Rule = (session, { part, places }) => {
  const numbers: number[] = places.map(({ task }: { task: number }) => task);
  if (session.phase !== going || !isPlanned(session.parts[part]?.mode))
    return `tasks of part ${part} are placed, which is not planned`;
  const other = numbers.find((number) => taskOf(session, number).part !== part);
  if (other !== undefined) return `task ${other} is placed in part ${part}, and is in another`;
  return startsAfterNeeds(session, part, numbers);
};

const areMovedToOpenPart: Rule = (session, { tasks, toPart }) => {
  const part = session.parts[toPart];
  if (part === undefined || !isOpen(part) || part.isOver)
    return `tasks move to part ${toPart}, which has ended`;
  const done = tasks.find((number: number) => isDone(taskOf(session, number).status));
  return done === undefined ? undefined : `task ${done} moves after its end`;
};

const isPartOpen: Rule = ({ parts }, { part: number }) => {
  const part = parts[number];
  return part !== undefined && isOpen(part) ? undefined : `part ${number} changes after its end`;
};

/** See invariant 5. */
const isEndedInOrder: Rule = (session, { status }) => {
  const { tasks, parts, phase, ending } = session;
  const openPart = parts.find(isOpen);
  const openTask = tasks.find((task) => !isDone(task.status));
  if (status === WorkStatus.WORK_STATUS_TERMINATED) return undefined;
  if (openPart !== undefined) return `it ends before part ${openPart.number}`;
  const isStopped = phase === stopping && ending === status;
  if (!isStopped && (phase !== going || openTask !== undefined))
    return `it ends in ${phaseName(phase)}, with ${openTask?.spec.id ?? "no task"} open`;
  if (status !== WorkStatus.WORK_STATUS_COMPLETED) return undefined;
  const isAwaited = ({ spec: { id } }: Task): boolean =>
    tasks.some(({ spec }) =>
      spec.needs.some(
        ({ task, condition }) => task === id && condition > NeedCondition.NEED_CONDITION_SUCCESS,
      ),
    );
  const failed = tasks.find((task) => task.status === TaskStatus.TASK_STATUS_FAILED && !isAwaited(task));
  return failed && `it completes, though ${failed.spec.id} failed`;
};

const isRetriedCompletely: Rule = (session, { tasks }) => {
  const retried = new Set<number>(tasks);
  if (session.ending !== WorkStatus.WORK_STATUS_FAILED) return "it is retried, though it did not fail";
  for (const task of session.tasks)
    for (const needed of neededBy(session, task))
      if (retried.has(needed.number) && !retried.has(task.number))
        return `${needed.spec.id} is done again, and ${task.spec.id}, which needs it, is not`;
  return undefined;
};

/** Rules by the type of the event, for the state before it. */
const rules: Readonly<Record<string, Rule>> = {
  dependency_added: ({ phase }) => (phase === waiting ? undefined : "a dependency is added after its start"),
  dependency_dropped: ({ phase }) =>
    phase === waiting ? undefined : "a dependency is removed after its start",
  goal_planned: ({ phase }) => (phase === planning ? undefined : "its goal is planned without a question"),
  mode_chosen: ({ choices }, { choice }) =>
    choice !== undefined && choices.length > 0 ? "its mode is chosen twice" : undefined,
  part_confirmed: ({ parts }, { part }) =>
    parts[part]?.status === WorkStatus.WORK_STATUS_PENDING ? undefined : `part ${part} is confirmed twice`,
  part_over: isPartOpen,
  part_ended: isPartOpen,
  operation_queued: isRequestedOfOpenPart,
  operation_done: ({ parts }, { part }) =>
    (parts[part]?.operations.length ?? 0) > 0
      ? undefined
      : `part ${part} has completed an operation that was not requested`,
  tasks_moved: areMovedToOpenPart,
  tasks_placed: arePlacedInPlannedPart,
  decision_recorded: ({ parts }, { part, number }) =>
    parts[part]?.mode === Mode.MODE_CUSTOM && number === parts[part].decisions + 1
      ? undefined
      : `decision ${number} about part ${part} is recorded out of order`,
  session_paused: ({ pauseMs }) => (pauseMs > 0 ? "it is paused twice" : undefined),
  session_resumed: ({ pauseMs }) => (pauseMs > 0 ? undefined : "it is resumed, though it is not paused"),
  session_stopped: ({ phase }) => (phase === stopping ? "it stops twice" : undefined),
  session_ended: isEndedInOrder,
  session_retried: isRetriedCompletely,
  session_removed: ({ phase }) => (phase === ended ? undefined : "it is removed before its end"),
};
