/** Attempts: from the assignment to the result, and to the moment at which nobody needs that any more. */
import type { Assign, PartialOutput, Progress, Result, Started } from "@tutti/contracts/agent/v1";
import { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import { busyAnswersMax, repeatsMax } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import type { Agent, Link, PoolCore, Site, Task } from "../parts.ts";
import { detailOf } from "../refusals.ts";
import { viewOf } from "./view.ts";
import { enqueue, leaveQueue, sendAway } from "./waiting.ts";

const never = Number.POSITIVE_INFINITY;

export function assign(core: PoolCore, task: Task, agent: Agent, site: Site, nowMs: number): void {
  const { link } = agent;
  const { extras, profile } = task;
  const { namespace } = profile;
  site.cohort.charge(namespace, core.weightOf(namespace));
  leaveQueue(core, task);
  hold(core, task, agent, nowMs);
  agent.credit--;
  agent.lastAssigned = ++core.assigned;
  core.roster.loaded(agent);
  const { stickTo } = core.settings.strategy;
  if (stickTo !== undefined) core.affinity.set(namespace, stickTo(viewOf(task)), agent.agentId);
  if (extras !== undefined) {
    if (extras.stickyKey !== "") core.affinity.set(namespace, extras.stickyKey, agent.agentId);
    if (extras.contextKey !== "") core.affinity.set(namespace, extras.contextKey, agent.agentId);
  }
  link?.outgoing.assignments.push(assignmentOf(core, task, site.number, nowMs));
}

/** From now on a task is at work at an agent. */
export function hold(core: PoolCore, task: Task, agent: Agent, nowMs: number): void {
  task.stage = "working";
  task.assignedMs = nowMs;
  task.heardMs = nowMs;
  task.begunMs = 0;
  task.runFromMs = nowMs;
  agent.add(task);
  core.working++;
  if (task.extras !== undefined) for (const limit of task.extras.limits) core.limits.begin(limit, nowMs);
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
    labels:
      offer.labels.length === 0 ? (profile.labels as Assign["labels"]) : [...profile.labels, ...offer.labels],
    namespace: profile.namespace === core.namespace ? "" : profile.namespace,
    workKind: profile.workKind,
    budget: offer.budget,
    accessToken: offer.accessToken,
    contextKey: extras === undefined ? "" : extras.contextKey || extras.stickyKey,
  };
}

/** What an agent says about a task, if it is its own and still wanted. */
function ownOf(core: PoolCore, agent: Agent, token: Uint8Array): Task | undefined {
  const task = core.tasks.get(token);
  return task !== undefined && task.agent === agent && task.stage === "working" ? task : undefined;
}

export function started(core: PoolCore, agent: Agent, { token, agoMs }: Started, nowMs: number): void {
  const task = ownOf(core, agent, token);
  if (task === undefined || task.begunMs > 0) return;
  task.begunMs = Math.min(nowMs, Math.max(task.assignedMs, nowMs - agoMs));
  task.runFromMs = task.begunMs;
  task.heardMs = nowMs;
  core.watch(task);
  task.seat?.stream.begun(task, agent, nowMs);
}

export function progressed(core: PoolCore, agent: Agent, progress: Progress, nowMs: number): void {
  const task = ownOf(core, agent, progress.token);
  if (task === undefined) return;
  // The wheel is not told: when the time before is over it sees that there is more.
  task.heardMs = nowMs;
  task.fraction = progress.fraction;
  if (progress.message !== "") task.message = progress.message;
  task.seat?.stream.progressed(task, progress);
}

export function partialOutput(core: PoolCore, agent: Agent, output: PartialOutput): void {
  const task = ownOf(core, agent, output.token);
  task?.seat?.stream.partialOutput(task, output);
}

/** An agent's answer, the one with this number on its link. */
export function answer(core: PoolCore, link: Link, number: number, result: Result, nowMs: number): void {
  const { agent } = link;
  const task = core.tasks.get(result.token);
  if (task === undefined) {
    if (!core.claims.answer(agent, link, number, result)) link.settle(number);
    return;
  }
  if (task.agent !== agent) {
    if (isRepeat(task, agent)) repeat(task, link, number);
    else link.settle(number);
    return;
  }
  if (task.stage !== "working") {
    // It had ended for its sender already: now its agent is done with it too.
    letGoOf(core, task, nowMs);
    link.settle(number);
    return;
  }
  if (result.outcome?.$case === "busy") {
    link.settle(number);
    putBack(core, task, agent, result.outcome.value.retryAfterMs, nowMs);
    return;
  }
  learn(core, task, agent, result, nowMs);
  core.roster.answered(agent, result, nowMs - task.assignedMs);
  task.link = link;
  task.linkNumber = number;
  detach(core, task, true, nowMs);
  finish(core, task, result, agent);
}

