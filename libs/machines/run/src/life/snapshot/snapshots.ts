/** Snapshots of a run. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import {
  type RunAddition,
  type RunEffectLeft,
  type RunFacts as RunFactsMessage,
  type RunNode,
  RunPhase,
  type RunRange,
  RunSnapshotV1,
} from "@tutti/contracts/workflow/v1";
import { type InstanceKey, kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { bytesOf, dataOf, noBytes, payloadOf } from "@tutti/machine-work";
import { reserve } from "../../core/node/budget.ts";
import { followingInput, storedBytesOf } from "../../core/node/data.ts";
import { updateLent } from "../../core/node/lent.ts";
import { planNeededBySnapshot, planOf, readPlan } from "../../core/plan/plan-of.ts";
import type { KnownPlans } from "../../core/plan/run-plan.ts";
import type { RunFacts } from "../../core/state/effects.ts";
import { journalFrom, journalMessage } from "../../core/state/function-journal.ts";
import { type KindState, stateOfKind } from "../../core/state/kind-state.ts";
import { rangeOf, taskNumberOf } from "../../core/state/places.ts";
import {
  detailOf,
  moreOf,
  type Node,
  type NodeMore,
  newRun,
  type Range,
  type Run,
  type RunMore,
  type StatesProgress,
  statesOf,
} from "../../core/state/state.ts";
import { awaitSignal } from "../../kinds/signal/waiting.ts";
import { restoreFollowers } from "../../kinds/spawn/followers.ts";

const newest = 1;

export function runSnapshots(plans: KnownPlans): SnapshotCodec<Run> {
  return {
    version: newest,
    needs: (bytes) => planNeededBySnapshot(bytes),
    encode: (run) => RunSnapshotV1.encode(snapshotOf(run as Run)).finish(),
    decode(bytes, version) {
      if (version === newest) return runOf(RunSnapshotV1.decode(bytes), plans);
      throw kernelErrors.snapshotUnknown({ kind: "run", version, newest });
    },
  };
}

export function snapshotOf(run: Run): RunSnapshotV1 {
  const { order, phase, ending, createMs, beginMs, endMs, pauseMs, pauseReason, facts } = run;
  return {
    namespace: run.key.namespace,
    runId: run.key.id,
    order,
    phase,
    ending,
    createMs,
    beginMs,
    firstBeginMs: run.firstBeginMs,
    endMs,
    pauseMs,
    pauseReason,
    labels: { ...facts.labels },
    priority: facts.priority,
    dueMs: facts.dueMs,
    ranges: run.ranges.map(rangeMessage),
    nodes: run.nodes.flatMap((node) => (node === undefined ? [] : [nodeMessage(run, node)])),
    agenda: run.agenda.slice(run.agendaAt),
    undo: [...run.undo],
    undoing: run.undoing + 1,
    failed: run.failed + 1,
    output: bytesOf(run.output),
    outputPayload: payloadOf(run.output),
    error: run.error,
    putOffMs: run.putOffMs,
    used: run.used,
    nodeCount: run.nodeCount,
    removeMs: run.removeMs,
    ...moreFields(run.more),
  };
}

function moreFields(more: RunMore | undefined) {
  return {
    limits: more?.limits.map((limit) => ({ ...limit })) ?? [],
    additions:
      more?.additions.map(({ bytes, outside }): RunAddition => ({ plan: bytes, outside: [...outside] })) ??
      [],
    signals: more?.signals.map((signal) => ({ ...signal })) ?? [],
    lastSignal: more?.lastSignal ?? 0,
    events: [...(more?.events ?? [])].map(([digest, timeMs]) => ({ digest, timeMs, taskId: "" })),
    eventsFromMs: more?.eventsFromMs ?? 0,
    lastUpdate: more?.lastUpdate ?? 0,
    vars: [...(more?.vars ?? [])].map(([name, value]) => ({ name, value })),
    nextId: more?.nextId ?? "",
    asking: more?.hasOpenQuestions ?? false,
    answered: more?.hasDecisions ?? false,
    ...statesFields(more?.states),
    leaseAttempt: more?.leaseAttempt ?? 0,
    // If only the run itself has leases, its own number counts them.
    leaseCount: more === undefined || more.leaseCount === more.leaseAttempt ? 0 : more.leaseCount,
    isDue: more?.isDue ?? false,
    attemptsBefore: more?.attemptsBefore ?? 0,
    resets: more?.resets ?? 0,
  };
}

function statesFields(states: StatesProgress | undefined) {
  return {
    state: (states?.state ?? -1) + 1,
    stateMs: states?.stateMs ?? 0,
    event: states?.event ?? noBytes,
    transition: states?.transition,
    activity: (states?.activity ?? -1) + 1,
    activityTaken: states?.isActivityTaken ?? false,
    timesPassed: states?.timesPassed ?? 0,
    timesTaken: states?.timesTaken ?? 0,
    transitionsAtOnce: states?.transitionsAtOnce ?? 0,
    transitionMs: states?.transitionMs ?? 0,
  };
}

function rangeMessage(range: Range): RunRange {
  const {
    first,
    count,
    owner,
    planPlace,
    scope,
    firstTask,
    isEntries,
    round,
    remaining,
    open,
    event,
    failed,
  } = range;
  return {
    first,
    count,
    owner: owner + 1,
    plan: planPlace,
    scope: isEntries ? firstTask : scope,
    entries: isEntries,
    round,
    left: remaining,
    // A need that can no longer be met is stored as 0, and all other counts are increased by one.
    open: open.map((needs) => needs + 1),
    event: event ?? noBytes,
    failed: failed + 1,
    dropped: range.isDropped,
    seen: range.ownValue ?? noBytes,
  };
}

function nodeMessage(run: Run, node: Node): RunNode {
  const { number, status, attempt, tries, visit, agent, input, output, error } = node;
  return {
    node: number,
    status,
    attempt,
    tries,
    visit,
    readyMs: node.readyAt + 1,
    queueMs: node.queueAt + 1,
    startMs: node.startAt + 1,
    endMs: node.endAt + 1,
    agent,
    input: node.inputFollows ? noBytes : bytesOf(input),
    inputPayload: node.inputFollows ? undefined : payloadOf(input),
    inputFollows: node.inputFollows,
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    error,
    facts: factsMessage(run, node),
    ...detailFields(node.more),
    ...kindFields(node.more?.kindState),
  };
}

/**
 * Only facts that differ from those of the run, and only if the node is offered or is a detached child that
 * starts.
 */
