import type { Result } from "@tutti/contracts/agent/v1";
import type { Offer } from "@tutti/contracts/swarm/v1";
import type { Judging } from "../hooks/judging.ts";
import type { Agent, Demand, Extras, Lane, Link, Profile, Seat, Share, Stage, Task, Twin } from "../parts.ts";
import { Due } from "../time/due.ts";

/** What a task's time running out leads to. */
export interface TaskWatch {
  expire(task: Task, nowMs: number): void;
}

const never = Number.POSITIVE_INFINITY;

export class OfferedTask extends Due implements Task {
  readonly #watch: TaskWatch;
  readonly offer: Offer;
  readonly profile: Profile;
  demand: Demand;
  rank = 0;
  order = 0;
  place = -1;
  /** Its number in the list of its line; below 0 when it stands in the heap. */
  listed = -1;
  stage: Stage = "queued";
  priority: number;
  readonly readyMs: number;
  /** When its time in the queue is over, and that over all attempts. */
  queueDueMs = never;
  totalDueMs = never;
  /** When its outcome is wanted. */
  dueWantedMs = never;
  /** For how long an attempt may run and be silent; 0 for any time. */
  runMs: number;
  assignedMs = 0;
  /** 0 while it has not begun. */
  begunMs = 0;
  heardMs = 0;
  /** From when on its time to run counts. */
  runFromMs = 0;
  /** When it is forgotten because its sender has not come back. */
  awayDueMs = never;
  /** When its agent is treated as done with it although it has not said so. */
  stopDueMs = never;
  share: Share | undefined = undefined;
  lane: Lane | undefined = undefined;
  seat: Seat | undefined = undefined;
  seatBefore: Task | undefined = undefined;
  seatAfter: Task | undefined = undefined;
  agent: Agent | undefined = undefined;
  agentBefore: Task | undefined = undefined;
  agentAfter: Task | undefined = undefined;
  result: Result | undefined = undefined;
  /** The link whose agent keeps the result, and the result's number there. */
  link: Link | undefined = undefined;
  linkNumber = 0;
  busyAnswers = 0;
  /** How far it is, 0 to 1, and in words, as its agent said last. */
  fraction = 0;
  message = "";
  extras: Extras | undefined = undefined;
  twin: Twin | undefined = undefined;
  judging: Judging | undefined = undefined;
  yields = false;

  constructor(watch: TaskWatch, offer: Offer, profile: Profile, readyMs: number) {
    super();
    this.#watch = watch;
    this.offer = offer;
    this.profile = profile;
    this.demand = profile.demand;
    this.readyMs = readyMs;
    this.priority = offer.priority;
    this.runMs = profile.runMs;
  }

  override run(nowMs: number): void {
    this.#watch.expire(this, nowMs);
  }

  /** When it has to be looked at, as it stands. */
  get nextDueMs(): number {
    const { stage, profile } = this;
    if (stage === "ended" || stage === "forgotten")
      return Math.min(this.awayDueMs, this.stopDueMs, this.judging?.dueMs ?? never);
    if (stage !== "working") {
      const boundDueMs = this.extras?.boundDueMs ?? never;
      const hookDueMs = this.judging?.dueMs ?? never;
      return Math.min(this.queueDueMs, this.totalDueMs, this.awayDueMs, boundDueMs, hookDueMs);
    }
    // Its agent has given it up for others: it waits again in the next turn.
    if (this.yields && this.agent === undefined) return 0;
    const runDueMs = this.runMs > 0 ? this.runFromMs + this.runMs : never;
    const silentDueMs =
      this.agent !== undefined && profile.heartbeatMs > 0 ? this.heardMs + profile.heartbeatMs : never;
    const straggleDueMs = this.twin?.straggleDueMs ?? never;
    return Math.min(runDueMs, silentDueMs, this.totalDueMs, this.awayDueMs, straggleDueMs);
  }
}
