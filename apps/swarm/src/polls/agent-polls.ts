/**
 * Agents that poll. Each call has a batch, and between two calls this process represents the agent. Each
 * caller has a grant for everything that the agent offers.
 */

import {
  AgentKind,
  type ClaimTasksReply,
  type ClaimTasksRequest,
  type CompleteTasksReply,
  type CompleteTasksRequest,
  type Completion,
  type CompletionReceipt,
  type Hello,
  Hold,
  Hello as helloMessage,
  type Offering,
  type RenewTasksReply,
  type RenewTasksRequest,
} from "@tutti/contracts/agent/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
import {
  type CallContext,
  errorFromUnknown,
  errorOf,
  type IdSource,
  isRefusal,
  Notifier,
  type Timers,
  type TuttiError,
  toErrorDetail,
} from "@tutti/kernel";
import type { Offered } from "@tutti/policy";
import { swarmErrors } from "../errors.ts";
import type { AdmitAgent } from "../grants/admitted-agents.ts";
import { nothingOffered, offeredIn, requireGrant } from "../grants/within-grant.ts";
import { defaultPool, type PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import { claimedTask } from "./claimed-task.ts";
import { PolledAgent } from "./polled-agent.ts";

export interface AgentPollsParts {
  readonly pools: PoolDirectory;
  readonly now: PoolTime;
  readonly timers: Timers;
  readonly ids: IdSource;
  /** Instance id of this process. */
  readonly host: string;
  /** How often agents with leases count as heard, and how long an agent without one is known. */
  readonly heartbeatMs: number;
  readonly idleMs: number;
  readonly admit: AdmitAgent;
}

/** The context of a polling call. */
type PollContext = Pick<CallContext, "principal" | "signal">;

const leaseDefaultMs = 60_000;
/** How long an answer waits for the offer of its attempt: senders are asked after half a second. */
const offerWaitMs = 2_000;

export class AgentPolls {
  readonly #parts: AgentPollsParts;
  readonly #agents = new Map<string, PolledAgent>();
  readonly #repeated = new RepeatedClaims();
  #beatMs = 0;
  /** Called when an agent has joined: from then on it has to be swept. */
  onJoined = (): void => {};

  constructor(parts: AgentPollsParts) {
    this.#parts = parts;
    parts.pools.onReleased((pool) => {
      for (const agent of this.#agents.values())
        if (agent.pool === pool) agent.disconnect("its pool goes to another process", parts.now());
    });
  }

  get size(): number {
    return this.#agents.size;
  }

  async claim(request: ClaimTasksRequest, { principal, signal }: PollContext): Promise<ClaimTasksReply> {
    try {
      this.#requireOffering(principal, request);
    } catch (error) {
      this.#reportRefused(request, errorFromUnknown(error));
      throw error;
    }
    const key = `${keyOf(request)}/${request.idempotencyKey}`;
    const claim = () => this.#claim(request, signal);
    if (request.idempotencyKey === "") return claim();
    const retentionMs = request.waitMs + (request.leaseMs || leaseDefaultMs);
    return this.#repeated.once(key, request, { nowMs: this.#parts.now(), retentionMs }, claim);
  }

  async complete(
    request: CompleteTasksRequest,
    { principal }: Pick<PollContext, "principal">,
  ): Promise<CompleteTasksReply> {
    this.#requireGrant(principal, request);
    const completions = request.completions.map((completion) => ({
      completion,
      token: tokenOf(completion.token),
    }));
    const agent =
      this.#known(request) ??
      this.#join(
        request,
        { offering: undefined },
        completions.map(({ token }) => token),
      );
    const receipts = completions.map(({ completion, token }) => this.#complete(agent, completion, token));
    this.#parts.pools.turns.schedule(agent.pool);
    return { receipts: await Promise.all(receipts) };
  }

  renew(request: RenewTasksRequest, { principal }: Pick<PollContext, "principal">): RenewTasksReply {
    this.#requireGrant(principal, request);
    const { now, pools } = this.#parts;
    const agent = this.#known(request);
    const nowMs = now();
    const receipts = request.renewals.map(({ token, saved, fraction, message }) => {
      const bytes = saved?.body?.$case === "inline" ? saved.body.value : new Uint8Array();
      const progress = { saved: bytes, fraction, message, used: undefined };
      const answer = agent?.renew(tokenOf(token), progress, nowMs) ?? "the agent is not known here any more";
      return typeof answer === "number"
        ? { token, leaseMs: answer, reason: "" }
        : { token, leaseMs: 0, reason: answer };
    });
    if (agent !== undefined) {
      if (request.heartbeat !== undefined) agent.heartbeat(request.heartbeat, nowMs);
      pools.turns.schedule(agent.pool);
    }
    return { receipts };
  }

  /** Removes an agent of this process: its tasks go to other agents. */
  removeAgent(agent: Pick<ClaimTasksRequest, "namespace" | "pool" | "agentId">, reason: string): void {
    const known = this.#known(agent);
    if (known === undefined) return;
    known.disconnect(reason, this.#parts.now());
    this.#parts.pools.turns.schedule(known.pool);
  }

  /** Ends expired leases, and forgets agents that have stopped polling. */
  sweep(): void {
    const { now, heartbeatMs, idleMs, pools } = this.#parts;
    const nowMs = now();
    const isBeat = nowMs - this.#beatMs >= heartbeatMs;
    if (isBeat) this.#beatMs = nowMs;
    for (const agent of this.#agents.values()) {
      agent.tick(nowMs);
      const isIdle = !agent.isAlive() && nowMs - agent.requestedMs >= idleMs;
      if (isIdle) agent.disconnect("it has not requested tasks for a long time", nowMs);
      else if (isBeat) agent.heartbeat(undefined, nowMs);
      pools.turns.schedule(agent.pool);
    }
  }

  async #claim(request: ClaimTasksRequest, signal: AbortSignal): Promise<ClaimTasksReply> {
    const { now, pools } = this.#parts;
    const agent = this.#agentOf(request);
    const count = request.count || 1;
    requireFree(agent, now());
    agent.requestTasks(count, now());
    pools.turns.schedule(agent.pool);
    try {
      const assigns = await this.#wait(agent, request, count, signal);
      const tasks = assigns.map((assign) => claimedTask(assign, agent, request.leaseMs || leaseDefaultMs));
      return { tasks, retryAfterMs: 0 };
    } finally {
      agent.rest(now());
      pools.turns.schedule(agent.pool);
    }
  }

  async #wait(agent: PolledAgent, request: ClaimTasksRequest, count: number, signal: AbortSignal) {
    const { now, timers, pools } = this.#parts;
    const leaseMs = request.leaseMs || leaseDefaultMs;
    const bell = new Notifier();
    let isOver = false;
    const end = (): void => {
      isOver = true;
      bell.notify();
    };
    // Without a wait, the call returns the assignments of the next turn.
    const timer = request.waitMs > 0 ? timers.after(request.waitMs, end) : undefined;
    if (timer === undefined) pools.turns.after(end);
    signal.addEventListener("abort", end, { once: true });
    agent.waiting.add(bell);
    try {
      for (;;) {
        const claimed = signal.aborted ? [] : agent.claim(count, leaseMs, now());
        if (claimed.length > 0 || isOver || !agent.isOpen) return claimed;
        await bell.notified();
      }
    } finally {
      agent.waiting.delete(bell);
      timer?.cancel();
      signal.removeEventListener("abort", end);
    }
  }

  async #complete(agent: PolledAgent, completion: Completion, token: Uint8Array): Promise<CompletionReceipt> {
    const { runMs, used, modelCalls, outcome } = completion;
    const result = { outcome: outcomeOf(outcome), runMs, used, modelCalls };
    const answered = agent.complete(token, result, this.#parts.now());
    const refused = (error: TuttiError) => ({
      token: completion.token,
      accepted: false,
      refusal: toErrorDetail(error),
    });
    if (answered === undefined)
      return refused(swarmErrors.attemptUnknown({ agent: agent.agentId, token: completion.token }));
    if (await this.#isDurable(answered))
      return { token: completion.token, accepted: true, refusal: undefined };
    return refused(swarmErrors.attemptUnclaimed({ pool: agent.pool.name, token: completion.token }));
  }

  /** Returns whether the answer became durable in time. Without an offer it stays in the pool. */
  async #isDurable({
    durable,
    isReported,
  }: NonNullable<ReturnType<PolledAgent["complete"]>>): Promise<boolean> {
    const confirmed = durable.then(() => true);
    if (!isReported) return confirmed;
    const { promise: tooLong, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#parts.timers.after(offerWaitMs, () => resolve(false));
    try {
      return await Promise.race([confirmed, tooLong]);
    } finally {
      timer.cancel();
    }
  }

  #agentOf(request: ClaimTasksRequest): PolledAgent {
    const known = this.#known(request);
    if (known === undefined) return this.#join(request, request, []);
    if (request.offering !== undefined) known.offers(request.offering, this.#parts.now());
    return known;
  }

  #requireOffering(principal: CallContext["principal"], request: ClaimTasksRequest): void {
    const { offering, agentId } = request;
    this.#requireGrant(principal, request, offering && offeredIn(offering));
    // Rules check only new offerings.
    if (offering === undefined && this.#known(request) !== undefined) return;
    const place = { namespace: namespaceOf(request), pool: request.pool || defaultPool };
    this.#parts.admit({ ...place, agentId, offering }, principal, "agent.tasks.claim");
  }

  /** Lets the caller of a waiting poll learn why the poll gets nothing. */
  #reportRefused(request: ClaimTasksRequest, { status, message }: TuttiError): void {
    const { pools, now } = this.#parts;
    const pool = pools.find(namespaceOf(request), request.pool || defaultPool);
    if (pool === undefined || request.offering === undefined || status !== "PERMISSION_DENIED") return;
    pool.addRefused(request.agentId, request.offering, message, now());
    pools.turns.schedule(pool);
  }

  /** Requires a grant for the offering: the new one, or the last one. */
  #requireGrant(principal: CallContext["principal"], request: PollRequest, requested?: Offered): void {
    const place = { namespace: namespaceOf(request), pool: request.pool || defaultPool };
    const offered = requested ?? this.#known(request)?.offered ?? nothingOffered;
    requireGrant(principal, { ...place, ...offered });
  }

  #known(request: PollRequest): PolledAgent | undefined {
    return this.#agents.get(keyOf(request));
  }

  #join(request: PollRequest, { offering, kind }: Joining, running: Uint8Array[]): PolledAgent {
    const { pools, now, ids, host } = this.#parts;
    const { agentId } = request;
    const pool = pools.requireOwned(namespaceOf(request), request.pool || defaultPool);
    const key = keyOf(request);
    const nowMs = now();
    const agent: PolledAgent = new PolledAgent(agentId, pool, nowMs, () => {
      if (this.#agents.get(key) === agent) this.#agents.delete(key);
    });
    agent.offered = offeredIn(offering);
    const hello: Hello = {
      ...helloMessage.create(),
      versionMin: 1,
      versionMax: 1,
      agentId,
      running,
      offering,
      namespace: pool.namespace,
      pool: pool.name,
      kind: kind || AgentKind.AGENT_KIND_FUNCTION,
      incarnation: ids.newId("poll"),
      sdkName: "poll",
    };
    const joined = pool.join(hello, host, agent, nowMs);
    if (isRefusal(joined)) throw errorOf(joined);
    agent.joined(joined);
    agent.addReported(running, joined.unwanted, nowMs);
    this.#agents.set(key, agent);
    this.onJoined();
    return agent;
  }
}