function factsMessage(run: Run, node: Node): RunFactsMessage | undefined {
  const { status, facts } = node;
  if (facts === undefined || facts === run.facts || isSameFacts(facts, run.facts)) return undefined;
  if (!isOffered(status) && stateOfKind(node, "child")?.startsAlone !== true) return undefined;
  return { labels: { ...facts.labels }, priority: facts.priority, dueMs: facts.dueMs };
}

function isOffered(status: TaskStatus): boolean {
  return (
    status === TaskStatus.TASK_STATUS_QUEUED ||
    status === TaskStatus.TASK_STATUS_RUNNING ||
    status === TaskStatus.TASK_STATUS_COMPENSATING
  );
}

function isSameFacts(a: RunFacts, b: RunFacts): boolean {
  const names = Object.keys(a.labels);
  if (a.priority !== b.priority || a.dueMs !== b.dueMs) return false;
  return (
    names.length === Object.keys(b.labels).length && names.every((name) => a.labels[name] === b.labels[name])
  );
}

function detailFields(more: NodeMore | undefined) {
  return {
    detailed: more !== undefined,
    dueMs: more?.dueMs ?? 0,
    details: more?.details,
    saved: more?.saved ?? noBytes,
    savedNext: more?.savedNext ?? noBytes,
    onlyAgents: [...(more?.onlyAgents ?? [])],
    notAgents: [...(more?.notAgents ?? [])],
    gang: more?.gang && { ...more.gang },
    fraction: more?.fraction ?? 0,
    message: more?.message ?? "",
    failures: more?.failures.map((failure) => ({ ...failure })) ?? [],
    used: more?.used,
    reserved: more?.reserved && { ...more.reserved },
    turnLeft: more?.turnBudget && { ...more.turnBudget },
    fromCache: more?.fromCache ?? false,
    repairReason: more?.repairReason ?? "",
    countsAsCompleted: more?.countsAsCompleted ?? false,
    lost: more?.lost ?? 0,
    sentBack: more?.review?.sentBack ?? 0,
    feedback: more?.review?.feedback ?? noBytes,
    reports: [...(more?.review?.reports ?? [])],
    setInput: more?.setInput ?? noBytes,
    undoInput: more?.undo?.input ?? noBytes,
    undoError: more?.undo?.error,
    undoMs: more?.undo?.queueMs ?? 0,
    undoAttempts: more?.undo?.attempts ?? 0,
    left: earlierEffectMessage(more),
    question: more?.question,
    leaseAttempt: more?.leaseAttempt ?? 0,
    withdrawn: more?.isWithdrawn ?? false,
    cacheKey: more?.cacheKey ?? "",
    cacheMiss: more?.cacheMiss,
  };
}

