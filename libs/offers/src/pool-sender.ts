/**
 * The offers to one pool, and its replies. It does nothing by itself: the stream takes requests from it, and
 * passes it the replies.
 *
 * 1. An attempt is with the pool from its offer until a result or its return. The pool has at most a window
 *    of attempts. All others wait at home.
 * 2. After the stream broke, all attempts that were with the pool are offered again on the next one, with the
 *    same token.
 * 3. A result counts as durable when the runtime has answered. The numbers are those of the stream that
 *    delivered it.
 * 4. To make room for an entitled attempt (`WindowShares`), a task that waits in the pool is recalled.
 */
import type { PartialOutput, Result } from "@tutti/contracts/agent/v1";
import {
  type GangOrder,
  type OfferReply,
  OfferRequest,
  type Returned,
  ReturnReason,
} from "@tutti/contracts/swarm/v1";
import { type Timers, type TuttiError, toErrorDetail } from "@tutti/kernel";
import { TokenTable } from "@tutti/matching";
import { DurableMarks } from "./durable-marks.ts";
import { type OfferEntry, rankOf } from "./entry.ts";
import { offerErrors } from "./errors.ts";
import { type GangPool, type GangStarts, isSpread } from "./gang-starts.ts";
import { offerMessage, profileMessage } from "./messages.ts";
import { type OfferedProfile, type OfferedTask, priorityOf } from "./offered-task.ts";
import { ProfileNumbers } from "./profile-numbers.ts";
import type { Settlement } from "./settlement.ts";
import { WindowShares } from "./window-shares.ts";
import type { WireTokens } from "./wire-tokens.ts";

export interface PoolSenderParts {
  readonly settlement: Settlement;
  readonly tokens: WireTokens;
  /** Kind of the work of the tasks: `run`, `mission`. */
  readonly workKind: string;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** Called when there is something to send. */
  readonly wake: () => void;
  readonly tableSeed: number;
  /** Decides when gangs with members in several pools start. */
  readonly gangs: GangStarts;
}

/** Window until the pool has reported one. */
const windowAtFirst = 1_024;
/** Bounds of one request, in offers and in bytes of input: it stays well below the limit of a message. */
const offersMax = 1_024;
const inputBytesMax = 1_048_576;
/** The shortest time between two reports of the tasks that wait at home. */
const waitingEveryMs = 1_000;
/** Maximum number of kinds in such a report. */
const waitingKindsMax = 1_024;
/** Interval of the checks for attempts beyond their part while the window is full. */
const ageMs = 1_000;
/** Time that a cancelled attempt has to end. */
const graceMs = 5_000;

export class PoolSender implements GangPool {
  readonly #parts: PoolSenderParts;
  readonly #entries: TokenTable<OfferEntry>;
  readonly #shares = new WindowShares();
  #order = 0;
  #window = windowAtFirst;
  #isAgeing = false;

  // State of the open stream.
  #isOpen = false;
  readonly #profiles = new ProfileNumbers();
  readonly #agents = new Map<number, string>();
  #marks = new DurableMarks();
  #cancels: OfferRequest["cancels"] = [];
  #priorities: OfferRequest["priorities"] = [];
  #recalls: Uint8Array[] = [];
  #released: Uint8Array[] = [];
  #gangOrders: OfferRequest["gangOrders"] = [];
  #reportedWaiting = 0;
  #reportedWaitingMs = Number.NEGATIVE_INFINITY;

  constructor(parts: PoolSenderParts) {
    this.#parts = parts;
    this.#entries = new TokenTable(parts.tableSeed);
  }

  /** Number of attempts that are not settled. */
  get size(): number {
    return this.#entries.size;
  }

  get waiting(): number {
    return this.#shares.waiting;
  }

  /** Offers an attempt. Again with another priority, or once more because the result was lost. */
  offer(due: Pick<OfferEntry, "token" | "key" | "cause">, effect: OfferedTask): void {
    const { token, key, cause } = due;
    const bytes = this.#parts.tokens.write(token);
    const known = this.#entries.get(bytes);
    if (known === undefined) {
      const rank = rankOf(effect);
      const order = this.#order++;
      // In one step: objects that are composed of others are made several times as slowly.
      // biome-ignore format: fields and their beginnings
      const entry: OfferEntry = {
        bytes, token, key, cause, effect, rank, order,
        location: "home", hasStarted: false, isRecalled: false, line: undefined, place: -1,
      };
      this.#entries.set(bytes, entry);
      this.#shares.wait(entry);
      if (isSpread(entry)) this.#parts.gangs.offered(this, entry);
    } else this.#reoffer(known, effect);
    this.#parts.wake();
  }

