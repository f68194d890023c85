/**
 * Plans parts whose tasks are started one by one: selects the tasks to start and their agents, by expected durations
 * on the available agents, and plans again if the times differ.
 *
 * 1. Everything follows from the session and the available agents: after a crash the next process plans from the
 *    started and the pending tasks. Nothing is started twice, because the session records each start.
 * 2. Starts are decided after each event. The recorded plan is the expectation for all tasks that have not started.
 *    It is recorded at most once a second, and less often in long sessions, except with detailed monitoring.
 */
import type { PlannedPlace } from "@tutti/contracts/session/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import {
  counted,
  errorFromUnknown,
  type Foundation,
  type InstanceKey,
  sleep,
  type TraceContext,
  type TuttiError,
  toErrorDetail,
} from "@tutti/kernel";
import { type PlanPart, placeTasks, refuseStart, type SessionView } from "@tutti/machine-session";
import { traceOf } from "@tutti/mesh";
import type { Estimates } from "@tutti/planner";
import type { DueEffect } from "@tutti/runtime";
import type { Fleet } from "../agents/fleet.ts";
import type { Learned } from "../agents/learned.ts";
import { isInDetail, surprisingFactor } from "../agents/monitoring.ts";
import type { Loops } from "../session/loops.ts";
import type { ReadLimiter } from "../session/read-limiter.ts";
import type { SessionCommands } from "../session/session-commands.ts";
import type { SessionUpdates } from "../session/session-updates.ts";
import { type Drafted, draft, forecast } from "./draft.ts";
import { JudgedPlans, type JudgedPlansParts, type ProposedPlan } from "./judged-plans.ts";
import { type Surprise, Surprises } from "./surprises.ts";

export interface PlanningParts extends JudgedPlansParts {
  readonly loops: Loops;
  readonly commands: SessionCommands;
  readonly fleet: Fleet;
  readonly learned: Learned;
  readonly updates: SessionUpdates;
  readonly readLimiter: ReadLimiter;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
}

/**
 * Interval of reads of the agents, which join, leave and slow down, without other events and with few
 * readers.
 */
const pollMs = 400;
/** Minimum interval of recorded plans, and their maximum share of the time of the session. */
const recordedEveryMs = 1_000;
const recordedShare = 0.05;
/** Interval with detailed monitoring. */
const detailedEveryMs = 100;
const failedMs = 500;

export class Planning {
  readonly #parts: PlanningParts;

  constructor(parts: PlanningParts) {
    this.#parts = parts;
  }

  start(due: DueEffect, effect: PlanPart): void {
    const part = new PlannedPart(this.#parts, due, effect);
    this.#parts.loops.startLoop(due.token, (signal) =>
      this.#parts.readLimiter.during(() => part.run(signal)).finally(() => part.close()),
    );
  }
}

class PlannedPart {
  readonly #parts: PlanningParts;
  readonly #key: InstanceKey;
  readonly #token: DueEffect["token"];
  readonly #part: number;
  readonly #trace: TraceContext | undefined;
  readonly #judged: JudgedPlans;
  #drafted: Drafted | undefined;
  /** Knowledge at the first plan, and all that was learned since. */
  #times: Estimates | undefined;
  #surprises: Surprises | undefined;
  #recordedMs = 0;
  #reasons: Surprise[] = [];

