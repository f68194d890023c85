/** Applies the reports of agents about their attempts: starts, progress, results. */
import type { Busy, PartialOutput, Progress, Result, Started } from "@tutti/contracts/agent/v1";
import { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Agent, Link } from "../agents/agent.ts";
import type { AgentStates } from "../agents/agent-states.ts";
import type { AgentPerformance } from "../agents/performance.ts";
import { busyAnswersMax, repeatsMax } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import type { LiveSettings } from "../settings.ts";
import type { Claims } from "./claims.ts";
import type { Copies } from "./copies.ts";
import { withMeasuredTime } from "./measured-time.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Preemption } from "./preemption.ts";
import type { Running } from "./running.ts";
import type { Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";
import type { Waiting } from "./waiting.ts";

/** The parts that AttemptReports needs. */
export interface AttemptReportsParts {
  readonly tasks: Tasks;
  readonly claims: Claims;
  readonly running: Running;
  readonly copies: Copies;
  readonly preemption: Preemption;
  readonly performance: AgentPerformance;
  readonly outcomes: Outcomes;
  readonly states: AgentStates;
  readonly waiting: Waiting;
  readonly settings: LiveSettings;
}

export class AttemptReports {
  readonly #tasks: Tasks;
  readonly #claims: Claims;
  readonly #running: Running;
  readonly #copies: Copies;
  readonly #preemption: Preemption;
  readonly #performance: AgentPerformance;
  readonly #outcomes: Outcomes;
  readonly #states: AgentStates;
  readonly #waiting: Waiting;
  readonly #settings: LiveSettings;

  constructor(parts: AttemptReportsParts) {
    this.#tasks = parts.tasks;
    this.#claims = parts.claims;
    this.#running = parts.running;
    this.#copies = parts.copies;
    this.#preemption = parts.preemption;
    this.#performance = parts.performance;
    this.#outcomes = parts.outcomes;
    this.#states = parts.states;
    this.#waiting = parts.waiting;
    this.#settings = parts.settings;
  }

  /** Returns the task of a report if the agent runs it and it is still wanted. */
  #ownOf(agent: Agent, token: Uint8Array): Task | undefined {
    const task = this.#tasks.get(token);
    return task !== undefined && task.agent === agent && task.stage === "working" ? task : undefined;
  }

  started(agent: Agent, { token, agoMs }: Started, nowMs: number): void {
    const task = this.#ownOf(agent, token);
    if (task === undefined || task.startedMs > 0) return;
    task.startedMs = Math.min(nowMs, Math.max(task.assignedMs, nowMs - agoMs));
    task.runFromMs = task.startedMs;
    task.lastHeartbeatMs = nowMs;
    this.#tasks.schedule(task);
    task.senderSlot?.stream.started(task, agent, nowMs);
  }

  progressed(agent: Agent, progress: Progress, nowMs: number): void {
    const task = this.#ownOf(agent, progress.token);
    if (task === undefined) return;
    // The wheel is not updated: at the earlier due time it notices that the task has more time.
    task.lastHeartbeatMs = nowMs;
    task.fraction = progress.fraction;
    if (progress.message !== "") task.message = progress.message;
    // The next agent with the same attempt continues from there.
    if (progress.saved.length > 0) task.offer.saved = progress.saved;
    task.senderSlot?.stream.progressed(task, progress);
  }

  partialOutput(agent: Agent, output: PartialOutput): void {
    const task = this.#ownOf(agent, output.token);
    task?.senderSlot?.stream.partialOutput(task, output);
  }

  /** Accepts a result of an agent, by its number on its link. */
  receiveResult(link: Link, number: number, reported: Result, nowMs: number): void {
    const { agent } = link;
    const named = this.#tasks.get(reported.token);
    const original = named?.twin?.original;
    // A copy that counted stands for its original attempt.
    const task = named?.stage === "ended" && original?.twin?.winner === named ? original : named;
    if (task === undefined) {
      if (!this.#claims.recordResult(agent, link, number, reported)) link.confirm(number);
      return;
    }
    if (task.agent !== agent) {
      if (isRepeat(task, agent)) repeat(task, link, number);
      else link.confirm(number);
      return;
    }
    if (task.stage !== "working") {
      // The attempt had already ended for its sender. Now its agent has ended it too.
      this.#running.release(task, nowMs);
      link.confirm(number);
      return;
    }
    const result = withMeasuredTime(reported, task, nowMs);
    const ends = result.outcome?.$case;
    if (original !== undefined) {
      this.#answerOfCopy(link, number, task, original, result, nowMs);
      return;
    }
    if ((ends === "busy" || ends === "failed") && this.#copies.promoteCopy(task, nowMs)) {
      link.confirm(number);
      return;
    }
    // A failure before the agent was asked to end counts as a failure.
    if (task.yields && (ends === "busy" || ends === "stopped")) {
      link.confirm(number);
      this.#preemption.detach(task, nowMs);
      return;
    }
    if (result.outcome?.$case === "busy") {
      link.confirm(number);
      this.#requeue(task, agent, result.outcome.value, nowMs);
      return;
    }
    this.#performance.record(agent, task, result, nowMs);
    task.link = link;
    task.linkNumber = number;
    this.#running.detach(task, true, nowMs, result);
    this.#outcomes.record(task, result, agent, nowMs);
  }

  /** Applies the answer of a copy's agent. */
  #answerOfCopy(link: Link, number: number, copy: Task, original: Task, result: Result, nowMs: number): void {
    const { agent } = link;
    const { outcome } = result;
    if (outcome?.$case === "busy") {
      link.confirm(number);
      this.#states.pause(agent, copy.demand.requirements.capability, outcome.value, nowMs);
      this.#copies.discard(copy, nowMs);
      // The agent of the original had given up before: both wait again, as one task.
      if (original.agent === undefined) this.#waiting.requeue(original, nowMs);
      return;
    }
    this.#performance.record(agent, copy, result, nowMs);
    if (outcome?.$case === "failed" && original.agent !== undefined) {
      link.confirm(number);
      this.#copies.discard(copy, nowMs);
      return;
    }
    this.#copies.separate(copy);
    this.#running.detach(copy, true, nowMs, result);
    copy.stage = "ended";
    copy.link = link;
    if (original.twin !== undefined) original.twin.winner = copy;
    this.#running.cancel(original, "a second copy was done first", this.#settings.current.graceMs, nowMs);
    original.link = link;
    original.linkNumber = number;
    this.#outcomes.record(original, { ...result, token: original.offer.token }, agent, nowMs);
  }

  /** Puts a task back in its old place after a busy answer: it waits for another agent. */
  #requeue(task: Task, agent: Agent, busy: Busy, nowMs: number): void {
    const { capability } = task.demand.requirements;
    this.#running.detach(task, false, nowMs, "busy");
    this.#states.pause(agent, capability, busy, nowMs);
    if (++task.busyAnswers < busyAnswersMax) {
      this.#waiting.requeue(task, nowMs);
      return;
    }
    const error = matchingErrors.busyTooOften.refusal({ capability, count: task.busyAnswers });
    task.senderSlot?.stream.returned(
      task.senderSlot.pool,
      task.offer.token,
      ReturnReason.RETURN_REASON_PUT_BACK,
      error,
      busy.retryAfterMs,
    );
    this.#tasks.remove(task, nowMs);
  }
}

/** Returns whether an agent repeats a result that is not durable yet. */
function isRepeat({ stage, link }: Task, agent: Agent): boolean {
  return stage === "ended" && link?.agent.agentId === agent.agentId;
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
  else link.confirm(number);
}