  /**
   * Withdraws an attempt that is settled or replaced: its agent gets a request to end it. A settlement comes without a
   * withdrawal, also if the attempt was requested once more before that was known.
   */
  withdraw(bytes: Uint8Array): void {
    if (!this.#remove(bytes)) return;
    this.#cancels.push({ token: bytes, reason: "no longer wanted", graceMs });
    this.#parts.wake();
  }

  /**
   * Releases an attempt to the next owner of its work. The agent continues, and the pool keeps the result.
   */
  release(bytes: Uint8Array): void {
    // It is unknown whether a result is durable: the pool keeps it for the next owner.
    const isAnswered = this.#entries.get(bytes)?.location === "answered";
    if (!this.#remove(bytes) && !isAnswered) return;
    this.#released.push(bytes);
    this.#parts.wake();
  }

  /** Removes an attempt. Returns whether the pool has it. */
  #remove(bytes: Uint8Array): boolean {
    const entry = this.#entries.get(bytes);
    if (entry === undefined) return false;
    const { location } = entry;
    this.#entries.delete(bytes);
    if (location === "home") this.#shares.removeQueued(entry);
    else if (location === "pool") this.#shares.removeFromPool(entry);
    entry.location = "gone";
    if (isSpread(entry)) this.#parts.gangs.removed(this, entry);
    return location === "pool";
  }

  /** Opens a stream: all attempts that were with the pool are offered again on it. */
  open(): void {
    this.close();
    this.#isOpen = true;
    this.#marks = new DurableMarks();
    this.#profiles.clear();
    this.#agents.clear();
    this.#cancels = [];
    this.#priorities = [];
    this.#recalls = [];
    this.#released = [];
    this.#gangOrders = [];
    this.#parts.gangs.reopened(this);
    this.#reportedWaiting = 0;
    for (const entry of [...this.#entries.values()]) if (entry.location === "pool") this.#requeue(entry);
    this.#parts.wake();
  }

  close(): void {
    this.#isOpen = false;
  }

  /** Returns the next request to send. Undefined if there is none. */
  next(): OfferRequest | undefined {
    if (!this.#isOpen) return undefined;
    if (this.#shares.withPool >= this.#window) this.#recallForOthers();
    const request = OfferRequest.create();
    this.#profiles.startMessage();
    this.#fill(request);
    request.cancels = this.#cancels;
    request.priorities = this.#priorities;
    request.recalls = this.#recalls;
    request.released = this.#released;
    request.gangOrders = this.#gangOrders;
    this.#cancels = [];
    this.#priorities = [];
    this.#recalls = [];
    this.#released = [];
    this.#gangOrders = [];
    const hasMarks = this.#marks.write(request);
    const hasWaiting = this.#reportWaiting(request);
    const { offers, cancels, priorities, recalls, released, gangOrders } = request;
    const lists = [offers, cancels, priorities, recalls, released, gangOrders];
    const hasMore = lists.some(({ length }) => length > 0);
    return hasMore || hasMarks || hasWaiting ? request : undefined;
  }

  /** Sends an order about the members of a gang in this pool. */
  orderGang(order: GangOrder): void {
    this.#gangOrders.push(order);
    this.#parts.wake();
  }

  /** Applies a reply of the owner of the pool. */
  receive(reply: OfferReply): void {
    for (const { window } of reply.windows) this.#window = window;
    for (const { number, agentId } of reply.agents) this.#agents.set(number, agentId);
    for (const start of reply.begun) this.#started(start.token, start.agent, start.begunAgoMs);
    for (const progress of reply.progress) this.#parts.settlement.progress(progress);
    for (const partial of reply.partialOutputs) this.#partialOutput(partial);
    for (let index = 0; index < reply.results.length; index++) this.#result(reply, index);
    for (const returned of reply.returned) this.#returned(returned);
    for (const { token } of reply.unclaimed) this.#unclaimed(token);
    for (const state of reply.gangs) {
      const entry = this.#entries.get(state.token);
      if (entry !== undefined && isSpread(entry)) this.#parts.gangs.reported(this, entry, state);
    }
    this.#parts.wake();
  }

  #reoffer(entry: OfferEntry, effect: OfferEntry["effect"]): void {
    const rank = rankOf(effect);
    const hasMoved = rankOf(entry.effect) !== rank;
    const isOtherGang = !isSameGang(entry.effect, effect);
    const isOther = isOtherGang || !isSameOffer(entry.effect, effect);
    if (isOtherGang && isSpread(entry)) this.#parts.gangs.removed(this, entry);
    entry.effect = effect;
    if (isOtherGang && isSpread(entry)) this.#parts.gangs.offered(this, entry);
    if (entry.location === "answered") {
      entry.location = "home";
      this.#join(entry);
    } else if (hasMoved && entry.location === "home") {
      entry.rank = rank;
      this.#shares.move(entry);
    } else if (entry.location === "pool" && isOther) {
      // A pool can change only the priority. Any other change is sent with the next offer.
      if (!entry.hasStarted && !entry.isRecalled) this.#recall(entry);
      // It started, and may have been taken back since. The pool recalls it only if it does not run.
      else if (isOtherGang && entry.hasStarted) this.#recalls.push(entry.bytes);
    } else if (hasMoved) {
      entry.rank = -rank;
      this.#shares.move(entry);
      this.#priorities.push({ token: entry.bytes, priority: priorityOf(effect) });
    }
  }

  #recallForOthers(): void {
    const shares = this.#shares;
    shares.age(this.#parts.nowMs());
    for (const { bytes } of shares.recallForOthers()) this.#recalls.push(bytes);
    // A namespace that was fast and stalls exceeds its part after a while, and no event would show that.
    if (this.#isAgeing || !shares.isAgeing) return;
    this.#isAgeing = true;
    this.#parts.timers.after(ageMs, () => {
      this.#isAgeing = false;
      this.#parts.wake();
    });
  }

  #recall(entry: OfferEntry): void {
    this.#shares.recall(entry);
    this.#recalls.push(entry.bytes);
  }

  #fill(request: OfferRequest): void {
    const nowMs = this.#parts.nowMs();
    let inputBytes = 0;
    const shares = this.#shares;
    while (
      shares.withPool < this.#window &&
      request.offers.length < offersMax &&
      inputBytes < inputBytesMax
    ) {
      const entry = shares.takeNext();
      if (entry === undefined) return;
      const { effect, key } = entry;
      const profile = this.#profileOf(effect.profile, key.namespace, request);
      request.offers.push(offerMessage(entry, profile, nowMs));
      if (effect.input instanceof Uint8Array) inputBytes += effect.input.length;
      entry.location = "pool";
    }
    if (shares.waiting > 0 && shares.withPool < this.#window) this.#parts.wake();
  }

  #profileOf(profile: OfferedProfile, namespace: string, request: OfferRequest): number {
    const { workKind } = this.#parts;
    return this.#profiles.numberOf(
      profile,
      namespace,
      () => profileMessage(profile, 0, { workKind, namespace }),
      (profile) => request.profiles.push(profile),
    );
  }