  constructor(parts: PlanningParts, { key, token, cause }: DueEffect, { part }: PlanPart) {
    this.#parts = parts;
    this.#key = key;
    this.#token = token;
    this.#part = part;
    this.#trace = traceOf(cause?.traceparent);
    this.#judged = new JudgedPlans(parts, key, part);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { updates, readLimiter, foundation } = this.#parts;
    while (!signal.aborted) {
      const updated = updates.of(this.#key, readLimiter.nextReadMs(pollMs), signal);
      try {
        await this.#turn(signal);
      } catch (error) {
        if (signal.aborted) return;
        const { logger, timers } = foundation;
        logger.warn("failed to plan a session part, retrying", {
          session: this.#key.id,
          error: errorFromUnknown(error),
        });
        await sleep(timers, failedMs, signal).catch(() => {});
      }
      await updated;
    }
  }

  close(): void {
    this.#judged.close();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { commands, fleet, foundation } = this.#parts;
    if (await this.#isHeld(signal)) return;
    const view = await commands.view(this.#key);
    if (view.pauseMs > 0 || view.ending !== 0) return;
    const fleetThen = await fleet.answerOf(this.#key.namespace);
    this.#times ??= (await this.#parts.learned.of(this.#key.namespace)).times.fork();
    const times = this.#times;
    // The session continues during an await: from here on there is none, so that the tasks are current.
    const own = view.tasks.filter(({ part, endMs }) => part === this.#part && endMs === 0);
    if (own.length === 0) return;
    const nowMs = foundation.clock.now();
    const drafting = { view, part: this.#part, tasks: own, fleet: fleetThen, times };
    const drafted = draft({ ...drafting, before: this.#drafted });
    if (drafted !== this.#drafted) this.#reasons.push({ text: drafted.reason, hasPriority: true });
    this.#drafted = drafted;
    this.#surprises ??= new Surprises(surprisingFactor(view));
    this.#recordEnds(view, this.#surprises, nowMs);
    this.#recordLate(view, this.#surprises, nowMs);
    const begin = this.#next(view, nowMs);
    const plan = this.#plan(view, nowMs);
    if (begin.length === 0 && plan === undefined) return;
    if (!(await this.#isAdmitted(view, { begin, plan }))) {
      // The draft counts tasks as started that do not start.
      this.#drafted = undefined;
      this.#recordedMs = 0;
      await this.#isHeld(signal);
      return;
    }
    await commands.submit(this.#key, { command: placeTasks, body: { part: this.#part, begin, plan } });
  }

  /** A rejection by rules fails the session, with the reason. */
  async #isAdmitted(view: SessionView, proposed: ProposedPlan): Promise<boolean> {
    try {
      return this.#judged.admits(view, proposed);
    } catch (thrown) {
      await this.#refuse(errorFromUnknown(thrown));
      return false;
    }
  }

  /** Waits for an approval. A rejection fails the session. */
  async #isHeld(signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#judged.isHeld({ signal, trace: this.#trace });
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      if (error.retry !== "never") throw thrown;
      await this.#refuse(error);
      return true;
    }
  }

  async #refuse(error: TuttiError): Promise<void> {
    const body = { error: toErrorDetail(error) };
    await this.#parts.commands.submit(this.#key, { command: refuseStart, body, token: this.#token });
  }

  /** Learns from the tasks that have ended since, and frees their slots. */
  #recordEnds(view: SessionView, surprises: Surprises, nowMs: number): void {
    const drafted = this.#drafted;
    if (drafted === undefined) return;
    for (const [number, place] of drafted.placeOf) {
      const task = view.tasks[number];
      if (task === undefined || drafted.ended.has(number)) continue;
      if (task.endMs > 0) {
        drafted.ended.add(number);
        const agent = drafted.agentPlace(task.agent || task.plannedAgent);
        const durationMs = Math.max(1, task.endMs - (task.startMs || task.endMs));
        if (task.status === TaskStatus.TASK_STATUS_COMPLETED && agent >= 0 && task.startMs > 0)
          drafted.plan.recordEnd(place, agent, durationMs, nowMs);
        else drafted.endedIncomplete(place, nowMs);
        if (task.status === TaskStatus.TASK_STATUS_COMPLETED)
          this.#reasons.push(...surprises.check(task, durationMs));
      } else if (task.open === 0 && !task.isPlaced && !drafted.ready.has(number)) {
        drafted.ready.add(number);
        drafted.plan.ready(place);
      }
    }
  }

  #recordLate(view: SessionView, surprises: Surprises, nowMs: number): void {
    for (const task of view.tasks)
      if (task.part === this.#part && task.startMs > 0 && task.endMs === 0)
        this.#reasons.push(...surprises.stillRunning(task, nowMs));
  }

  /** Returns the tasks to start now, as far as slots are free, and those that continue them soon. */
  #next(view: SessionView, nowMs: number): PlannedPlace[] {
    const drafted = this.#drafted;
    if (drafted === undefined) return [];
    const begin: PlannedPlace[] = drafted.unplanned
      .filter((number) => view.tasks[number]?.open === 0 && view.tasks[number]?.isPlaced === false)
      .map((task) => ({ task, agent: "", startMs: nowMs, endMs: nowMs }));
    const free = drafted.freeSlots(view, limitOf(view));
    for (;;) {
      const next = drafted.plan.next({ freeSlots: (agent) => free[agent] ?? 0 }, nowMs);
      if (next === undefined) break;
      free[next.agent] = (free[next.agent] ?? 0) - 1;
      const expectedMs = drafted.outlook.expectedMs(next.task, next.agent);
      const task = drafted.numbers[next.task] ?? 0;
      drafted.started.add(task);
      const agent = drafted.agentIds[next.agent] ?? "";
      begin.push({ task, agent, startMs: nowMs, endMs: nowMs + expectedMs });
    }
    begin.push(...drafted.startAhead(view, free, nowMs));
    return begin;
  }

  /** Returns the plan to record, if there is a reason and the interval has passed. */
  #plan(view: SessionView, nowMs: number) {
    const drafted = this.#drafted;
    if (drafted === undefined || this.#reasons.length === 0) return undefined;
    const everyMs = isInDetail(view)
      ? detailedEveryMs
      : Math.max(recordedEveryMs, (nowMs - view.beginMs) * recordedShare);
    const isFirst = view.plans === 0;
    if (!isFirst && nowMs - Math.max(this.#recordedMs, view.planMs) < everyMs) return undefined;
    this.#recordedMs = nowMs;
    const weight = ({ hasPriority }: Surprise) => (hasPriority ? 0 : 1);
    const sorted = this.#reasons.toSorted((one, other) => weight(one) - weight(other));
    const [first = "", ...more] = sorted.map(({ text }) => text);
    const reason = more.length === 0 ? first : `${first}, and ${counted(more.length, "other reason")}`;
    this.#reasons = [];
    return { ...forecast(drafted, view, nowMs), reason };
  }
}

/** Returns the maximum concurrency of the session. */
function limitOf({ order }: SessionView): number {
  const slots = order?.spec?.limits["slots"] ?? 0;
  return slots > 0 ? Math.floor(slots) : Number.POSITIVE_INFINITY;
}
