/** Changes of one task: its status and its outstanding effects and timers. For folds. */

import { type Authority, type Handoff, type KeptFailure, TaskHold } from "@tutti/contracts/swarm/v1";
import { type Cause, type TaskSpec, TaskStatus } from "@tutti/contracts/types/v1";
import { assert, fromTimestamp } from "@tutti/kernel";
import { bytesOf, type Data, dataOfPayload, noAmounts } from "@tutti/machine-work";
import { ageingMs, dueLeadMs } from "../state/limits.ts";
import { effectNumber, taskTimers, timerNumber } from "../state/numbers.ts";
import {
  isChild,
  type Mission,
  type MissionOutstanding,
  type Participant,
  type Task,
  type TaskView,
} from "../state/state.ts";
import { profileOf } from "./profile.ts";

export function taskOf({ tasks }: Mission, number: number): Task {
  const task = tasks[number];
  assert(task !== undefined, "a task that something happens to is on the board", { number });
  return task;
}

export interface Origin {
  readonly parent: number;
  readonly authority: Authority | undefined;
  readonly toAgent: string;
  readonly fromAgent: string;
  readonly cause: Cause | undefined;
  readonly addMs: number;
}

/** Returns a task in its initial state. The caller counts its needs. */
export function newTask(mission: Mission, number: number, source: TaskSpec, origin: Origin): Task {
  const spec = lean(source);
  const { order } = mission;
  const pool = order?.spec?.pool ?? "";
  return {
    number,
    spec,
    profile: profileOf(spec, { pool, definition: order?.definition ?? "" }),
    rank: 0,
    order: number,
    place: -1,
    status: TaskStatus.TASK_STATUS_PENDING,
    attempt: 0,
    tries: 0,
    skipped: 0,
    parent: origin.parent,
    authority: origin.authority,
    toAgent: origin.toAgent,
    toRole: "",
    fromAgent: origin.fromAgent,
    cause: origin.cause,
    addMs: origin.addMs,
    readyMs: 0,
    queueMs: 0,
    startMs: 0,
    beginMs: 0,
    endMs: 0,
    agent: "",
    isClaimed: false,
    leaseMs: 0,
    leaseDueMs: 0,
    retryMs: 0,
    input: undefined,
    isInputComputed: false,
    output: undefined,
    error: undefined,
    reserved: undefined,
    used: undefined,
    onlyAgents: noAgents,
    notAgents: noAgents,
    handoffs: noHandoffs,
    failures: noFailures,
    childId: "",
    childHash: "",
    fraction: 0,
    message: "",
    saved: undefined,
    savedNext: undefined,
    lost: 0,
    losses: noAgents,
    sentBack: 0,
    isWithdrawn: false,
    opensPlace: false,
    reason: "",
    question: 0,
    hold: TaskHold.TASK_HOLD_UNSPECIFIED,
    details: undefined,
    open: 0,
    gang: undefined,
    followers: undefined,
    parts: undefined,
    reservations: undefined,
  };
}

const noAgents: readonly string[] = [];
const nothing: never[] = [];
const noNames = {};
const noHandoffs: Handoff[] = [];
const noFailures: KeptFailure[] = [];

/** Shares empty values: a hundred thousand tasks have a million empty lists. */
function lean(spec: TaskSpec): TaskSpec {
  return {
    ...spec,
    needs: spec.needs.length === 0 ? nothing : spec.needs,
    checks: spec.checks.length === 0 ? nothing : spec.checks,
    limits: spec.limits.length === 0 ? nothing : spec.limits,
    labels: Object.keys(spec.labels).length === 0 ? noNames : spec.labels,
    resources: Object.keys(spec.resources).length === 0 ? noNames : spec.resources,
  };
}

export function setStatus(mission: Mission, task: Task, status: TaskStatus): void {
  mission.counts[task.status] = (mission.counts[task.status] ?? 0) - 1;
  mission.counts[status] = (mission.counts[status] ?? 0) + 1;
  task.status = status;
  mission.revisions.tasks += 1;
}

/** Adds a task whose needs are met to the agenda. */
export function makeReady(
  mission: Mission,
  task: Task,
  readyMs: number,
  outstanding: MissionOutstanding,
): void {
  task.readyMs = readyMs;
  rank(mission, task);
  const totalMs = task.spec.timeouts?.totalMs ?? 0;
  if (totalMs > 0) outstanding.timer(timerNumber(task.number, taskTimers.total), readyMs + totalMs);
  mission.agenda.add(task.number);
}

/** Sets the rank. Time does not change the order: waiting tasks age without being updated, as in pools. */
export function rank(mission: Mission, task: Task): void {
  const { dueTime } = task.spec;
  const due = dueTime ?? mission.order?.spec?.dueTime;
  const readyBy = due === undefined ? task.readyMs : Math.min(task.readyMs, fromTimestamp(due) - dueLeadMs);
  task.rank = readyBy - (task.spec.priority + (mission.order?.spec?.priority ?? 0)) * ageingMs;
}

