/**
 * Asks the orchestrator of a user which tasks start in a part, and which move to another mode.
 *
 * 1. Nothing is stored: each question contains the whole situation, and is a run of one task whose id is derived from
 *    the number of the decision. The next owner finds the run, so a decision is made once, also after a crash. The
 *    session accepts each number once.
 * 2. The orchestrator is asked again when something has happened since the last question. If it starts nothing and no
 *    task is running, it is asked after a growing pause, or at the time that it returned.
 * 3. A question waits while no orchestrator is available. If the answer is invalid, or the orchestrator fails for good,
 *    the session fails with the reason.
 */

import {
  errorFromUnknown,
  type Foundation,
  resolveRetry,
  retryMessage,
  sleep,
  toErrorDetail,
} from "@tutti/kernel";
import {
  type PlanPart,
  questionRunId,
  questionTask,
  recordDecision,
  refuseStart,
  type SessionView,
  type TaskView,
  taskOutcomes,
} from "@tutti/machine-session";
import { traceOf } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import type { Fleet } from "../agents/fleet.ts";
import { describedIn, type Learned } from "../agents/learned.ts";
import { partWorkErrors } from "../errors.ts";
import { JudgedPlans, type JudgedPlansParts } from "../plan/judged-plans.ts";
import type { Loops } from "../session/loops.ts";
import type { ReadLimiter } from "../session/read-limiter.ts";
import type { SessionCommands } from "../session/session-commands.ts";
import type { SessionUpdates } from "../session/session-updates.ts";
import type { RequestOptions } from "../substrate/substrate.ts";
import { questionMax, questionOf, readDecision, type Situation } from "./decisions.ts";
import { type Answer, askQuestion, jsonIn, type Question, type QuestionRuns } from "./question-runs.ts";

export interface DecidingParts extends JudgedPlansParts {
  readonly loops: Loops;
  readonly commands: SessionCommands;
  readonly fleet: Fleet;
  readonly learned: Learned;
  readonly updates: SessionUpdates;
  readonly readLimiter: ReadLimiter;
  readonly runs: QuestionRuns;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
}

/** How often the agents are read if nothing else happens. */
const pollMs = 1_000;
/** The pause between two questions while no task is running. */
const idle = { firstMs: 1_000, maxMs: 60_000 };
const failedMs = 500;
/** Attempts of one question before the session fails. */
const retry = retryMessage(resolveRetry({ maxAttempts: 5, initialMs: 200, maxMs: 5_000 }));
/** A decision may take any time, as long as the orchestrator sends heartbeats. */
const timeouts = { queueMs: 0, runMs: 0, heartbeatMs: 60_000, totalMs: 0 };
/** How long a question can be read. */
const retentionMs = 3_600_000;
/** How long the next owner can find a decision that people may have to approve first. */
const judgedRetentionMs = 30 * 24 * 3_600_000;

export class Deciding {
  readonly #parts: DecidingParts;

  constructor(parts: DecidingParts) {
    this.#parts = parts;
  }

  start(due: DueEffect, effect: PlanPart): void {
    const part = new DecidedPart(this.#parts, due, effect);
    this.#parts.loops.startLoop(due.token, (signal) =>
      this.#parts.readLimiter.during(() => part.run(signal)).finally(() => part.close()),
    );
  }
}

class DecidedPart {
  readonly #parts: DecidingParts;
  readonly #due: DueEffect;
  readonly #part: number;
  readonly #judged: JudgedPlans;
  /** The situation of the last question. Empty before the first one. */
  #situation = "";
  #nextQuestionMs = Number.POSITIVE_INFINITY;
  #idleMs = idle.firstMs;
  /** The last answer, until it is recorded: its run may be removed before people approve the decision. */
  #answered: { readonly runId: string; readonly answer: Answer } | undefined;

  constructor(parts: DecidingParts, due: DueEffect, { part }: PlanPart) {
    this.#parts = parts;
    this.#due = due;
    this.#part = part;
    this.#judged = new JudgedPlans(parts, due.key, part);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { updates, readLimiter, commands, foundation } = this.#parts;
    const { key, token } = this.#due;
    let turnDueMs: number | undefined;
    while (!signal.aborted) {
      const remainingMs = this.#nextQuestionMs - foundation.clock.monotonic();
      // If the turn before was due too and asked nothing, the session is paused or has nothing to decide.
      const isIdle = remainingMs <= 0 && turnDueMs === this.#nextQuestionMs;
      turnDueMs = this.#nextQuestionMs;
      const waitMs = isIdle
        ? readLimiter.nextReadMs(pollMs)
        : Math.min(readLimiter.nextReadMs(pollMs), remainingMs);
      const updated = updates.of(key, Math.max(1, waitMs), signal);
      try {
        await this.#turn(signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = errorFromUnknown(thrown);
        if (error.retry === "never") {
          const body = { error: toErrorDetail(error) };
          const outcome = await commands.submit(key, { command: refuseStart, body, token });
          // If the partition has moved, its new owner asks again.
          if (outcome.kind !== "refused" || outcome.refusal.retry !== "same-key") return;
        }
        const { logger, timers } = foundation;
        logger.warn("failed to call the orchestrator of a session, retrying", { session: key.id, error });
        await sleep(timers, failedMs, signal).catch(() => {});
      }
      await updated;
    }
  }

