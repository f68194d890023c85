/**
 * Tokens of joining agents that no sender has offered yet, in a pool that has just moved here. Only their
 * agent is known, and the result if it has arrived. They take a slot until then. Senders are asked about
 * them: a sender cancels a token that it no longer wants.
 */
import type { Result } from "@tutti/contracts/agent/v1";
import type { Agent, Link } from "../agents/agent.ts";
import type { Readiness } from "../agents/readiness.ts";
import { claimsMax } from "../bounds.ts";
import { QuerySchedule } from "./query-schedule.ts";
import { TokenTable } from "./token-table.ts";

const queryAfterMs = 500;
const queryIntervalMaxMs = 4_000;

/** A token that an agent presented and that no sender has offered yet. */
export interface Claim {
  readonly token: Uint8Array;
  readonly agent: Agent;
  answered: { readonly link: Link; readonly number: number; readonly result: Result } | undefined;
}

export class Claims {
  readonly #table: TokenTable<Claim>;
  readonly #readiness: Readiness;
  /** Time until which agents may report tokens that this pool does not know. */
  readonly untilMs: number;
  #atWork = 0;
  readonly #schedule = new QuerySchedule(queryAfterMs, queryIntervalMaxMs);

  constructor(seed: number, untilMs: number, readiness: Readiness) {
    this.#table = new TokenTable(seed);
    this.untilMs = untilMs;
    this.#readiness = readiness;
  }

  get size(): number {
    return this.#table.size;
  }

  get atWork(): number {
    return this.#atWork;
  }

  /** When senders are asked next. */
  get queryDueMs(): number {
    return this.#table.size === 0 ? Number.POSITIVE_INFINITY : this.#schedule.dueMs;
  }

  /** Returns the claims to ask about. Empty before the due time. */
  dueForQuery(nowMs: number): readonly Claim[] {
    if (nowMs < this.queryDueMs) return noClaims;
    this.#schedule.recordQuery(nowMs);
    return [...this.#table.values()];
  }

  /** Adds a claim. Returns false if there is no room for it. */
  add(token: Uint8Array, agent: Agent, nowMs: number): boolean {
    if (this.#table.size >= claimsMax || this.#table.get(token) !== undefined) return false;
    this.#table.set(new Uint8Array(token), { token, agent, answered: undefined });
    agent.used++;
    this.#atWork++;
    this.#schedule.added(nowMs);
    return true;
  }

  /** Removes and returns the claim of a token, because it is offered. */
  remove(token: Uint8Array): Claim | undefined {
    const claim = this.#table.get(token);
    if (claim !== undefined) this.#remove(claim);
    return claim;
  }

  /** Records an answer that arrives before the offer. Returns false if another agent has the claim. */
  recordResult(agent: Agent, link: Link, number: number, result: Result): boolean {
    const claim = this.#table.get(result.token);
    if (claim?.agent !== agent) return false;
    // If there are several answers, the number of the last one stands for all.
    const before = claim.answered;
    claim.answered = { link, number, result };
    if (before === undefined) this.#free(agent);
    else before.link.confirm(before.number);
    return true;
  }

  cancel(token: Uint8Array, reason: string, graceMs: number): boolean {
    const claim = this.remove(token);
    if (claim === undefined) return false;
    disclaim(claim, reason, graceMs);
    return true;
  }

  /** Drops the claims of an agent that has left, or that reports its tasks again. */
  drop(agent: Agent): void {
    if (this.#table.size === 0) return;
    for (const claim of [...this.#table.values()]) if (claim.agent === agent) this.#remove(claim);
  }

  /** Drops all claims that were not offered in time. */
  dropAll(reason: string): void {
    for (const claim of [...this.#table.values()]) {
      this.#remove(claim);
      disclaim(claim, reason, 0);
    }
  }

  #remove(claim: Claim): void {
    this.#table.delete(claim.token);
    if (claim.answered === undefined) this.#free(claim.agent);
  }

  #free(agent: Agent): void {
    this.#atWork--;
    agent.used--;
    this.#readiness.roomGained(agent);
  }
}

const noClaims: readonly Claim[] = [];

function disclaim({ token, agent, answered }: Claim, reason: string, graceMs: number): void {
  if (answered === undefined) agent.link?.outgoing.cancels.push({ token, reason, graceMs });
  else answered.link.confirm(answered.number);
}
