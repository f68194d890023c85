/**
 * One stream of a sender, over all pools that it has opened on it.
 *
 * 1. Results are numbered from 1 over all pools, in the order in which they are sent. Each is kept until the
 *    sender reports it as durable. Then its task is forgotten.
 * 2. Tasks of a broken stream keep their tokens. The sender that offers these tokens again takes the tasks
 *    over.
 */
import type { PartialOutput, Progress } from "@tutti/contracts/agent/v1";
import {
  type GangState,
  type OfferProfile,
  OfferReply,
  type OfferRequest,
  ReturnReason,
  type Waiting,
} from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { Pool } from "../api/pool.ts";
import type { OfferStream, SenderOutlet } from "../api/senders.ts";
import { poolsPerStreamMax, profilesPerStreamMax } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import { PoolOwner } from "../pool.ts";
import { detailOf } from "../refusals.ts";
import type { Profile, Task } from "../task/task.ts";
import { Ledger } from "./ledger.ts";
import type { PoolSenders } from "./pool-senders.ts";
import { profileProblem } from "./profile.ts";
import type { SenderSlot, SenderStream, SendersPool, UnclaimedAttempt } from "./sender-slot.ts";

/** Opens a stream for a sender that has been welcomed. */
export function openOfferStream(sender: string, outlet: SenderOutlet): OfferStream {
  return new Stream(sender, outlet);
}

interface SlotProfile {
  readonly senderSlot: PoolSenderSlot;
  readonly profile: Profile;
}

class Stream implements OfferStream, SenderStream<Task> {
  readonly sender: string;
  readonly #outlet: SenderOutlet;
  readonly #senderSlots = new Map<number, PoolSenderSlot>();
  readonly #profiles: (SlotProfile | undefined)[] = [];
  readonly #ledger = new Ledger();
  readonly #agentNumbers = new Map<string, number>();
  #reply = OfferReply.create();
  #waiting: readonly Waiting[] = [];
  #open = true;
  /** True if there is something to send in this turn. */
  #dirty = false;

  constructor(sender: string, outlet: SenderOutlet) {
    this.sender = sender;
    this.#outlet = outlet;
  }