/** Values of a node without kind state, and of fields that its kind does not have. */
const noKind = {
  parts: 0,
  list: noBytes,
  nextEntry: 0,
  entriesOpen: 0,
  attended: false,
  last: noBytes,
  round: 0,
  roundOver: false,
  signal: "",
  childId: "",
  childHash: "",
  startsAlone: false,
  aloneBudget: undefined,
  parameters: noBytes,
  function: undefined,
};

function kindFields(state: KindState | undefined) {
  if (state === undefined) return { ...noKind, limits: [] };
  switch (state.kind) {
    case "list": {
      const { parts, isAttended: attended, list = noBytes, nextEntry, entriesOpen } = state;
      return { ...noKind, limits: [], parts, attended, list, nextEntry, entriesOpen };
    }
    case "loop": {
      const { parts, isAttended: attended, last = noBytes, round, isRoundOver: roundOver } = state;
      return { ...noKind, limits: [], parts, attended, last, round, roundOver };
    }
    case "spawn":
      return { ...noKind, limits: [], parts: state.parts, attended: state.isAttended };
    case "function": {
      const { parts, isAttended: attended, journal } = state;
      return { ...noKind, limits: [], parts, attended, function: journalMessage(journal) };
    }
    case "wait":
      return { ...noKind, limits: [], signal: state.signal };
    case "child": {
      const { childId, childHash, startsAlone, aloneBudget, parameters = noBytes, limits } = state;
      const limitMessages = limits.map((limit) => ({ ...limit }));
      return { ...noKind, limits: limitMessages, childId, childHash, startsAlone, aloneBudget, parameters };
    }
    default:
      return state satisfies never;
  }
}

function earlierEffectMessage(more: NodeMore | undefined): RunEffectLeft | undefined {
  const earlierEffect = more?.undo?.earlierEffect;
  if (earlierEffect === undefined) return undefined;
  const { input, output, endAt, status } = earlierEffect;
  return {
    input: bytesOf(input),
    inputPayload: payloadOf(input),
    output: bytesOf(output),
    outputPayload: payloadOf(output),
    endMs: endAt + 1,
    status,
  };
}

export function runOf(snapshot: RunSnapshotV1, plans: KnownPlans): Run {
  const key: InstanceKey = { namespace: snapshot.namespace, kind: "run", id: snapshot.runId };
  const run = newRun(plans, key);
  const { order, phase, ending, createMs, beginMs, endMs, pauseMs, pauseReason, labels, priority, dueMs } =
    snapshot;
  Object.assign(run, { order, phase, ending, createMs, beginMs, endMs, pauseMs, pauseReason });
  run.facts = { labels, priority, dueMs };
  run.plan = order === undefined || hasNoPlan(order) ? undefined : planOf(plans, order);
  run.output = dataOf(snapshot.output, snapshot.outputPayload);
  run.error = snapshot.error;
  run.failed = snapshot.failed - 1;
  run.undoing = snapshot.undoing - 1;
  run.putOffMs = snapshot.putOffMs;
  run.used = snapshot.used;
  run.firstBeginMs = snapshot.firstBeginMs;
  run.nodeCount = snapshot.nodeCount;
  run.removeMs = snapshot.removeMs;
  for (const number of snapshot.agenda) run.agenda.push(number);
  for (const number of snapshot.undo) run.undo.push(number);
  restoreMore(run, snapshot);
  run.ranges = snapshot.ranges.map((range) => rangeFrom(run, range));
  for (const range of run.ranges) if (range.owner < 0) run.remaining += range.remaining;
  for (const node of snapshot.nodes) restoreNode(run, node);
  restoreWaiters(run);
  restoreFollowers(run);
  // Outputs of other nodes are available only now.
  for (const node of run.nodes) {
    if (node === undefined) continue;
    if (node.inputFollows) node.input = followingInput(run, node);
    run.storedBytes += storedBytesOf(node);
  }
  count(run);
  return run;
}

/** Returns whether a run was withdrawn before it started. */
function hasNoPlan({ hash, plan }: NonNullable<RunSnapshotV1["order"]>): boolean {
  return hash === "" && plan.length === 0;
}

