/** Snapshots of a session. */
import {
  type KeptPart,
  type KeptSessionTask,
  SessionSnapshotV1,
  type TaskNote,
} from "@tutti/contracts/session/v1";
import { TaskSpec } from "@tutti/contracts/types/v1";
import { type InstanceKey, kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { bytesOf, dataOf, payloadOf } from "@tutti/machine-work";
import { isOpen, newSession, type Part, type Session, type Task } from "./state.ts";
import { addTasks, noteTask, taskOf } from "./task/nodes.ts";

const newest = 1;

export const sessionSnapshots: SnapshotCodec<Session> = {
  version: newest,
  encode: (session) => SessionSnapshotV1.encode(snapshotOf(session as Session)).finish(),
  decode(bytes, version) {
    if (version === newest) return sessionOf(SessionSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "session", version, newest });
  },
};

export function snapshotOf(session: Session): SessionSnapshotV1 {
  const { order, createCause, phase, ending, createMs, beginMs, endMs, removeMs, pauseMs, pauseReason } =
    session;
  const { error, mode, lockMs, plan, plans, planMs, retries } = session;
  return {
    order,
    createCause,
    phase,
    ending,
    createMs,
    beginMs,
    endMs,
    removeMs,
    pauseMs,
    pauseReason,
    output: bytesOf(session.output),
    outputOfTasks: session.isOutputOfTasks,
    error,
    mode,
    tasks: session.tasks.map(storedTask),
    parts: session.parts.map(storedPart),
    choices: [...session.choices],
    moves: session.moves.map((move) => ({ ...move })),
    dependencies: [...session.dependencies],
    lockMs,
    plan,
    plans,
    planMs,
    retries,
    goal: session.goal,
    agentsSeen: [...session.agentsSeen],
    pauses: [...session.pauses],
    signals: [...session.signals],
    namespace: session.key.namespace,
    sessionId: session.key.id,
  };
}

function noteOf(task: Task): TaskNote {
  const { number, status, reason, agent, attempts, readyMs, startMs, endMs, output, error, used } = task;
  return {
    task: number,
    status,
    reason,
    agent,
    attempts,
    readyMs,
    startMs,
    endMs,
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    error,
    used,
  };
}

function storedTask(task: Task): KeptSessionTask {
  const { spec, part, isPlaced, plannedAgent, plannedStartMs, plannedEndMs, sinceMs } = task;
  return {
    spec,
    note: noteOf(task),
    part: part + 1,
    placed: isPlaced,
    plannedAgent,
    plannedStartMs,
    plannedEndMs,
    sinceMs,
  };
}

function storedPart(part: Part): KeptPart {
  const { mode, status, reason, createMs, confirmMs, endMs, error, operations, operationsDone } = part;
  return {
    mode,
    status,
    reason,
    createMs,
    confirmMs,
    endMs,
    error,
    operationsDone,
    over: part.isOver,
    openQuestions: part.openQuestions,
    decisions: part.decisions,
    decision: part.decision,
    budget: part.budget,
    used: part.used,
    operations: [...operations],
    elsewhere: [...part.elsewhere],
    broughtIn: [...part.broughtIn],
  };
}

function sessionOf(snapshot: SessionSnapshotV1): Session {
  const key: InstanceKey = { namespace: snapshot.namespace, kind: "session", id: snapshot.sessionId };
  const session = newSession(key);
  const { order, createCause, phase, ending, createMs, beginMs, endMs, removeMs, pauseMs, pauseReason } =
    snapshot;
  const { error, mode, lockMs, plan, plans, planMs, retries } = snapshot;
  Object.assign(session, {
    order,
    createCause,
    phase,
    ending,
    createMs,
    beginMs,
    endMs,
    removeMs,
    pauseMs,
    pauseReason,
    output: dataOf(snapshot.output, undefined),
    isOutputOfTasks: snapshot.outputOfTasks,
    error,
    mode,
    lockMs,
    plan,
    plans,
    planMs,
    retries,
    goal: snapshot.goal,
  });
  session.choices.push(...snapshot.choices);
  session.moves.push(...snapshot.moves);
  session.dependencies.push(...snapshot.dependencies);
  session.agentsSeen.push(...snapshot.agentsSeen);
  session.pauses.push(...snapshot.pauses);
  session.signals.push(...snapshot.signals);
  addTasks(
    session,
    snapshot.tasks.map(({ spec }) => spec ?? TaskSpec.create()),
  );
  for (const [number, stored] of snapshot.parts.entries()) session.parts.push(partOf(number, stored));
  session.openParts = session.parts.filter(isOpen).length;
  for (const [number, stored] of snapshot.tasks.entries()) restoreTask(session, number, stored);
  return session;
}

function partOf(number: number, stored: KeptPart): Part {
  const { mode, status, reason, createMs, confirmMs, endMs, error, operations, operationsDone } = stored;
  return {
    number,
    mode,
    status,
    reason,
    createMs,
    confirmMs,
    endMs,
    error,
    operations,
    operationsDone,
    elsewhere: new Set(stored.elsewhere),
    broughtIn: new Set(stored.broughtIn),
    isOver: stored.over,
    openQuestions: stored.openQuestions,
    decisions: stored.decisions,
    decision: stored.decision,
    budget: stored.budget,
    used: stored.used,
    tasks: new Set(),
  };
}

function restoreTask(session: Session, number: number, stored: KeptSessionTask): void {
  const { note, part, placed, plannedAgent, plannedStartMs, plannedEndMs, sinceMs } = stored;
  const task = taskOf(session, number);
  if (note !== undefined) noteTask(session, note);
  Object.assign(task, {
    part: part - 1,
    isPlaced: placed,
    plannedAgent,
    plannedStartMs,
    plannedEndMs,
    sinceMs,
  });
  session.parts[task.part]?.tasks.add(number);
}
