/** Connects a link with the agent that its pool knows: passes messages in both directions. */
import { type AgentFrame, type Bye, HostFrame, type Offering } from "@tutti/contracts/agent/v1";
import { errorOf, type Principal, type TuttiError, toErrorDetail } from "@tutti/kernel";
import type { AgentLink, AgentOutlet } from "@tutti/matching";
import type { Offered } from "@tutti/policy";
import type { AdmitAgent } from "../grants/admitted-agents.ts";
import { offeredIn, requireGrant } from "../grants/within-grant.ts";
import type { Turns } from "../pools/turns.ts";
import { emptyAgentFrame } from "./empty-frame.ts";
import type { LinkPool } from "./link-pool.ts";
import { contentsOf } from "./protocol/contents.ts";
import { CreditLoan } from "./protocol/credit-loan.ts";
import type { HostLink } from "./protocol/host-link.ts";
import { isOversized } from "./protocol/limits.ts";

/** Maximum of the credit of an agent that a pool has at a time. */
const lentMax = 4_096;

/**
 * Receives the messages of a pool to an agent. Over a relay a message may arrive before the link exists: then
 * it waits. A pool that is owned here sends nothing before its next turn.
 */
export class LinkOutlet implements AgentOutlet {
  #agent: LinkedAgent | undefined;
  readonly #ended: (bye: Bye) => void;
  #early: HostFrame[] = [];
  #bye: Bye | undefined;

  constructor(ended: (bye: Bye) => void) {
    this.#ended = ended;
  }

  bind(agent: LinkedAgent): void {
    this.#agent = agent;
    for (const frame of this.#early) agent.send(frame);
    this.#early = [];
    if (this.#bye !== undefined) this.#ended(this.#bye);
  }

  send(frame: HostFrame): void {
    if (this.#agent === undefined) this.#early.push(frame);
    else this.#agent.send(frame);
  }

  close(bye: Bye): void {
    if (this.#agent === undefined) this.#bye = bye;
    else this.#ended(bye);
  }
}

export interface LinkedAgentParts {
  readonly link: HostLink;
  readonly linkPool: LinkPool;
  readonly agent: AgentLink;
  readonly turns: Turns;
  readonly frameBytesMax: number;
  readonly principal: Principal;
  readonly offered: Offered;
  readonly admit: AdmitAgent;
}

export class LinkedAgent {
  readonly link: HostLink;
  readonly linkPool: LinkPool;
  readonly #agent: AgentLink;
  readonly #turns: Turns;
  readonly #loan = new CreditLoan(lentMax);
  readonly #frameBytesMax: number;
  readonly #admit: AdmitAgent;
  #isLending = false;
  #principal: Principal;
  #offered: Offered;

  constructor({ link, linkPool, agent, turns, frameBytesMax, principal, offered, admit }: LinkedAgentParts) {
    this.#admit = admit;
    this.#frameBytesMax = frameBytesMax;
    this.#principal = principal;
    this.#offered = offered;
    this.link = link;
    this.linkPool = linkPool;
    this.#agent = agent;
    this.#turns = turns;
  }

  /** Sets the caller, which may differ on another stream. Throws if its grants do not cover the offering. */
  setPrincipal(principal: Principal): void {
    this.#requireMatch(principal, this.#offered, "hello.");
    this.#principal = principal;
  }

  /** Accepts an offering. Throws if the agent may not offer it. */
  offer(offering: Offering): void {
    const offered = offeredIn(offering);
    this.#requireMatch(this.#principal, offered, "");
    const { namespace, pool, agentId } = this.link.identity;
    this.#admit({ namespace, pool, agentId, offering }, this.#principal, "agent.links.open");
    this.#offered = offered;
  }

  /** Passes an accepted frame to the pool. Returns the violation of the agent, if any. */
  receive(frame: AgentFrame, nowMs: number): TuttiError | undefined {
    this.#loan.grant(frame.credit);
    const credit = this.#loan.lend(this.link.isClogged);
    const refusal = this.#agent.receive(credit === frame.credit ? frame : { ...frame, credit }, nowMs);
    if (frame.drain !== undefined || frame.sleep !== undefined) this.#loan.void();
    this.linkPool.scheduleTurn();
    return refusal === undefined ? undefined : errorOf(refusal);
  }

  /**
   * Passes the usable part of a frame that is refused because an output is too large. The attempts with these
   * outputs fail for that reason, and need not be repeated to fail again.
   */
  receiveOversized(frame: AgentFrame, error: TuttiError, nowMs: number): void {
    const tooLarge = frame.results.filter(isOversized);
    if (tooLarge.length === 0) return;
    const failed = { $case: "failed", value: toErrorDetail(error) } as const;
    const results = tooLarge.map((result) => ({ ...result, outcome: failed }));
    this.#agent.receive({ ...emptyAgentFrame, results }, nowMs);
  }

  markDisconnected(nowMs: number): void {
    this.#agent.markDisconnected(nowMs);
    this.linkPool.scheduleTurn();
  }

  resume(nowMs: number): void {
    this.#agent.resume(nowMs);
    this.linkPool.scheduleTurn();
  }

  terminate(reason: string, nowMs: number): void {
    this.#agent.terminate(reason, nowMs);
    this.linkPool.scheduleTurn();
  }

  /** Sends a message of the pool. The frame is reused by the pool, so it is encoded before this returns. */
  send(frame: HostFrame): void {
    for (const content of contentsOf(frame, this.#frameBytesMax)) this.link.send(content);
    this.#loan.used(frame.assignments.length);
    if (frame.drain !== undefined || frame.sleep !== undefined) this.#loan.void();
    if (this.#loan.unlent === 0 || this.#isLending) return;
    this.#isLending = true;
    this.#turns.before(() => this.#lendMore(this.link.lastSeenMs));
  }

  /** Sends the goodbye of an ended link. */
  sendBye(bye: Bye): void {
    for (const content of contentsOf({ ...HostFrame.create(), bye })) this.link.send(content);
  }

  #requireMatch(principal: Principal, offered: Offered, within: string): void {
    requireGrant(
      principal,
      { namespace: this.linkPool.namespace, pool: this.linkPool.name, ...offered },
      within,
    );
  }

  #lendMore(lastSeenMs: number): void {
    this.#isLending = false;
    const credit = this.#loan.lend(this.link.isClogged);
    if (credit === 0) return;
    // Not a heartbeat: the last frame of the agent counts.
    this.#agent.receive({ ...emptyAgentFrame, credit }, lastSeenMs);
    this.linkPool.scheduleTurn();
  }
}