/** The part of a request that describes an agent that joins. */
interface Joining {
  readonly offering: Offering | undefined;
  readonly kind?: AgentKind;
}

interface PollRequest {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
}

function requireFree(agent: PolledAgent, nowMs: number): void {
  const view = agent.pool.agent(agent.agentId, nowMs);
  const hold = view?.hold ?? Hold.HOLD_NONE;
  if (hold === Hold.HOLD_NONE || hold === Hold.HOLD_UNSPECIFIED) return;
  const isPaused = hold === Hold.HOLD_PAUSED;
  throw swarmErrors.agentHeld({ agent: agent.agentId, isPaused, reason: view?.holdCause?.reason ?? "" });
}

function outcomeOf(outcome: Completion["outcome"]) {
  if (outcome?.$case !== "output") return outcome;
  const { body, mediaType } = outcome.value;
  if (body?.$case === "inline" && mediaType === "")
    return { $case: "inlineOutput", value: body.value } as const;
  return { $case: "outputPayload", value: outcome.value } as const;
}

function tokenOf(text: string): Uint8Array {
  if (!/^[0-9a-fA-F]{32}$/.test(text)) throw swarmErrors.tokenMalformed({ found: JSON.stringify(text) });
  return new Uint8Array(Buffer.from(text, "hex"));
}