/** What an agent says of its time counts as far as it can be: it had the task no longer than that. */
function learn(core: PoolCore, task: Task, agent: Agent, { outcome, runMs }: Result, nowMs: number): void {
  const elapsedMs = nowMs - task.assignedMs;
  const tookMs = runMs > 0 ? Math.min(runMs, elapsedMs) : elapsedMs;
  const { capability } = task.demand.wish;
  const failed = outcome?.$case === "failed";
  const slowness = core.times.learn(agent.agentId, capability, tookMs, failed, nowMs);
  if (slowness !== undefined) agent.slowness = slowness;
}

/** Whether an agent sends a result once more that is not durable yet. */
function isRepeat({ stage, link }: Task, agent: Agent): boolean {
  return stage === "ended" && link?.agentId === agent.agentId;
}

function repeat(task: Task, link: Link, number: number): void {
  if (task.link !== link) {
    task.link = link;
    task.linkNumber = number;
    if (task.extras !== undefined) task.extras.repeats = [];
    return;
  }
  const repeats = task.extras?.repeats;
  if (repeats !== undefined && repeats.length < repeatsMax) repeats.push(number);
  else link.settle(number);
}

/** An agent said that it is busy: the task waits for another one, in its old place. */
function putBack(core: PoolCore, task: Task, agent: Agent, retryAfterMs: number, nowMs: number): void {
  detach(core, task, false, nowMs);
  core.roster.slow(agent, retryAfterMs, nowMs);
  if (++task.busyAnswers < busyAnswersMax) {
    requeue(core, task, nowMs);
    return;
  }
  const { capability } = task.demand.wish;
  const error = matchingErrors.busyTooOften.refusal({ capability, count: task.busyAnswers });
  task.seat?.stream.returned(
    core,
    task.offer.token,
    ReturnReason.RETURN_REASON_PUT_BACK,
    error,
    retryAfterMs,
  );
  core.forget(task, nowMs);
}

/** A task that was at work, and did not begin, waits again. */
export function requeue(core: PoolCore, task: Task, nowMs: number): void {
  core.queued++;
  enqueue(task);
  if (task.seat === undefined) sendAway(core, task, nowMs);
  else core.watch(task);
}

/** A task's agent no longer has it. */
export function detach(core: PoolCore, task: Task, hasBegun: boolean, nowMs: number): void {
  const { agent, extras } = task;
  if (agent === undefined) return;
  agent.remove(task);
  if (task.stage === "working") core.working--;
  core.roster.loosened(agent);
  if (extras === undefined) return;
  for (const limit of extras.limits) limit.end(hasBegun);
  for (const limit of extras.limits) core.limits.wake(limit, nowMs);
}

/** A task has its result: it is kept until its sender has it durable. `from` is the agent that gave it. */
export function finish(core: PoolCore, task: Task, result: Result, from: Agent | undefined): void {
  task.stage = "ended";
  task.result = result;
  core.watch(task);
  const { seat } = task;
  if (seat === undefined) return;
  seat.ended();
  seat.stream.deliver(task, from?.agentId ?? "");
}

/** An attempt ends without its agent's answer. */
export function fail(core: PoolCore, task: Task, refusal: Refusal): void {
  const { token } = task.offer;
  const outcome = { $case: "failed" as const, value: detailOf(refusal) };
  finish(core, task, { token, outcome, runMs: 0, used: undefined }, undefined);
}

/**
 * The agent of an attempt is told to end it, because it is over for its sender; until it says so, or so long, its slot is
 * taken. What becomes of the task besides is the caller's to say.
 */
export function stop(core: PoolCore, task: Task, reason: string, graceMs: number, nowMs: number): void {
  const { agent } = task;
  if (agent === undefined) return;
  agent.link?.outgoing.cancels.push({ token: task.offer.token, reason, graceMs });
  if (graceMs <= 0) {
    detach(core, task, true, nowMs);
    return;
  }
  core.working--;
  task.stage = "ended";
  task.stopDueMs = nowMs + graceMs;
}

/** An agent is done with an attempt that had ended already. */
export function letGoOf(core: PoolCore, task: Task, nowMs: number): void {
  task.stopDueMs = never;
  detach(core, task, true, nowMs);
  if (task.stage === "forgotten") core.forget(task, nowMs);
  else core.watch(task);
}

/** Its sender has a result durable, or nobody wants it any more: so need its agent not keep it. */
export function settle(core: PoolCore, task: Task, nowMs: number): void {
  const { link, extras } = task;
  if (link !== undefined) {
    link.settle(task.linkNumber);
    for (const number of extras?.repeats ?? []) link.settle(number);
  }
  core.leaveSeat(task);
  task.stage = "forgotten";
  task.awayDueMs = never;
  if (task.agent === undefined) core.forget(task, nowMs);
  else core.watch(task);
}
