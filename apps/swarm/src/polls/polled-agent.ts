/**
 * An agent that polls, with the interface of a link for its pool. Assigned tasks wait here until the agent
 * asks. Its answers go to the pool, and while it has leases it counts as heard.
 *
 * 1. A task is answered, renewed, or fails when its lease expires: never two of these.
 * 2. Between two polls the agent sleeps: nothing is assigned to an agent that does not ask.
 */
import type {
  AgentFrame,
  Assign,
  Bye,
  HostFrame,
  Offering,
  Progress,
  Result,
} from "@tutti/contracts/agent/v1";
import { type Notifier, type TuttiError, toErrorDetail } from "@tutti/kernel";
import type { AgentLink, AgentOutlet, Joined, Pool } from "@tutti/matching";
import type { Offered } from "@tutti/policy";
import { swarmErrors } from "../errors.ts";
import { nothingOffered, offeredIn } from "../grants/within-grant.ts";
import { emptyAgentFrame } from "../links/empty-frame.ts";

/** A task that was claimed. */
interface Lease {
  readonly token: Uint8Array;
  /** Time of the claim. */
  readonly sinceMs: number;
  leaseMs: number;
  untilMs: number;
}

/** An answer on its way to the service that offered the attempt. */
interface Answered {
  readonly durable: Promise<void>;
  /** True if the agent reported the attempt when it joined: its pool may wait for the offer. */
  readonly isReported: boolean;
}

interface Awaited {
  readonly resolve: () => void;
  readonly reject: (error: TuttiError) => void;
}

export interface PolledCapability {
  readonly name: string;
  readonly version: string;
}

export class PolledAgent implements AgentOutlet {
  /** The agent sleeps between two polls by itself. */
  readonly isPolled = true;
  readonly agentId: string;
  readonly pool: Pool;
  /** Calls that wait for a task. */
  readonly waiting = new Set<Notifier>();
  /** The present offering. */
  offered: Offered = nothingOffered;
  readonly #capabilities = new Map<number, PolledCapability>();
  readonly #leases = new Map<string, Lease>();
  readonly #cancelled = new Map<string, string>();
  readonly #awaited = new Map<number, Awaited>();
  /** Answers by token, until they are durable. */
  readonly #answered = new Map<string, Answered>();
  readonly #ended: () => void;
  #link: AgentLink | undefined;
  #assigned: Assign[] = [];
  #credit = 0;
  #claims = 0;
  #results = 0;
  #durable = 0;
  #requestedMs: number;

  constructor(agentId: string, pool: Pool, nowMs: number, ended: () => void) {
    this.agentId = agentId;
    this.pool = pool;
    this.#requestedMs = nowMs;
    this.#ended = ended;
  }

  joined({ link, capabilityNumbers }: Joined): void {
    this.#link = link;
    this.#number(capabilityNumbers);
  }

  /** Accepts the tokens that it had before. Some of them are no longer wanted. */
  addReported(running: readonly Uint8Array[], unwanted: readonly Uint8Array[], nowMs: number): void {
    const forget = new Set(unwanted.map(keyOf));
    for (const token of running) {
      const key = keyOf(token);
      if (!forget.has(key)) this.#leases.set(key, { token, sinceMs: nowMs, leaseMs: 0, untilMs: nowMs });
    }
  }

  get isOpen(): boolean {
    return this.#link?.open ?? false;
  }

  /** Time of the last poll, answer or renewal. */
  get requestedMs(): number {
    return this.#requestedMs;
  }

  get leases(): number {
    return this.#leases.size;
  }

  capabilityOf(number: number): PolledCapability {
    return this.#capabilities.get(number) ?? { name: "", version: "" };
  }

  offers(offering: Offering, nowMs: number): void {
    this.offered = offeredIn(offering);
    this.#sendFrame({ offering }, nowMs);
  }

