/** Accepts offered tasks into a pool. */

import { type Offer, ReturnReason } from "@tutti/contracts/swarm/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import type { Readiness } from "../agents/readiness.ts";
import type { PoolIdentity } from "../api/pool.ts";
import { retainedWindowsMax, retryAfterMs } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import type { Limits } from "../limits/limit-book.ts";
import type { Limit } from "../limits/room.ts";
import type { SenderSlot } from "../offers/sender-slot.ts";
import type { LiveSettings } from "../settings.ts";
import type { Claims } from "./claims.ts";
import { withMeasuredTime } from "./measured-time.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Preemption } from "./preemption.ts";
import { enqueue } from "./queueing.ts";
import type { Running } from "./running.ts";
import type { Profile, Task } from "./task.ts";
import type { TaskFactory } from "./task-factory.ts";
import type { Tasks } from "./tasks.ts";
import type { Waiting } from "./waiting.ts";

const never = Number.POSITIVE_INFINITY;
const noLimits: readonly Limit<Task>[] = [];
const { RETURN_REASON_OVER_WINDOW, RETURN_REASON_PUT_BACK, RETURN_REASON_DENIED } = ReturnReason;

/** The parts that TaskOffers needs. */
export interface TaskOffersParts {
  readonly tasks: Tasks;
  readonly settings: LiveSettings;
  readonly identity: PoolIdentity;
  readonly limits: Limits;
  readonly factory: TaskFactory;
  readonly claims: Claims;
  readonly waiting: Waiting;
  readonly preemption: Preemption;
  readonly running: Running;
  readonly readiness: Readiness;
  readonly outcomes: Outcomes;
}

export class TaskOffers {
  readonly #tasks: Tasks;
  readonly #settings: LiveSettings;
  readonly #identity: PoolIdentity;
  readonly #limits: Limits;
  readonly #factory: TaskFactory;
  readonly #claims: Claims;
  readonly #waiting: Waiting;
  readonly #preemption: Preemption;
  readonly #running: Running;
  readonly #readiness: Readiness;
  readonly #outcomes: Outcomes;

  constructor(parts: TaskOffersParts) {
    this.#tasks = parts.tasks;
    this.#settings = parts.settings;
    this.#identity = parts.identity;
    this.#limits = parts.limits;
    this.#factory = parts.factory;
    this.#claims = parts.claims;
    this.#waiting = parts.waiting;
    this.#preemption = parts.preemption;
    this.#running = parts.running;
    this.#readiness = parts.readiness;
    this.#outcomes = parts.outcomes;
  }

  receive(senderSlot: SenderSlot<Task>, offer: Offer, profile: Profile, nowMs: number): void {
    const { stream } = senderSlot;
    const known = this.#tasks.get(offer.token);
    if (known !== undefined) {
      this.#adopt(senderSlot, known, nowMs);
      return;
    }
    if (this.#settings.current.admits?.has(profile.namespace) === false) {
      const error = matchingErrors.notAdmitted.refusal({
        namespace: profile.namespace,
        pool: this.#identity.name,
      });
      stream.returned(senderSlot.pool, offer.token, RETURN_REASON_DENIED, error, 0);
      return;
    }
    const full = this.#fullness(senderSlot);
    if (full !== undefined) {
      stream.returned(senderSlot.pool, offer.token, RETURN_REASON_OVER_WINDOW, full, retryAfterMs);
      return;
    }
    const limits =
      offer.limits.length === 0 ? noLimits : this.#limits.register(offer.limits, profile.namespace, nowMs);
    if (isRefusal(limits)) {
      stream.returned(senderSlot.pool, offer.token, RETURN_REASON_OVER_WINDOW, limits, retryAfterMs);
      return;
    }
    const task = this.#factory.create(offer, profile, limits, nowMs);
    this.#tasks.add(task);
    senderSlot.add(task);
    if (this.#claims.size > 0 && this.#claimed(task, offer.token, nowMs)) return;
    this.#waiting.count++;
    this.#waiting.admit(task);
    this.#preemption.add(task);
    this.#tasks.schedule(task);
  }

  #fullness(senderSlot: SenderSlot<Task>): Refusal | undefined {
    const { window, queuedMax } = this.#settings.current;
    const { windowFull } = matchingErrors;
    if (senderSlot.outstanding >= window)
      return windowFull.refusal({ what: "tasks outstanding", max: window });
    const retainedMax = window * retainedWindowsMax;
    if (senderSlot.retained >= retainedMax)
      return windowFull.refusal({ what: "results that are not durable", max: retainedMax });
    if (this.#waiting.count >= queuedMax)
      return windowFull.refusal({ what: "tasks waiting in the pool", max: queuedMax });
    return undefined;
  }

  /** Returns whether an agent already reported the task: then it continues, or its result is used. */
  #claimed(task: Task, token: Uint8Array, nowMs: number): boolean {
    const claim = this.#claims.remove(token);
    if (claim === undefined) return false;
    const { agent, answered } = claim;
    this.#running.start(task, agent, nowMs);
    // Its agent received it from an earlier owner of the pool.
    task.receivedMs = task.readyMs;
    task.extras?.gang?.claim(task);
    this.#readiness.loaded(agent);
    if (answered === undefined) return true;
    const result = withMeasuredTime(answered.result, task, nowMs);
    this.#running.detach(task, true, nowMs, result);
    task.link = answered.link;
    task.linkNumber = answered.number;
    this.#outcomes.record(task, result, agent, nowMs);
    return true;
  }

  /**
   * Accepts a known task that is offered again. Only the receiver of its result changes.
   *
   * 1. On the same stream, the sender has lost the result with the partition that received it: it is sent
   *    once more.
   * 2. On another stream while the first is open, two senders regard themselves as the owner of the work, and
   *    one of them is wrong. The first is asked to offer the task again later: by then the other one has
   *    given up, or gets the same answer.
   */
  #adopt(senderSlot: SenderSlot<Task>, task: Task, nowMs: number): void {
    if (task.stage === "forgotten") {
      // The task was cancelled, and its agent has not ended it yet.
      senderSlot.stream.returned(
        senderSlot.pool,
        task.offer.token,
        RETURN_REASON_PUT_BACK,
        undefined,
        this.#settings.current.graceMs,
      );
      return;
    }
    const { senderSlot: before, offer } = task;
    const isSame = before === senderSlot;
    if (isSame && task.stage !== "ended") return;
    if (!isSame)
      before?.stream.returned(before.pool, offer.token, RETURN_REASON_PUT_BACK, undefined, retryAfterMs);
    task.senderSlot?.remove(task);
    senderSlot.add(task);
    if (task.orphanDueMs !== never) task.orphanDueMs = never;
    // Hooks that decided before the sender went away are not asked again.
    if (task.stage === "away") {
      if (task.judging?.isHeld === false) enqueue(task);
      else this.#waiting.admit(task);
    }
    if (task.stage === "ended" && task.judging?.isHeld === true) {
      this.#tasks.schedule(task);
      return;
    }
    if (task.stage === "ended") senderSlot.stream.deliver(task, task.link?.agent.agentId ?? "", isSame);
    else if (task.startedMs > 0 && task.agent !== undefined)
      senderSlot.stream.started(task, task.agent, nowMs);
    this.#tasks.schedule(task);
  }
}
