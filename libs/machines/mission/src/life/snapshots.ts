/** Snapshots of a mission. */
import { type KeptTask, MissionPhase, MissionSnapshotV1, TaskHold } from "@tutti/contracts/swarm/v1";
import { TaskSpec, TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import { type InstanceKey, kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { add, bytesOf, dataOf, isDone, noAmounts, noBytes, payloadOf } from "@tutti/machine-work";
import { follow, place } from "../core/board/add.ts";
import { isAwaited, newTask, rank } from "../core/board/nodes.ts";
import { canBeClaimed } from "../core/board/offer.ts";
import { type Mission, newMission, type Task } from "../core/state/state.ts";
import { addReservation } from "../kinds/budget/events.ts";
import { bytesOfValue } from "../kinds/entry/events.ts";
import { addMessage } from "../kinds/message/events.ts";
import { countRole } from "../kinds/participant/events.ts";

const newest = 1;

export const missionSnapshots: SnapshotCodec<Mission> = {
  version: newest,
  encode: (mission) => MissionSnapshotV1.encode(snapshotOf(mission as Mission)).finish(),
  decode(bytes, version) {
    if (version === newest) return missionOf(MissionSnapshotV1.decode(bytes));
    throw kernelErrors.snapshotUnknown({ kind: "mission", version, newest });
  },
};

export function snapshotOf(mission: Mission): MissionSnapshotV1 {
  const { order, createCause, phase, ending, createMs, beginMs, endMs, removeMs, pauseMs, pauseReason } =
    mission;
  const { putOffMs, checkMs, error, progressMs, entryNumber, messageNumber, leader, leaderMs, trouble } =
    mission;
  return {
    namespace: mission.key.namespace,
    missionId: mission.key.id,
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
    putOffMs,
    checkMs,
    output: bytesOf(mission.output),
    outputOfTasks: mission.isOutputOfTasks,
    error,
    tasks: mission.tasks.map(storedTask),
    agenda: [...mission.agenda],
    progressMs,
    entries: [...mission.entries.values()],
    entryNumber,
    messages: mission.messages.map((message) => ({ ...message })),
    messageNumber,
    participants: [...mission.participants.values()].map(({ nodes: _, topics, ...participant }) => ({
      ...participant,
      topics: [...topics],
      used: { ...participant.used },
    })),
    leader,
    leaderMs,
    votes: [...mission.votes.values()].map(({ vote, dueMs, hasOpenQuestion }) => ({
      vote,
      dueMs,
      asking: hasOpenQuestion,
    })),
    spent: { ...mission.spent },
    overrun: { ...mission.overrun },
    raised: { ...mission.raised },
    reservations: [...mission.reservations.values()].map(({ node, ...reservation }) => ({
      ...reservation,
      node: node + 1,
      spent: { ...reservation.spent },
    })),
    reservationNumber: mission.reservationNumber,
    usedUp: mission.isUsedUp,
    questions: [...mission.questions.values()],
    questionNumber: mission.questionNumber,
    trouble,
    troubleHolds: mission.troubleHolds,
    seen: [...mission.repetitions].map(([what, count]) => ({ what, count })),
    deniedConditions: [...mission.denied],
  };
}

function storedTask(task: Task): KeptTask {
  return {
    spec: task.spec,
    status: task.status,
    attempt: task.attempt,
    tries: task.tries,
    skipped: task.skipped,
    authority: task.authority,
    toAgent: task.toAgent,
    toRole: task.toRole,
    fromAgent: task.fromAgent,
    cause: task.cause,
    addMs: task.addMs,
    readyMs: task.readyMs,
    queueMs: task.queueMs,
    startMs: task.startMs,
    beginMs: task.beginMs,
    endMs: task.endMs,
    agent: task.agent,
    leaseMs: task.leaseMs,
    leaseDueMs: task.leaseDueMs,
    retryMs: task.retryMs,
    error: task.error,
    parent: task.parent + 1,
    claimed: task.isClaimed,
    input: bytesOf(task.input),
    inputComputed: task.isInputComputed,
    output: bytesOf(task.output),
    outputPayload: payloadOf(task.output),
    reserved: task.reserved && { ...task.reserved },
    used: task.used && { ...task.used },
    onlyAgents: [...task.onlyAgents],
    notAgents: [...task.notAgents],
    handoffs: [...task.handoffs],
    failures: [...task.failures],
    childId: task.childId,
    childHash: task.childHash,
    fraction: task.fraction,
    message: task.message,
    saved: task.saved ?? noBytes,
    savedNext: task.savedNext ?? noBytes,
    lost: task.lost,
    losses: [...task.losses],
    sentBack: task.sentBack,
    gang: task.gang && { ...task.gang },
    withdrawn: task.isWithdrawn,
    opensPlace: task.opensPlace,
    reason: task.reason,
    question: task.question,
    hold: task.hold,
    details: task.details,
    // A need that can no longer be met is stored as 0, and all other counts are increased by one.
    open: task.open + 1,
  };
}

function missionOf(snapshot: MissionSnapshotV1): Mission {
  const key: InstanceKey = { namespace: snapshot.namespace, kind: "mission", id: snapshot.missionId };
  const mission = newMission(key);
  const { order, createCause, phase, ending, createMs, beginMs, endMs, removeMs, pauseMs, pauseReason } =
    snapshot;
  const { putOffMs, checkMs, error, progressMs, leader, leaderMs, trouble, troubleHolds } = snapshot;
  Object.assign(mission, {
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
    putOffMs,
    checkMs,
    error,
    progressMs,
    leader,
    leaderMs,
    trouble,
    troubleHolds,
    output: dataOf(snapshot.output, undefined),
    isOutputOfTasks: snapshot.outputOfTasks,
    entryNumber: snapshot.entryNumber,
    reservationNumber: snapshot.reservationNumber,
    questionNumber: snapshot.questionNumber,
    isUsedUp: snapshot.usedUp,
  });
  for (const stored of snapshot.participants) {
    const participant = { ...stored, used: stored.used ?? noAmounts(), nodes: new Set<number>() };
    mission.participants.set(stored.agent, participant);
    countRole(mission, stored.role, 1);
  }
  for (const stored of snapshot.tasks) placeTask(mission, stored);
  for (const task of mission.tasks) restoreTask(mission, task);
  for (const number of snapshot.agenda) mission.agenda.add(number);
  for (const entry of snapshot.entries) {
    mission.entries.set(entry.key, entry);
    mission.boardBytes += bytesOfValue(entry.value);
  }
  mission.changesFrom = snapshot.entryNumber + 1;
  for (const { sent, ...message } of snapshot.messages)
    if (sent !== undefined) addMessage(mission, { ...message, sent });
  mission.messageNumber = snapshot.messageNumber;
  for (const { vote, dueMs, asking } of snapshot.votes) {
    if (vote === undefined) continue;
    mission.votes.set(vote.voteId, { vote, dueMs, hasOpenQuestion: asking, place: mission.votes.size });
    if (vote.outcome === undefined) mission.openVotes += 1;
  }
  add(mission.spent, snapshot.spent);
  add(mission.overrun, snapshot.overrun);
  add(mission.raised, snapshot.raised);
  for (const { node, amounts = noAmounts(), spent = noAmounts(), ...kept } of snapshot.reservations)
    addReservation(mission, { ...kept, amounts, spent, node: node - 1 });
  for (const question of snapshot.questions) {
    mission.questions.set(question.number, question);
    const isOpen =
      question.verdict === Verdict.VERDICT_UNSPECIFIED && phase !== MissionPhase.MISSION_PHASE_ENDED;
    if (isOpen) mission.openQuestions += 1;
  }
  for (const { what, count } of snapshot.seen) mission.repetitions.set(what, count);
  for (const name of snapshot.deniedConditions) mission.denied.add(name);
  return mission;
}

function placeTask(mission: Mission, stored: KeptTask): void {
  const {
    spec = TaskSpec.create(),
    parent,
    authority,
    toAgent,
    fromAgent,
    cause,
    addMs,
    input,
    open,
    ...rest
  } = stored;
  const origin = { parent: parent - 1, authority, toAgent, fromAgent, cause, addMs };
  const task = newTask(mission, mission.tasks.length, spec, origin);
  const { claimed, inputComputed, output, outputPayload, withdrawn, saved, savedNext, ...same } = rest;
  Object.assign(task, same, {
    isClaimed: claimed,
    isInputComputed: inputComputed,
    input: inputComputed ? dataOf(input, undefined) : undefined,
    output: dataOf(output, outputPayload),
    isWithdrawn: withdrawn,
    saved: saved.length > 0 ? saved : undefined,
    savedNext: savedNext.length > 0 ? savedNext : undefined,
    open: open - 1,
  });
  place(mission, task);
  if (task.reserved !== undefined) add(mission.reserved, task.reserved);
}

/** Restores the derived state of a task. */
function restoreTask(mission: Mission, task: Task): void {
  for (const { task: id, condition } of task.spec.needs) {
    const needed = mission.tasks[mission.byId.get(id) ?? -1];
    if (needed !== undefined) follow(needed, task, condition || 1);
  }
  if (isDone(task.status)) return;
  mission.remaining += 1;
  if (isAwaited(task)) mission.children += 1;
  if (task.readyMs > 0) rank(mission, task);
  if (task.opensPlace) mission.openPlaces += 1;
  if (task.status === TaskStatus.TASK_STATUS_RUNNING)
    mission.participants.get(task.agent)?.nodes.add(task.number);
  const isWaiting = task.status === TaskStatus.TASK_STATUS_QUEUED && task.profile !== undefined;
  if (isWaiting && canBeClaimed(mission, task)) mission.claimable.add(task);
  if (task.hold === TaskHold.TASK_HOLD_BUDGET) mission.heldForBudget.add(task);
  else if (task.hold === TaskHold.TASK_HOLD_PLACE) mission.heldForPlace.add(task);
  else if (task.hold === TaskHold.TASK_HOLD_ROLE) {
    const heldTasks = mission.heldForRole.get(task.toRole) ?? new Set();
    mission.heldForRole.set(task.toRole, heldTasks.add(task.number));
  }
}
