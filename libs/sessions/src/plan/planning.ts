/**
 * Plans parts whose tasks are started one by one: says which start now and where, by what is expected of each on the
 * agents there are, and plans again as that turns out otherwise.
 *
 * 1. Everything follows from the session and from who is there: after a crash the next process plans from what has
 *    started and what has not, and nothing is started twice, because the session knows what is.
 * 2. The starts are decided each time something has happened. The recorded plan is the expectation for all
 *    tasks that have not started. It is recorded at most once a second, and less often in long sessions, except
 *    with detailed monitoring.
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
import type { Looks } from "../session/looks.ts";
import type { Loops } from "../session/loops.ts";
import type { SessionCommands } from "../session/session-commands.ts";
import type { SessionUpdates } from "../session/session-updates.ts";
import { type Drafted, draft, forecast } from "./draft.ts";
import { JudgedPlans, type JudgedPlansParts, type PlanMade } from "./judged-plans.ts";
import { type Surprise, Surprises } from "./surprises.ts";

export interface PlanningParts extends JudgedPlansParts {
  readonly loops: Loops;
  readonly commands: SessionCommands;
  readonly fleet: Fleet;
  readonly learned: Learned;
  readonly updates: SessionUpdates;
  readonly looks: Looks;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
}

/** Agents come and go, and get slow: that is looked at so often, when nothing else happens and few look. */
const lookMs = 400;
/** Plans that are recorded: at most so often, and at most at this share of the time that the session has taken. */
const recordedEveryMs = 1_000;
const recordedShare = 0.05;
/** Where it is watched in detail. */
const detailedEveryMs = 100;
const failedMs = 500;

export class Planning {
  readonly #parts: PlanningParts;

  constructor(parts: PlanningParts) {
    this.#parts = parts;
  }

  begin(due: DueEffect, effect: PlanPart): void {
    const part = new PlannedPart(this.#parts, due, effect);
    this.#parts.loops.begin(due.token, (signal) =>
      this.#parts.looks.during(() => part.run(signal)).finally(() => part.close()),
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
  /** What was known when it was first planned, and what was learned here since. */
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
    const { updates, looks, foundation } = this.#parts;
    while (!signal.aborted) {
      const updated = updates.of(this.#key, looks.againMs(lookMs), signal);
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
    // The session continues while something is awaited: from here on nothing is, so that the tasks are those of the
    // moment.
    const own = view.tasks.filter(({ part, endMs }) => part === this.#part && endMs === 0);
    if (own.length === 0) return;
    const nowMs = foundation.clock.now();
    const drafting = { view, part: this.#part, tasks: own, fleet: fleetThen, times };
    const drafted = draft({ ...drafting, before: this.#drafted });
    if (drafted !== this.#drafted) this.#reasons.push({ words: drafted.reason, comesFirst: true });
    this.#drafted = drafted;
    this.#surprises ??= new Surprises(surprisingFactor(view));
    this.#noteEnds(view, this.#surprises, nowMs);
    this.#noteLate(view, this.#surprises, nowMs);
    const begin = this.#next(view, nowMs);
    const plan = this.#plan(view, nowMs);
    if (begin.length === 0 && plan === undefined) return;
    if (!(await this.#isAdmitted(view, { begin, plan }))) {
      // What was drafted takes for started what does not start.
      this.#drafted = undefined;
      this.#recordedMs = 0;
      await this.#isHeld(signal);
      return;
    }
    await commands.submit(this.#key, { command: placeTasks, body: { part: this.#part, begin, plan } });
  }

  /** What rules refuse fails the session, with the reason. */
  async #isAdmitted(view: SessionView, made: PlanMade): Promise<boolean> {
    try {
      return this.#judged.admits(view, made);
    } catch (thrown) {
      await this.#refuse(errorFromUnknown(thrown));
      return false;
    }
  }

  /** A person has to approve first. A rejection fails the session. */
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

  /** What has ended since is learned, and makes room. */
  #noteEnds(view: SessionView, surprises: Surprises, nowMs: number): void {
    const drafted = this.#drafted;
    if (drafted === undefined) return;
    for (const [number, place] of drafted.placeOf) {
      const task = view.tasks[number];
      if (task === undefined || drafted.ended.has(number)) continue;
      if (task.endMs > 0) {
        drafted.ended.add(number);
        const agent = drafted.agentPlace(task.agent || task.plannedAgent);
        const tookMs = Math.max(1, task.endMs - (task.startMs || task.endMs));
        if (task.status === TaskStatus.TASK_STATUS_COMPLETED && agent >= 0 && task.startMs > 0)
          drafted.plan.ended(place, agent, tookMs, nowMs);
        else drafted.gone(place, nowMs);
        if (task.status === TaskStatus.TASK_STATUS_COMPLETED)
          this.#reasons.push(...surprises.ended(task, tookMs));
      } else if (task.open === 0 && !task.isPlaced && !drafted.ready.has(number)) {
        drafted.ready.add(number);
        drafted.plan.ready(place);
      }
    }
  }

  #noteLate(view: SessionView, surprises: Surprises, nowMs: number): void {
    for (const task of view.tasks)
      if (task.part === this.#part && task.startMs > 0 && task.endMs === 0)
        this.#reasons.push(...surprises.goesOn(task, nowMs));
  }

  /** What starts now, as far as there is room. */
  #next(view: SessionView, nowMs: number): PlannedPlace[] {
    const drafted = this.#drafted;
    if (drafted === undefined) return [];
    const begin: PlannedPlace[] = drafted.unplanned
      .filter((number) => view.tasks[number]?.open === 0 && view.tasks[number]?.isPlaced === false)
      .map((task) => ({ task, agent: "", startMs: nowMs, endMs: nowMs }));
    const free = drafted.freeSlots(view, limitOf(view));
    for (;;) {
      const next = drafted.plan.next({ freeSlots: (agent) => free[agent] ?? 0 }, nowMs);
      if (next === undefined) return begin;
      free[next.agent] = (free[next.agent] ?? 0) - 1;
      const expectedMs = drafted.outlook.expectedMs(next.task, next.agent);
      const task = drafted.numbers[next.task] ?? 0;
      drafted.started.add(task);
      const agent = drafted.agentIds[next.agent] ?? "";
      begin.push({ task, agent, startMs: nowMs, endMs: nowMs + expectedMs });
    }
  }

  /** Recorded where there is a reason to, and not too often. */
  #plan(view: SessionView, nowMs: number) {
    const drafted = this.#drafted;
    if (drafted === undefined || this.#reasons.length === 0) return undefined;
    const everyMs = isInDetail(view)
      ? detailedEveryMs
      : Math.max(recordedEveryMs, (nowMs - view.beginMs) * recordedShare);
    const isFirst = view.plans === 0;
    if (!isFirst && nowMs - Math.max(this.#recordedMs, view.planMs) < everyMs) return undefined;
    this.#recordedMs = nowMs;
    const weight = ({ comesFirst }: Surprise) => (comesFirst ? 0 : 1);
    const sorted = this.#reasons.toSorted((one, other) => weight(one) - weight(other));
    const [first = "", ...more] = sorted.map(({ words }) => words);
    const reason = more.length === 0 ? first : `${first}, and ${counted(more.length, "other reason")}`;
    this.#reasons = [];
    return { ...forecast(drafted, view, nowMs), reason };
  }
}

/** Returns how many tasks the session may have running at once. */
function limitOf({ order }: SessionView): number {
  const slots = order?.spec?.limits["slots"] ?? 0;
  return slots > 0 ? Math.floor(slots) : Number.POSITIVE_INFINITY;
}