function keyOf(request: PollRequest): string {
  return `${namespaceOf(request)}/${request.pool || defaultPool}/${request.agentId}`;
}

/** Maximum of remembered keys. The oldest are forgotten. */
const keysMax = 10_000;

interface Remembered {
  readonly request: string;
  readonly reply: Promise<ClaimTasksReply>;
  readonly untilMs: number;
}

/** Answers a repeated claim with the same key like the first one, as long as its leases may last. */
class RepeatedClaims {
  readonly #claims = new Map<string, Remembered>();

  once(
    key: string,
    request: ClaimTasksRequest,
    { nowMs, retentionMs }: { readonly nowMs: number; readonly retentionMs: number },
    claim: () => Promise<ClaimTasksReply>,
  ): Promise<ClaimTasksReply> {
    this.#evict(nowMs);
    const text = JSON.stringify(request);
    const known = this.#claims.get(key);
    if (known !== undefined) {
      if (known.request !== text) throw swarmErrors.claimDiffers({ key: request.idempotencyKey });
      return known.reply;
    }
    const reply = claim();
    this.#claims.set(key, { request: text, reply, untilMs: nowMs + retentionMs });
    // A failed claim may be retried.
    reply.catch(() => this.#claims.delete(key));
    return reply;
  }

  /** Forgets the oldest claims. One with a longer lease keeps later ones a little longer. */
  #evict(nowMs: number): void {
    for (const [key, { untilMs }] of this.#claims) {
      if (untilMs > nowMs && this.#claims.size < keysMax) return;
      this.#claims.delete(key);
    }
  }
}