function restoreMore(run: Run, snapshot: RunSnapshotV1): void {
  const { limits, additions, signals, lastSignal, lastUpdate, vars, state, event, transition, nextId } =
    snapshot;
  const isEmpty =
    limits.length + additions.length + signals.length + lastSignal + lastUpdate + vars.length + state === 0 &&
    snapshot.leaseAttempt + snapshot.leaseCount === 0 &&
    !snapshot.isDue &&
    snapshot.attemptsBefore + snapshot.resets === 0 &&
    !snapshot.asking &&
    !snapshot.answered;
  if (isEmpty && event.length === 0 && transition === undefined && nextId === "") return;
  const more = moreOf(run);
  more.limits.push(...limits);
  for (const { plan, outside } of additions)
    more.additions.push({ plan: readPlan(plan), bytes: plan, outside });
  more.signals.push(...signals);
  more.lastSignal = lastSignal;
  if (snapshot.events.length > 0)
    more.events = new Map(snapshot.events.map(({ digest, timeMs }) => [digest, timeMs]));
  more.eventsFromMs = snapshot.eventsFromMs;
  more.lastUpdate = lastUpdate;
  if (vars.length > 0) more.vars = new Map(vars.map(({ name, value }) => [name, value]));
  more.nextId = nextId;
  more.hasOpenQuestions = snapshot.asking;
  more.hasDecisions = snapshot.answered;
  if (state > 0 || transition !== undefined || event.length > 0) restoreStates(run, snapshot);
  more.leaseAttempt = snapshot.leaseAttempt;
  more.leaseCount = Math.max(snapshot.leaseCount, snapshot.leaseAttempt);
  more.isDue = snapshot.isDue;
  more.attemptsBefore = snapshot.attemptsBefore;
  more.resets = snapshot.resets;
}

function restoreStates(run: Run, snapshot: RunSnapshotV1): void {
  const { state, stateMs, event, transition, activity, activityTaken: isActivityTaken } = snapshot;
  const { timesPassed, timesTaken, transitionsAtOnce, transitionMs } = snapshot;
  Object.assign(statesOf(run), {
    state: state - 1,
    stateMs,
    event: presentBytes(event),
    transition,
    activity: activity - 1,
    isActivityTaken,
    timesPassed,
    timesTaken,
    transitionsAtOnce,
    transitionMs,
  });
}

function presentBytes(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length === 0 ? undefined : bytes;
}

function rangeFrom(run: Run, stored: RunRange): Range {
  const { first, count: size, owner, plan: planPlace, scope, entries, round, left, failed } = stored;
  const plan = planPlace === 0 ? run.plan : run.more?.additions[planPlace - 1]?.plan;
  if (plan === undefined) throw kernelErrors.snapshotUnknown({ kind: "run", version: newest, newest });
  return {
    first,
    count: size,
    owner: owner - 1,
    plan,
    planPlace,
    scope: entries ? -1 : scope,
    firstTask: entries ? scope : (plan.plan.scopes[scope]?.first ?? 0),
    isEntries: entries,
    round,
    remaining: left,
    open: stored.open.map((needs) => needs - 1),
    event: presentBytes(stored.event),
    failed: failed - 1,
    isDropped: stored.dropped,
    ownValue: presentBytes(stored.seen),
  };
}

function restoreNode(run: Run, stored: RunNode): void {
  const { node: number, status, attempt, tries, visit, agent, error } = stored;
  const range = rangeOf(run, number);
  const node: Node = {
    number,
    range,
    task: taskNumberOf(range, number),
    status,
    attempt,
    tries,
    visit,
    readyAt: stored.readyMs - 1,
    queueAt: stored.queueMs - 1,
    startAt: stored.startMs - 1,
    endAt: stored.endMs - 1,
    agent,
    facts: stored.facts ?? run.facts,
    input: dataOf(stored.input, stored.inputPayload),
    inputFollows: stored.inputFollows,
    output: dataOf(stored.output, stored.outputPayload),
    error,
    more: undefined,
  };
  while (run.nodes.length < number) run.nodes.push(undefined);
  if (run.nodes.length === 0) run.nodes = [node];
  else run.nodes.push(node);
  if (stored.detailed) restoreDetail(run, node, stored);
  reserve(run, node, stored.reserved);
  updateLent(run, node);
  if (stored.startsAlone) run.alone += 1;
}

function restoreWaiters(run: Run): void {
  for (const node of run.nodes)
    if (node?.status === TaskStatus.TASK_STATUS_WAITING) {
      const { signal = "" } = stateOfKind(node, "wait") ?? {};
      if (signal !== "") awaitSignal(run, signal, node.number);
    }
}