  #reportWaiting(request: OfferRequest): boolean {
    const nowMs = this.#parts.nowMs();
    const { waiting } = this.#shares;
    if (waiting === this.#reportedWaiting || nowMs - this.#reportedWaitingMs < waitingEveryMs) return false;
    this.#reportedWaiting = waiting;
    this.#reportedWaitingMs = nowMs;
    const entries = new Map<
      string,
      { profile: number; priority: number; count: number; longestMs: number }
    >();
    for (const { effect, key } of this.#shares.queued()) {
      // Kinds beyond the maximum are not reported.
      if (entries.size >= waitingKindsMax) break;
      const profile = this.#profileOf(effect.profile, key.namespace, request);
      const priority = priorityOf(effect);
      const name = `${profile} ${priority}`;
      const entry = entries.get(name) ?? { profile, priority, count: 0, longestMs: 0 };
      entry.count++;
      entry.longestMs = Math.max(entry.longestMs, nowMs - effect.readyMs);
      entries.set(name, entry);
    }
    request.waiting = { entries: [...entries.values()] };
    return true;
  }

  #started(token: Uint8Array, agent: number, startedAgoMs: number): void {
    const entry = this.#entries.get(token);
    if (entry?.location !== "pool") return;
    this.#shares.markStarted(entry);
    entry.hasStarted = true;
    this.#parts.settlement.started(entry, this.#agents.get(agent) ?? "", this.#parts.nowMs() - startedAgoMs);
  }

  #partialOutput(output: PartialOutput): void {
    const entry = this.#entries.get(output.token);
    if (entry !== undefined) this.#parts.settlement.partialOutput(entry, output);
  }

  #result({ results, resultAgents }: OfferReply, index: number): void {
    const result = results[index];
    if (result === undefined) return;
    const entry = this.#entries.get(result.token);
    if (entry?.location === "pool") {
      if (!entry.hasStarted) this.#shares.markStarted(entry);
      this.#shares.removeFromPool(entry);
      entry.location = "answered";
      if (isSpread(entry)) this.#parts.gangs.recordEnd(this, entry, isDone(result));
    }
    const marks = this.#marks;
    const number = marks.nextNumber();
    const agent = this.#agents.get(resultAgents[index] ?? 0) ?? "";
    this.#parts.settlement.result({ result, agent, entry }, () => {
      // Also an entry that is newer than the result: its partition was loaded again before the outcome was known.
      this.withdraw(result.token);
      // The stream has ended: its marks are not needed any more.
      if (marks !== this.#marks) return;
      marks.durable(number);
      this.#parts.wake();
    });
  }

  #returned({ token, reason, error, retryAfterMs }: Returned): void {
    const entry = this.#entries.get(token);
    if (entry?.location !== "pool") return;
    const refusal = refusals[reason];
    if (refusal !== undefined) {
      this.#shares.removeFromPool(entry);
      entry.location = "answered";
      this.#parts.settlement.refused(entry, error ?? toErrorDetail(refusal()), () => this.withdraw(token));
    } else if (retryAfterMs > 0) {
      this.#shares.removeFromPool(entry);
      entry.location = "home";
      this.#parts.timers.after(retryAfterMs, () => this.#retry(entry));
    } else this.#requeue(entry);
  }

  /**
   * Handles an attempt at an agent that was not offered here. Its result may have become durable without a
   * way to report that, or it was withdrawn while there was no stream. A settled attempt is never wanted
   * again, so the answer may take any time.
   */
  #unclaimed(token: Uint8Array): void {
    if (this.#entries.get(token) !== undefined) return;
    const marks = this.#marks;
    this.#parts.settlement.unclaimed(token, () => {
      // The pool asks again on another stream.
      if (marks !== this.#marks) return;
      this.#cancels.push({ token, reason: "no longer wanted", graceMs });
      this.#parts.wake();
    });
  }

  /** Queues an attempt again after its retry-after time. */
  #retry(entry: OfferEntry): void {
    if (entry.location !== "home" || entry.place >= 0) return;
    this.#join(entry);
    this.#parts.wake();
  }

  #requeue(entry: OfferEntry): void {
    this.#shares.removeFromPool(entry);
    entry.location = "home";
    this.#join(entry);
  }

  #join(entry: OfferEntry): void {
    entry.hasStarted = false;
    entry.rank = rankOf(entry.effect);
    this.#shares.wait(entry);
  }
}

function isDone({ outcome }: Result): boolean {
  return outcome !== undefined && outcome.$case !== "failed" && outcome.$case !== "stopped";
}

function isSameGang({ gang: one }: OfferedTask, { gang: other }: OfferedTask): boolean {
  return one?.size === other?.size && one?.elsewhere === other?.elsewhere;
}

/** Returns whether offers differ at most in their priority. */
function isSameOffer(
  { facts: one, details: ours }: OfferedTask,
  { facts: other, details }: OfferedTask,
): boolean {
  if (one === other && ours === details) return true;
  const names = Object.keys(one.labels);
  return (
    one.dueMs === other.dueMs &&
    names.length === Object.keys(other.labels).length &&
    names.every((name) => one.labels[name] === other.labels[name])
  );
}

/** Reasons for which offers are returned for good. */
const refusals: Readonly<Partial<Record<ReturnReason, () => TuttiError>>> = {
  [ReturnReason.RETURN_REASON_DENIED]: offerErrors.denied,
  [ReturnReason.RETURN_REASON_TIMED_OUT]: offerErrors.timedOut,
  [ReturnReason.RETURN_REASON_INVALID]: offerErrors.invalid,
};