  /** Requests tasks until `rest`. */
  requestTasks(count: number, nowMs: number): void {
    this.#requestedMs = nowMs;
    if (this.#claims++ === 0) this.#sendFrame({ wake: { reason: "it requests tasks" } }, nowMs);
    const missing = count - this.#assigned.length - this.#credit;
    if (missing <= 0) return;
    this.#credit += missing;
    this.#sendFrame({ credit: missing }, nowMs);
  }

  rest(nowMs: number): void {
    this.#requestedMs = nowMs;
    if (--this.#claims > 0 || this.#credit === 0) return;
    this.#credit = 0;
    this.#sendFrame({ sleep: { reason: "between two polls", forMs: 0 } }, nowMs);
  }

  /** Returns assigned tasks, and starts their leases. */
  claim(count: number, leaseMs: number, nowMs: number): Assign[] {
    const claimed = this.#assigned.splice(0, count);
    for (const { token } of claimed)
      this.#leases.set(keyOf(token), { token, sinceMs: nowMs, leaseMs, untilMs: nowMs + leaseMs });
    // A claimed task counts as running.
    if (claimed.length > 0)
      this.#sendFrame({ started: claimed.map(({ token }) => ({ token, agoMs: 0 })) }, nowMs);
    return claimed;
  }

  /**
   * Answers an attempt. Resolves when the answer is durable. A repeated answer returns the same promise.
   * Undefined if the agent does not have the attempt.
   */
  complete(token: Uint8Array, result: Omit<Result, "token">, nowMs: number): Answered | undefined {
    this.#requestedMs = nowMs;
    const key = keyOf(token);
    const lease = this.#leases.get(key);
    if (lease === undefined) return this.#answered.get(key);
    this.#leases.delete(key);
    this.#cancelled.delete(key);
    const number = ++this.#results;
    // Without a reported duration, the time since the claim counts.
    const runMs = result.runMs || nowMs - lease.sinceMs;
    this.#sendFrame({ results: [{ ...result, runMs, token }] }, nowMs);
    const isReported = lease.leaseMs === 0;
    if (number <= this.#durable) return { durable: Promise.resolve(), isReported };
    const durable = new Promise<void>((resolve, reject) => this.#awaited.set(number, { resolve, reject }));
    const answered = { durable, isReported };
    this.#answered.set(key, answered);
    const forget = () => this.#answered.delete(key);
    durable.then(forget, forget);
    return answered;
  }

  /** Renews the lease of an attempt. Returns its duration, or why the attempt is no longer wanted. */
  renew(token: Uint8Array, progress: Omit<Progress, "token">, nowMs: number): number | string {
    this.#requestedMs = nowMs;
    const key = keyOf(token);
    const reason = this.#cancelled.get(key);
    const lease = this.#leases.get(key);
    if (lease === undefined || reason !== undefined) return reason ?? "the agent does not have it any more";
    lease.untilMs = nowMs + lease.leaseMs;
    this.#sendFrame({ progress: [{ ...progress, token }] }, nowMs);
    return lease.leaseMs;
  }

  heartbeat(heartbeat: AgentFrame["heartbeat"], nowMs: number): void {
    this.#sendFrame({ heartbeat }, nowMs);
  }

  /** Fails attempts without an answer in time, and counts the agent as heard while it has any. */
  tick(nowMs: number): void {
    for (const [key, { token, leaseMs, untilMs }] of this.#leases) {
      if (untilMs > nowMs) continue;
      this.#leases.delete(key);
      this.#cancelled.delete(key);
      const error = swarmErrors.leaseOver({ agent: this.agentId, leaseMs });
      const outcome = { $case: "failed", value: toErrorDetail(error) } as const;
      this.#results++;
      const result = { token, outcome, runMs: 0, used: undefined, modelCalls: undefined };
      this.#sendFrame({ results: [result] }, nowMs);
    }
  }

  /** Returns whether its pool should count it as heard. */
  isAlive(): boolean {
    return this.#leases.size > 0 || this.#claims > 0;
  }

  disconnect(reason: string, nowMs: number): void {
    this.#link?.terminate(reason, nowMs);
    this.close({ reason, returnAfterMs: 0 });
  }

  send(frame: HostFrame): void {
    for (const assign of frame.assignments)
      this.#assigned.push({ ...assign, token: new Uint8Array(assign.token) });
    this.#credit = Math.max(0, this.#credit - frame.assignments.length);
    for (const { token, reason } of frame.cancels) this.#cancel(token, reason);
    if (frame.capabilityNumbers !== undefined) this.#number(frame.capabilityNumbers.numbers);
    this.#confirmResults(frame);
    if (this.#assigned.length > 0) this.ring();
  }

  close({ reason }: Bye): void {
    this.#ended();
    const error = swarmErrors.agentUnknown({ pool: this.pool.name, agent: `${this.agentId} (${reason})` });
    for (const { reject } of this.#awaited.values()) reject(error);
    this.#awaited.clear();
    this.ring();
  }

  ring(): void {
    for (const bell of this.waiting) bell.notify();
  }

  #sendFrame(content: Partial<AgentFrame>, nowMs: number): void {
    this.#link?.receive({ ...emptyAgentFrame, ...content }, nowMs);
  }

  #cancel(token: Uint8Array, reason: string): void {
    const key = keyOf(token);
    const waiting = this.#assigned.findIndex((assign) => keyOf(assign.token) === key);
    if (waiting >= 0) this.#assigned.splice(waiting, 1);
    else if (this.#leases.has(key)) this.#cancelled.set(key, reason);
  }

  #confirmResults({ resultsDurable, resultsDurableBeyond }: HostFrame): void {
    for (; this.#durable < resultsDurable; this.#durable++) this.#resolve(this.#durable + 1);
    for (const number of resultsDurableBeyond) this.#resolve(number);
  }

  #resolve(number: number): void {
    this.#awaited.get(number)?.resolve();
    this.#awaited.delete(number);
  }

  #number(numbers: Readonly<Record<string, number>>): void {
    for (const [capability, number] of Object.entries(numbers)) {
      const at = capability.indexOf("@");
      const [name, version] = [capability.slice(0, at), capability.slice(at + 1)];
      this.#capabilities.set(number, { name, version });
    }
  }
}

export function keyOf(token: Uint8Array): string {
  return Buffer.from(token.buffer, token.byteOffset, token.byteLength).toString("hex");
}
