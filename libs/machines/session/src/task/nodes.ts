/** State of tasks, for folds: their creation, and the consequences of their ends. */
import type { TaskNote } from "@tutti/contracts/session/v1";
import { type TaskSpec, TaskStatus } from "@tutti/contracts/types/v1";
import { assert } from "@tutti/kernel";
import { bytesOf, dataOf, dataOfPayload, isDone } from "@tutti/machine-work";
import type { Session, Task } from "../state.ts";

export function taskOf({ tasks }: Session, number: number): Task {
  const task = tasks[number];
  assert(task !== undefined, "a task that something happens to is known", { number });
  return task;
}

/** @param sinceMs time of their addition. 0: from the start of the session */
export function addTasks(session: Session, specs: readonly TaskSpec[], sinceMs = 0): void {
  const from = session.tasks.length;
  for (const spec of specs) place(session, newTask(session.tasks.length, spec, sinceMs));
  for (const task of session.tasks.slice(from)) link(session, task);
}

function newTask(number: number, spec: TaskSpec, sinceMs: number): Task {
  return {
    number,
    spec,
    part: -1,
    isPlaced: false,
    status: TaskStatus.TASK_STATUS_PENDING,
    reason: "",
    agent: "",
    attempts: 0,
    sinceMs,
    readyMs: 0,
    startMs: 0,
    endMs: 0,
    output: undefined,
    error: undefined,
    used: undefined,
    plannedAgent: "",
    plannedStartMs: 0,
    plannedEndMs: 0,
    open: 0,
    followers: [],
  };
}

/** Registers a task by its number and its id. */
function place(session: Session, task: Task): void {
  session.tasks.push(task);
  session.byId.set(task.spec.id, task.number);
  const { gang } = task.spec;
  if (gang !== "") session.gangs.set(gang, [...(session.gangs.get(gang) ?? []), task.number]);
  session.counts[task.status] = (session.counts[task.status] ?? 0) + 1;
  session.remaining += 1;
  session.storedBytes += bytesOf(dataOfPayload(task.spec.input)).length;
}

/** Needs may name tasks that come later in the list. */
function link(session: Session, task: Task): void {
  for (const { task: id, condition } of task.spec.needs) {
    const needed = taskOf(session, session.byId.get(id) ?? -1);
    needed.followers.push({ task: task.number, condition: condition || 1 });
    if (!isDone(needed.status)) task.open += 1;
  }
}

/** Sets the task as its part reports it. */
export function noteTask(session: Session, note: TaskNote): void {
  const task = taskOf(session, note.task);
  const wasDone = isDone(task.status);
  session.storedBytes -= bytesOf(task.output).length;
  task.reason = note.reason;
  if (note.agent !== "") task.agent = note.agent;
  task.attempts = note.attempts;
  if (note.readyMs > 0) task.readyMs = note.readyMs;
  if (note.startMs > 0) task.startMs = note.startMs;
  task.endMs = note.endMs;
  task.output = dataOf(note.output, note.outputPayload);
  task.error = note.error;
  task.used = note.used;
  session.storedBytes += bytesOf(task.output).length;
  setStatus(session, task, note.status);
  if (!wasDone && isDone(task.status)) endTask(session, task);
}

function setStatus(session: Session, task: Task, status: TaskStatus): void {
  session.counts[task.status] = (session.counts[task.status] ?? 0) - 1;
  session.counts[status] = (session.counts[status] ?? 0) + 1;
  task.status = status;
}

function endTask(session: Session, task: Task): void {
  session.remaining -= 1;
  for (const follower of task.followers) taskOf(session, follower.task).open -= 1;
}

/** Repeats a task: its earlier execution no longer counts. */
export function restartTask(session: Session, task: Task, sinceMs: number): void {
  if (isDone(task.status)) {
    session.remaining += 1;
    for (const follower of task.followers) taskOf(session, follower.task).open += 1;
  }
  session.storedBytes -= bytesOf(task.output).length;
  Object.assign(task, { part: -1, isPlaced: false, reason: "", agent: "", attempts: 0 });
  Object.assign(task, { sinceMs, readyMs: 0, startMs: 0, endMs: 0 });
  Object.assign(task, { output: undefined, error: undefined, used: undefined });
  Object.assign(task, { plannedAgent: "", plannedStartMs: 0, plannedEndMs: 0 });
  setStatus(session, task, TaskStatus.TASK_STATUS_PENDING);
}

/** Stops the tasks that are open at the end of the session. */
export function stopTasks(session: Session, endMs: number): void {
  for (const task of session.tasks) {
    if (isDone(task.status)) continue;
    task.reason = "the session has ended";
    task.endMs = endMs;
    setStatus(session, task, TaskStatus.TASK_STATUS_CANCELLED);
    endTask(session, task);
  }
}
