/** Attempts: how an agent gets a task, and how a task gets back into its queue. */
import type { Assign } from "@tutti/contracts/agent/v1";
import type { PoolCore } from "../books.ts";
import type { Agent, CohortMatch, Task } from "../parts.ts";
import { partyOf } from "../queue/share.ts";
import { watchForStraggling } from "./copies.ts";
import { viewOf } from "./view.ts";
import { enqueue, leaveQueue, sendAway } from "./waiting.ts";

const never = Number.POSITIVE_INFINITY;

export function assign(core: PoolCore, task: Task, agent: Agent, match: CohortMatch, nowMs: number): void {
  const { link } = agent;
  const { extras, profile } = task;
  const { namespace } = profile;
  match.cohort.charge(partyOf(task), core.weightOf(namespace));
  core.placements.note(task, agent, match, nowMs);
  leaveQueue(core, task);
  hold(core, task, agent, nowMs);
  agent.credit--;
  agent.lastAssigned = ++core.assigned;
  core.readiness.loaded(agent);
  const { stickTo } = core.settings.strategy;
  if (stickTo !== undefined) core.affinity.set(namespace, stickTo(viewOf(task)), agent.agentId);
  if (extras !== undefined) {
    if (extras.stickyKey !== "") core.affinity.set(namespace, extras.stickyKey, agent.agentId);
    if (extras.contextKey !== "") core.affinity.set(namespace, extras.contextKey, agent.agentId);
  }
  watchForStraggling(core, task, nowMs);
  core.hooks?.assigned(task, nowMs);
  link?.outgoing.assignments.push(assignmentOf(core, task, match.number, nowMs));
}

/** From now on a task is running at an agent. */
export function hold(core: PoolCore, task: Task, agent: Agent, nowMs: number): void {
  task.stage = "working";
  task.yields = false;
  task.assignedMs = nowMs;
  task.heardMs = nowMs;
  task.begunMs = 0;
  task.runFromMs = nowMs;
  agent.add(task);
  core.working++;
  if (task.extras !== undefined)
    for (const limit of task.extras.limits) core.limits.begin(limit, nowMs, task.demand);
  core.allotments?.areas?.begun(task, agent, nowMs);
  core.watch(task);
}

function assignmentOf(core: PoolCore, task: Task, capability: number, nowMs: number): Assign {
  const { offer, profile, extras } = task;
  return {
    token: offer.token,
    capability,
    input: offer.input,
    attempt: offer.attempt,
    runMs: task.runMs,
    heartbeatMs: profile.heartbeatMs,
    workId: offer.workId,
    taskId: offer.taskId,
    idempotencyKey: offer.idempotencyKey,
    traceparent: offer.traceparent,
    saved: offer.saved,
    totalMs: task.totalDueMs === never ? 0 : Math.max(1, task.totalDueMs - nowMs),
    labels: labelsFor(task),
    namespace: profile.namespace === core.namespace ? "" : profile.namespace,
    workKind: profile.workKind,
    budget: offer.budget,
    accessToken: offer.accessToken,
    contextKey: extras === undefined ? "" : extras.contextKey || extras.stickyKey,
  };
}

/** A task that was running, and did not start, waits again. */
export function requeue(core: PoolCore, task: Task, nowMs: number): void {
  core.queued++;
  enqueue(task);
  if (task.senderSlot === undefined) sendAway(core, task, nowMs);
  else core.watch(task);
}

/** Those of its profile, its own, and those that hooks added. */
function labelsFor({ profile, offer, judging }: Task): Assign["labels"] {
  const added = judging?.labels ?? [];
  if (offer.labels.length + added.length === 0) return profile.labels as Assign["labels"];
  return [...profile.labels, ...offer.labels, ...added];
}
