/** What agents say of their attempts: that they started, how far they are, what came of them. */
import type { PartialOutput, Progress, Result, Started } from "@tutti/contracts/agent/v1";
import { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { PoolCore } from "../books.ts";
import { busyAnswersMax, repeatsMax } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import type { Agent, Link, Task } from "../parts.ts";
import { requeue } from "./attempts.ts";
import { endCopy, leaveToCopy, part } from "./copies.ts";
import { giveUp } from "./giving-way.ts";
import { finish } from "./outcomes.ts";
import { detach, letGoOf, stop } from "./releasing.ts";

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
  task.senderSlot?.stream.begun(task, agent, nowMs);
}

export function progressed(core: PoolCore, agent: Agent, progress: Progress, nowMs: number): void {
  const task = ownOf(core, agent, progress.token);
  if (task === undefined) return;
  // The wheel is not told: when the time before is over it sees that there is more.
  task.heardMs = nowMs;
  task.fraction = progress.fraction;
  if (progress.message !== "") task.message = progress.message;
  // The agent that gets the same attempt after this one continues from there.
  if (progress.saved.length > 0) task.offer.saved = progress.saved;
  task.senderSlot?.stream.progressed(task, progress);
}

export function partialOutput(core: PoolCore, agent: Agent, output: PartialOutput): void {
  const task = ownOf(core, agent, output.token);
  task?.senderSlot?.stream.partialOutput(task, output);
}

/** An agent's answer, the one with this number on its link. */
export function answer(core: PoolCore, link: Link, number: number, result: Result, nowMs: number): void {
  const { agent } = link;
  const named = core.tasks.get(result.token);
  const original = named?.twin?.original;
  // A copy that counted stands for the attempt that it is a copy of.
  const task = named?.stage === "ended" && original?.twin?.winner === named ? original : named;
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
  const ends = result.outcome?.$case;
  if (original !== undefined) {
    answerOfCopy(core, link, number, task, original, result, nowMs);
    return;
  }
  if ((ends === "busy" || ends === "failed") && leaveToCopy(core, task, nowMs)) {
    link.settle(number);
    return;
  }
  // What failed before its agent was asked to end has failed.
  if (task.yields && (ends === "busy" || ends === "stopped")) {
    link.settle(number);
    giveUp(core, task, nowMs);
    return;
  }
  if (result.outcome?.$case === "busy") {
    link.settle(number);
    putBack(core, task, agent, result.outcome.value.retryAfterMs, nowMs);
    return;
  }
  learn(core, task, agent, result, nowMs);
  core.roster.answered(agent, result, task.demand.wish.capability, nowMs - task.assignedMs, nowMs);
  task.link = link;
  task.linkNumber = number;
  detach(core, task, true, nowMs);
  finish(core, task, result, agent, nowMs);
}

/** The answer of a copy's agent. */
function answerOfCopy(
  core: PoolCore,
  link: Link,
  number: number,
  copy: Task,
  original: Task,
  result: Result,
  nowMs: number,
): void {
  const { agent } = link;
  const { outcome } = result;
  if (outcome?.$case === "busy") {
    link.settle(number);
    core.roster.slow(agent, outcome.value.retryAfterMs, nowMs);
    endCopy(core, copy, nowMs);
    // The original's agent had given up before: both wait, as one.
    if (original.agent === undefined) requeue(core, original, nowMs);
    return;
  }
  learn(core, copy, agent, result, nowMs);
  core.roster.answered(agent, result, copy.demand.wish.capability, nowMs - copy.assignedMs, nowMs);
  if (outcome?.$case === "failed" && original.agent !== undefined) {
    link.settle(number);
    endCopy(core, copy, nowMs);
    return;
  }
  part(core, copy);
  detach(core, copy, true, nowMs);
  copy.stage = "ended";
  copy.link = link;
  if (original.twin !== undefined) original.twin.winner = copy;
  stop(core, original, "a second copy was done first", core.settings.graceMs, nowMs);
  original.link = link;
  original.linkNumber = number;
  finish(core, original, { ...result, token: original.offer.token }, agent, nowMs);
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

/** Returns whether an agent sends a result once more that is not durable yet. */
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
  task.senderSlot?.stream.returned(
    core,
    task.offer.token,
    ReturnReason.RETURN_REASON_PUT_BACK,
    error,
    retryAfterMs,
  );
  core.forget(task, nowMs);
}