  open(number: number, pool: Pool): Refusal | undefined {
    if (this.#senderSlots.has(number))
      return matchingErrors.poolNumberTaken.refusal({ number, pool: pool.name });
    if (this.#senderSlots.size >= poolsPerStreamMax)
      return matchingErrors.streamFull.refusal({ what: "pools", max: poolsPerStreamMax });
    const senderSlot = new PoolSenderSlot(this, PoolOwner.partsOf(pool).senders, number);
    this.#senderSlots.set(number, senderSlot);
    senderSlot.pool.slots.add(senderSlot);
    this.#touch(senderSlot.pool);
    return undefined;
  }

  shut(number: number): void {
    const senderSlot = this.#senderSlots.get(number);
    if (senderSlot === undefined) return;
    this.#senderSlots.delete(number);
    this.#removeSlot(senderSlot, undefined);
    for (const [at, seated] of this.#profiles.entries())
      if (seated?.senderSlot === senderSlot) this.#profiles[at] = undefined;
  }

  receive(request: OfferRequest, nowMs: number): Refusal | undefined {
    if (!this.#open) return undefined;
    for (const profile of request.profiles) {
      const refusal = this.#learn(profile);
      if (refusal !== undefined) return refusal;
    }
    // Before the offers: a task that was released and is offered again belongs to this sender.
    for (const token of request.released)
      this.#anySlot((senderSlot) => senderSlot.pool.orders.release(senderSlot, token, nowMs));
    for (const offer of request.offers) {
      const seated = this.#profiles[offer.profile];
      const { token } = offer;
      if (token.length !== 16) return matchingErrors.tokenInvalid.refusal({ bytes: token.length });
      if (seated === undefined) this.#returnUnknown(token, offer.profile);
      else seated.senderSlot.pool.offers.receive(seated.senderSlot, offer, seated.profile, nowMs);
    }
    this.#applyOrders(request, nowMs);
    if (request.waiting !== undefined) this.#waiting = request.waiting.entries;
    return this.#applyDurable(request, nowMs);
  }

  close(nowMs: number): void {
    if (!this.#open) return;
    this.#open = false;
    for (const senderSlot of this.#senderSlots.values()) this.#removeSlot(senderSlot, nowMs);
    this.#senderSlots.clear();
    this.#profiles.length = 0;
    this.#ledger.clear();
  }

  /** Sends a result to the sender and keeps it. */
  deliver(task: Task, agentId: string, isResent = false): void {
    const { result, senderSlot } = task;
    if (result === undefined || senderSlot === undefined || !this.#open) return;
    this.#touch(senderSlot.pool);
    if (isResent) this.#ledger.drop(task);
    this.#ledger.add(task);
    this.#reply.results.push(result);
    this.#reply.resultAgents.push(agentId === "" ? 0 : this.#numberOf(agentId));
  }

  started(task: Task, agent: Agent, nowMs: number): void {
    if (!this.#touchFor(task)) return;
    this.#reply.begun.push({
      token: task.offer.token,
      agent: this.#numberOf(agent.agentId),
      assignedAgoMs: nowMs - task.assignedMs,
      begunAgoMs: nowMs - task.startedMs,
    });
  }

  progressed(task: Task, progress: Progress): void {
    if (this.#touchFor(task)) this.#reply.progress.push(progress);
  }

  partialOutput(task: Task, output: PartialOutput): void {
    if (this.#touchFor(task)) this.#reply.partialOutputs.push(output);
  }

  unclaimed(pool: SendersPool, attempts: Iterable<UnclaimedAttempt>): void {
    if (!this.#open) return;
    this.#touch(pool);
    for (const { token, agentId } of attempts)
      this.#reply.unclaimed.push({ token, agent: agentId === "" ? 0 : this.#numberOf(agentId) });
  }

  returned(
    pool: SendersPool,
    token: Uint8Array,
    reason: ReturnReason,
    error: Refusal | undefined,
    retryAfterMs: number,
  ): void {
    if (!this.#open) return;
    this.#touch(pool);
    this.#reply.returned.push({ token, reason, error: error && detailOf(error), retryAfterMs });
  }

  gang(pool: SendersPool, state: GangState): void {
    if (!this.#open) return;
    this.#touch(pool);
    this.#reply.gangs.push(state);
  }

  /** Returns how many tasks wait at the sender for a pool, and the longest of these waits. */
  waitingFor(
    pool: SendersPool,
    isMatch: (capability: string) => boolean = () => true,
  ): { readonly count: number; readonly longestMs: number } {
    let count = 0;
    let longestMs = 0;
    for (const entry of this.#waiting) {
      const seated = this.#profiles[entry.profile];
      if (seated?.senderSlot.pool !== pool || !isMatch(seated.profile.demand.requirements.capability))
        continue;
      count += entry.count;
      longestMs = Math.max(longestMs, entry.longestMs);
    }
    return { count, longestMs };
  }

  /** Reports the window of a pool again, because it may have changed. */
  reportWindow(pool: SendersPool): void {
    if (this.#open) this.#touch(pool);
  }

  flush(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    if (!this.#open) return;
    const reply = this.#reply;
    for (const senderSlot of this.#senderSlots.values()) {
      const { window } = senderSlot.pool.settings.current;
      if (senderSlot.reportedWindow === window) continue;
      senderSlot.reportedWindow = window;
      reply.windows.push({ pool: senderSlot.number, window, epoch: senderSlot.pool.identity.epoch });
    }
    this.#outlet.send(reply);
    this.#reply = OfferReply.create();
  }

  #touchFor({ senderSlot }: Task): boolean {
    if (senderSlot === undefined || !this.#open) return false;
    this.#touch(senderSlot.pool);
    return true;
  }

  #touch(pool: SendersPool): void {
    if (this.#dirty) return;
    this.#dirty = true;
    pool.outbox.addStream(this);
  }

  #numberOf(agentId: string): number {
    let number = this.#agentNumbers.get(agentId);
    if (number === undefined) {
      number = this.#agentNumbers.size + 1;
      this.#agentNumbers.set(agentId, number);
      this.#reply.agents.push({ number, agentId });
    }
    return number;
  }

  #learn(sent: OfferProfile): Refusal | undefined {
    const { number, pool } = sent;
    if (number > profilesPerStreamMax)
      return matchingErrors.streamFull.refusal({ what: "profiles", max: profilesPerStreamMax });
    const senderSlot = this.#senderSlots.get(pool);
    const problem =
      profileProblem(sent) ?? (senderSlot === undefined ? `expected an open pool, got ${pool}` : undefined);
    if (problem !== undefined) return matchingErrors.profileInvalid.refusal({ number, problem });
    if (senderSlot === undefined) return undefined;
    const before = this.#profiles[number];
    this.#profiles[number] = {
      senderSlot,
      profile: senderSlot.pool.profiles.acquire(sent, senderSlot.pool.identity.namespace),
    };
    before?.senderSlot.pool.profiles.release(before.profile);
    return undefined;
  }

  #returnUnknown(token: Uint8Array, profile: number): void {
    const [senderSlot] = this.#senderSlots.values();
    if (senderSlot === undefined) return;
    const error = matchingErrors.profileUnknown.refusal({ profile });
    this.returned(senderSlot.pool, token, ReturnReason.RETURN_REASON_INVALID, error, 0);
  }

  #applyOrders(request: OfferRequest, nowMs: number): void {
    const { recalls, cancels, extensions, priorities, gangOrders } = request;
    for (const token of recalls) {
      if (this.#anySlot((senderSlot) => senderSlot.pool.orders.recall(senderSlot, token, nowMs))) continue;
      const [senderSlot] = this.#senderSlots.values();
      if (senderSlot !== undefined)
        this.returned(senderSlot.pool, token, ReturnReason.RETURN_REASON_RECALLED, undefined, 0);
    }
    for (const cancel of cancels)
      this.#anySlot((senderSlot) => senderSlot.pool.orders.cancel(senderSlot, cancel, nowMs));
    for (const extension of extensions) this.#anySlot(({ pool }) => pool.orders.extend(extension, nowMs));
    for (const priority of priorities) this.#anySlot(({ pool }) => pool.orders.prioritize(priority));
    for (const order of gangOrders)
      this.#anySlot((senderSlot) => senderSlot.pool.orders.gang(senderSlot, order, nowMs));
  }

  /** Executes an order at the first pool that knows its token: orders name a token alone. */
  #anySlot(act: (senderSlot: PoolSenderSlot) => boolean): boolean {
    for (const senderSlot of this.#senderSlots.values()) if (act(senderSlot)) return true;
    return false;
  }

  #applyDurable({ resultsDurable, resultsDurableBeyond }: OfferRequest, nowMs: number): Refusal | undefined {
    const ledger = this.#ledger;
    const number = resultsDurableBeyond.reduce((most, each) => Math.max(most, each), resultsDurable);
    if (number > ledger.last) return matchingErrors.durableUnknown.refusal({ number, last: ledger.last });
    for (let task = ledger.shift(resultsDurable); task !== undefined; task = ledger.shift(resultsDurable))
      this.#confirm(task, nowMs);
    for (const beyond of resultsDurableBeyond) {
      const task = ledger.remove(beyond);
      if (task !== undefined) this.#confirm(task, nowMs);
    }
    return undefined;
  }

  #confirm(task: Task, nowMs: number): void {
    // A task that was offered again elsewhere belongs to that stream.
    const { senderSlot } = task;
    if (senderSlot instanceof PoolSenderSlot && senderSlot.stream === this && task.stage === "ended")
      senderSlot.pool.outcomes.confirm(task, nowMs);
  }

  /** Removes a pool from this stream. With a time, its waiting tasks become orphans. */
  #removeSlot(senderSlot: PoolSenderSlot, nowMs: number | undefined): void {
    const { pool } = senderSlot;
    pool.slots.delete(senderSlot);
    for (const task of senderSlot.tasks()) {
      senderSlot.remove(task);
      if (nowMs !== undefined) pool.waiting.orphan(task, nowMs);
    }
    for (const seated of this.#profiles)
      if (seated?.senderSlot === senderSlot) pool.profiles.release(seated.profile);
  }
}

/** A sender in a pool, with its outstanding tasks. */
class PoolSenderSlot implements SenderSlot<Task> {
  readonly stream: SenderStream<Task>;
  readonly pool: PoolSenders;
  /** Number of the pool on the stream. */
  readonly number: number;
  /** Tasks that have not ended, and results that are not durable. */
  outstanding = 0;
  retained = 0;
  /** The last reported window. 0 before the first report. */
  reportedWindow = 0;

  constructor(stream: SenderStream<Task>, pool: PoolSenders, number: number) {
    this.stream = stream;
    this.pool = pool;
    this.number = number;
  }

  add(task: Task): void {
    task.senderSlot = this;
    if (task.stage === "ended") this.retained++;
    else this.outstanding++;
  }

  remove(task: Task): void {
    task.senderSlot = undefined;
    if (task.stage === "ended") this.retained--;
    else this.outstanding--;
  }

  /** Records that one of its tasks has a result. */
  recordResult(): void {
    this.outstanding--;
    this.retained++;
  }

  /** Searches the whole pool: a sender rarely leaves, and a list of its own would cost each task. */
  tasks(): Task[] {
    if (this.outstanding + this.retained === 0) return [];
    const tasks: Task[] = [];
    for (const task of this.pool.tasks.values()) if (task.senderSlot === this) tasks.push(task);
    return tasks;
  }
}