/** Removes a task from its place. */
export function removeFromPlace(mission: Mission, task: Task): void {
  if (mission.agenda.delete(task.number)) return;
  if (mission.claimable.has(task)) mission.claimable.remove(task);
  else if (task.hold !== TaskHold.TASK_HOLD_UNSPECIFIED) removeFromHeld(mission, task);
}

function removeFromHeld(mission: Mission, task: Task): void {
  if (task.hold === TaskHold.TASK_HOLD_BUDGET) mission.heldForBudget.remove(task);
  else if (task.hold === TaskHold.TASK_HOLD_PLACE) mission.heldForPlace.remove(task);
  else {
    const heldTasks = mission.heldForRole.get(task.toRole);
    heldTasks?.delete(task.number);
    if (heldTasks?.size === 0) mission.heldForRole.delete(task.toRole);
  }
  task.hold = TaskHold.TASK_HOLD_UNSPECIFIED;
}

export function hold(mission: Mission, task: Task, taskHold: TaskHold): void {
  removeFromPlace(mission, task);
  task.hold = taskHold;
  if (taskHold === TaskHold.TASK_HOLD_BUDGET) mission.heldForBudget.add(task);
  else if (taskHold === TaskHold.TASK_HOLD_PLACE) mission.heldForPlace.add(task);
  else {
    const heldTasks = mission.heldForRole.get(task.toRole) ?? new Set();
    mission.heldForRole.set(task.toRole, heldTasks.add(task.number));
  }
  setStatus(mission, task, TaskStatus.TASK_STATUS_HELD);
}

/** Returns whether the end of a child is awaited. */
export function isAwaited(task: TaskView): boolean {
  if (!isChild(task) || task.question > 0 || task.isWithdrawn) return false;
  return task.status === TaskStatus.TASK_STATUS_WAITING || task.status === TaskStatus.TASK_STATUS_QUEUED;
}

/** Ends an attempt: nothing of it is outstanding. */
export function release(mission: Mission, task: Task, outstanding: MissionOutstanding): void {
  if (isAwaited(task)) mission.children -= 1;
  removeFromPlace(mission, task);
  closePlace(mission, task);
  mission.participants.get(task.agent)?.nodes.delete(task.number);
  outstanding.settled(effectNumber(task.number));
  for (const timer of attemptTimers) outstanding.cleared(timerNumber(task.number, timer));
  task.isClaimed = false;
  task.leaseMs = 0;
  task.leaseDueMs = 0;
  task.retryMs = 0;
  task.beginMs = 0;
}

const attemptTimers = [taskTimers.again, taskTimers.queue, taskTimers.run, taskTimers.lease];

function closePlace(mission: Mission, task: Task): void {
  if (!task.opensPlace) return;
  task.opensPlace = false;
  mission.openPlaces -= 1;
}

/** Records that an agent executes the task in this attempt. */
export function startAttempt(mission: Mission, task: Task, agent: string, beginMs: number): void {
  removeFromPlace(mission, task);
  closePlace(mission, task);
  task.agent = agent;
  task.beginMs = beginMs;
  if (task.startMs === 0) task.startMs = beginMs;
  recordContact(mission, agent, beginMs)?.nodes.add(task.number);
  setStatus(mission, task, TaskStatus.TASK_STATUS_RUNNING);
}

/** Adds the agent of a task to the participants. */
export function ensureParticipant(
  mission: Mission,
  agent: string,
  pool: string,
  ms: number,
): Participant | undefined {
  if (agent === "") return undefined;
  const known = recordContact(mission, agent, ms);
  if (known !== undefined) return known;
  const participant: Participant = {
    agent,
    pool,
    role: "",
    topics: [],
    offering: undefined,
    joinMs: ms,
    heardMs: ms,
    done: 0,
    used: noAmounts(),
    nodes: new Set(),
  };
  mission.participants.set(agent, participant);
  return participant;
}

export function recordContact(mission: Mission, agent: string, ms: number): Participant | undefined {
  const participant = mission.participants.get(agent);
  if (participant !== undefined) participant.heardMs = Math.max(participant.heardMs, ms);
  return participant;
}

/** Records which agent executed an attempt. */
export function recordAgent(mission: Mission, task: Task, agent: string, ms: number): void {
  if (agent === "") return;
  ensureParticipant(mission, agent, task.profile?.pool ?? "", ms);
  if (task.agent !== agent) mission.participants.get(task.agent)?.nodes.delete(task.number);
  task.agent = agent;
  if (task.startMs === 0) task.startMs = task.queueMs;
}

export function setOutput(mission: Mission, task: Task, output: Data | undefined): void {
  mission.storedBytes += bytesOf(output).length - bytesOf(task.output).length;
  task.output = output;
}

export function setInput(mission: Mission, task: Task, input: Data | undefined): void {
  mission.storedBytes += bytesOf(input).length - bytesOf(task.input).length;
  task.input = input;
  task.isInputComputed = true;
}

/** Returns the bytes that a task keeps, without values that many tasks share. */
export function storedBytesOf({ input, output, spec, isInputComputed }: Task): number {
  return (
    bytesOf(output).length +
    (isInputComputed ? bytesOf(input).length : 0) +
    bytesOf(dataOfPayload(spec.input)).length
  );
}