function restoreDetail(run: Run, node: Node, stored: RunNode): void {
  const detail = detailOf(node);
  const { dueMs, details, fraction, message, failures, used, fromCache, repairReason, countsAsCompleted } =
    stored;
  Object.assign(detail, { dueMs, details, fraction, message, failures, used, fromCache, repairReason });
  const { lost, question, cacheKey, cacheMiss, leaseAttempt } = stored;
  Object.assign(detail, { countsAsCompleted, lost, question, cacheKey, cacheMiss, leaseAttempt });
  detail.isWithdrawn = stored.withdrawn;
  detail.turnBudget = stored.turnLeft;
  detail.saved = presentBytes(stored.saved);
  detail.savedNext = presentBytes(stored.savedNext);
  detail.onlyAgents = stored.onlyAgents;
  detail.notAgents = stored.notAgents;
  detail.gang = stored.gang;
  detail.setInput = presentBytes(stored.setInput);
  detail.review = reviewFrom(stored);
  detail.undo = undoFrom(stored);
  detail.kindState = kindFrom(run, stored);
}

function reviewFrom({ sentBack, feedback, reports }: RunNode): NodeMore["review"] {
  if (sentBack === 0 && feedback.length === 0) return undefined;
  return { sentBack, feedback: presentBytes(feedback), reports };
}

function undoFrom({
  undoInput,
  undoError: error,
  undoMs: queueMs,
  undoAttempts,
  left,
}: RunNode): NodeMore["undo"] {
  const input = presentBytes(undoInput);
  if (undoAttempts === 0 && queueMs === 0 && left === undefined && error === undefined && input === undefined)
    return undefined;
  return { input, error, queueMs, attempts: undoAttempts, earlierEffect: earlierEffectFrom(left) };
}

/**
 * The kind follows from the fields that are set, and not from the plan: a task that has ended may be of another kind in
 * the version that the run was moved to.
 */
function kindFrom(run: Run, stored: RunNode): KindState | undefined {
  const { parts, attended: isAttended, nextEntry, entriesOpen, round, signal, childId, childHash } = stored;
  const { startsAlone, aloneBudget, limits } = stored;
  if (stored.function !== undefined)
    return { kind: "function", parts, isAttended, journal: journalFrom(stored.function) };
  if (childId !== "" || startsAlone || limits.length > 0) {
    const parameters = presentBytes(stored.parameters);
    return { kind: "child", childId, childHash, startsAlone, aloneBudget, parameters, limits };
  }
  if (signal !== "") return { kind: "wait", signal };
  if (round > 0)
    return {
      kind: "loop",
      parts,
      isAttended,
      round,
      last: presentBytes(stored.last),
      isRoundOver: stored.roundOver,
    };
  const list = presentBytes(stored.list);
  const isList = list !== undefined || nextEntry + entriesOpen > 0;
  if (isList || (parts > 0 && run.ranges[parts]?.isEntries === true))
    return { kind: "list", parts, isAttended, list, nextEntry, entriesOpen };
  return parts > 0 ? { kind: "spawn", parts, isAttended } : undefined;
}

function earlierEffectFrom(
  stored: RunEffectLeft | undefined,
): NonNullable<NodeMore["undo"]>["earlierEffect"] {
  if (stored === undefined) return undefined;
  const { input, inputPayload, output, outputPayload, endMs, status } = stored;
  return {
    input: dataOf(input, inputPayload),
    output: dataOf(output, outputPayload),
    endAt: endMs - 1,
    status,
  };
}

/** Counts by status follow from nodes and ranges. */
function count(run: Run): void {
  const { counts, nodes } = run;
  for (const range of run.ranges) {
    const isOver =
      range.isDropped || run.phase === RunPhase.RUN_PHASE_UNDOING || run.phase === RunPhase.RUN_PHASE_ENDED;
    for (let place = 0; place < range.count; place++) {
      const node = nodes[range.first + place];
      const untouched = !range.isEntries && range.open[place] === -1 ? skipped : isOver ? cancelled : pending;
      const status = node?.status ?? untouched;
      counts[status] = (counts[status] ?? 0) + 1;
    }
  }
}

const skipped = TaskStatus.TASK_STATUS_SKIPPED;
const cancelled = TaskStatus.TASK_STATUS_CANCELLED;
const pending = TaskStatus.TASK_STATUS_PENDING;