  close(): void {
    this.#judged.close();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { commands, fleet, learned, foundation } = this.#parts;
    const { key, cause } = this.#due;
    const options = { signal, trace: traceOf(cause?.traceparent) };
    if (await this.#judged.isHeld(options)) return;
    const view = await commands.view(key);
    if (view.pauseMs > 0 || view.ending !== 0) return;
    if (!view.tasks.some((task) => this.#isUndecided(task))) return;
    const agents = await fleet.agentsOf(key.namespace);
    const known = situationKey(
      view,
      agents.map(({ agentId }) => agentId),
    );
    if (known === this.#situation && foundation.clock.monotonic() < this.#nextQuestionMs) return;
    const { times } = await learned.of(key.namespace);
    const expectedMs = ({ spec }: TaskView) =>
      times.estimate({ ...describedIn(view, spec), agentId: "" })?.meanMs ?? spec.estimate?.durationMs ?? 0;
    const taskIds = view.tasks.flatMap(({ spec, endMs }) => (endMs > 0 ? [spec.id] : []));
    const outcomes = await commands.query(key, taskOutcomes, { taskIds });
    const situation = { view, part: this.#part, agents, outcomes, expectedMs };
    const isOfBefore = await this.#decide(situation, options);
    // An earlier question does not cover later events.
    this.#situation = isOfBefore ? "" : known;
  }

  /** Returns whether the question was an earlier one, or its decision waits for an approval. */
  async #decide(situation: Situation, options: RequestOptions): Promise<boolean> {
    const { commands, foundation } = this.#parts;
    const { key } = this.#due;
    const part = situation.view.parts[this.#part];
    const spec = situation.view.order?.spec;
    if (part === undefined || spec === undefined) return false;
    const number = part.decisions + 1;
    const { orchestrator } = spec;
    const questionText = questionOf(situation);
    const bytes = Buffer.byteLength(questionText);
    if (bytes > questionMax) throw partWorkErrors.questionTooLong({ bytes, max: questionMax });
    const runId = questionRunId(situation.view, part);
    const isJudged = this.#parts.rules?.concernsPlans(key.namespace) === true;
    const decisionQuestion = {
      runId,
      task: questionTask,
      capability: orchestrator,
      input: { question: questionText },
      spec: spec as Parameters<typeof askQuestion>[2]["spec"],
      with: { retry, timeouts },
      retentionMs: isJudged ? judgedRetentionMs : retentionMs,
    };
    const { output, isOfBefore } = await this.#askOnce(decisionQuestion, options);
    const nowMs = foundation.clock.now();
    const read = readDecision(jsonIn(output)?.value, situation, nowMs);
    if (!read.ok) throw partWorkErrors.decisionUnfit({ orchestrator, run: runId, problem: read.problem });
    const { start, moves, reason, askAgainAfterMs } = read.decision;
    if (start.length > 0) {
      const plan = { reason, expectedEndMs: 0, places: [] };
      // The next turn asks.
      if (!this.#judged.admits(situation.view, { begin: start, plan })) return true;
    }
    const body = { part: this.#part, number, begin: start, moves, reason };
    const outcome = await commands.submit(key, { command: recordDecision, body });
    if (outcome.kind === "refused" && outcome.refusal.retry === "never") {
      const problem = outcome.refusal.message;
      throw partWorkErrors.decisionUnfit({ orchestrator, run: runId, problem });
    }
    this.#rest(situation.view, askAgainAfterMs);
    return isOfBefore;
  }

  async #askOnce(question: Question, options: RequestOptions): Promise<Answer> {
    const { runId, capability: orchestrator } = question;
    if (this.#answered?.runId === runId) return this.#answered.answer;
    const answer = await askQuestion(this.#parts.runs, this.#due.key, question, options, (cause) =>
      partWorkErrors.notDecided({ orchestrator, run: runId }, cause),
    );
    // The next time, this is an earlier answer.
    this.#answered = { runId, answer: { ...answer, isOfBefore: true } };
    return answer;
  }

  /** Sets the time of the next question. While no task of the session runs, nothing else triggers one. */
  #rest(view: SessionView, askAgainAfterMs: number | undefined): void {
    const isRunning = view.tasks.some((task) => task.endMs === 0 && !this.#isUndecided(task));
    const nowMs = this.#parts.foundation.clock.monotonic();
    const isIdle = !isRunning && askAgainAfterMs === undefined;
    this.#nextQuestionMs = nowMs + (askAgainAfterMs ?? (isRunning ? Number.POSITIVE_INFINITY : this.#idleMs));
    this.#idleMs = isIdle ? Math.min(idle.maxMs, 2 * this.#idleMs) : idle.firstMs;
  }

  #isUndecided({ part, isPlaced, endMs }: TaskView): boolean {
    return part === this.#part && !isPlaced && endMs === 0;
  }
}

/** Returns a key of the situation. It changes if tasks ended or were added, or if agents joined or left. */
function situationKey(view: SessionView, agents: readonly string[]): string {
  const ended = view.tasks.map(({ status, endMs }) => (endMs > 0 ? status : 0));
  return `${ended.join(" ")} ${[...agents].sort().join(" ")}`;
}
