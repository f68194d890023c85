import type { AgentFrame, Bye, HostFrame } from "@tutti/contracts/agent/v1";
import type { Refusal } from "@tutti/kernel";
import type { AgentLink, AgentOutlet } from "../api/agents.ts";
import { creditMax } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import type { Outbox } from "../outbox.ts";
import type { AttemptReports } from "../task/attempt-reports.ts";
import type { Agent, Link } from "./agent.ts";
import type { AgentStates } from "./agent-states.ts";
import type { Readiness } from "./readiness.ts";

/** The parts that a link reports to. */
export interface LinkParts {
  readonly states: AgentStates;
  readonly readiness: Readiness;
  readonly reports: AttemptReports;
  readonly outbox: Outbox;
  /** The agent leaves its pool. */
  removeAgent(agent: Agent, reason: string, bye: Bye | undefined, nowMs: number): void;
}

/**
 * One link of an agent.
 *
 * 1. Results are counted in the order in which they arrive. Each is settled once: when its sender has it
 *    durable, or immediately if no sender wants it.
 * 2. `resultsDurable` is the number up to which all are settled. Settled results beyond it are named once.
 */
export class OpenLink implements AgentLink, Link {
  readonly #parts: LinkParts;
  readonly #outlet: AgentOutlet;
  readonly agent: Agent;
  frame = emptyFrame();
  /** True if there is something to send in this turn. */
  dirty = false;
  #open = true;
  #results = 0;
  #durable = 0;
  readonly #beyond = new Set<number>();

  constructor(parts: LinkParts, agent: Agent, outlet: AgentOutlet) {
    this.#parts = parts;
    this.agent = agent;
    this.#outlet = outlet;
  }

  get agentId(): string {
    return this.agent.agentId;
  }

  get open(): boolean {
    return this.#open;
  }

  get isPolled(): boolean {
    return this.#outlet.isPolled === true;
  }

  receive(frame: AgentFrame, nowMs: number): Refusal | undefined {
    if (!this.#open) return undefined;
    const { states, readiness, reports } = this.#parts;
    const { agent } = this;
    states.markSeen(agent, nowMs);
    for (const started of frame.started) reports.started(agent, started, nowMs);
    for (const progress of frame.progress) reports.progressed(agent, progress, nowMs);
    for (const output of frame.partialOutputs) reports.partialOutput(agent, output);
    for (const result of frame.results) reports.receiveResult(this, ++this.#results, result, nowMs);
    if (frame.credit > 0) {
      agent.credit = Math.min(creditMax, agent.credit + frame.credit);
      readiness.roomGained(agent);
    }
    return this.#receiveRare(frame, nowMs);
  }

  markDisconnected(nowMs: number): void {
    if (this.#open) this.#parts.states.markDisconnected(this.agent, nowMs);
  }

  resume(nowMs: number): void {
    if (this.#open) this.#parts.states.resume(this.agent, nowMs);
  }

  terminate(reason: string, nowMs: number): void {
    if (this.#open) this.#parts.removeAgent(this.agent, reason, undefined, nowMs);
  }

  /** Returns the frame of this turn and lists the link for sending. */
  get outgoing(): HostFrame {
    if (!this.dirty && this.#open) {
      this.dirty = true;
      this.#parts.outbox.addLink(this);
    }
    return this.frame;
  }

  /** Settles a result: the agent need not keep it. */
  confirm(number: number): void {
    if (!this.#open || number <= this.#durable || this.#beyond.has(number)) return;
    const frame = this.outgoing;
    if (number !== this.#durable + 1) {
      this.#beyond.add(number);
      frame.resultsDurableBeyond.push(number);
      return;
    }
    this.#durable++;
    while (this.#beyond.size > 0 && this.#beyond.delete(this.#durable + 1)) this.#durable++;
    frame.resultsDurable = this.#durable;
  }

  flush(): void {
    this.dirty = false;
    if (!this.#open) return;
    const { frame } = this;
    frame.resultsDurable = this.#durable;
    this.#outlet.send(frame);
    // The lists of a sent frame belong to the receiver. Only lists with content are replaced.
    if (frame.assignments.length > 0) frame.assignments = [];
    if (frame.resultsDurableBeyond.length > 0) frame.resultsDurableBeyond = [];
    if (frame.cancels.length > 0) frame.cancels = [];
    if (frame.extensions.length > 0) frame.extensions = [];
    frame.drain = undefined;
    frame.sleep = undefined;
    frame.wake = undefined;
    frame.held = undefined;
    frame.released = undefined;
    frame.capabilityNumbers = undefined;
  }

  /** Ends the link for the pool, with a goodbye if the agent can still receive one. */
  close(bye: Bye | undefined): void {
    if (!this.#open) return;
    if (this.dirty && bye !== undefined) this.flush();
    this.#open = false;
    if (bye !== undefined) this.#outlet.close(bye);
  }

  #receiveRare(frame: AgentFrame, nowMs: number): Refusal | undefined {
    const { states, readiness } = this.#parts;
    const { agent } = this;
    const { heartbeat, offering, drain, sleep, wake, bye } = frame;
    if (heartbeat !== undefined) states.report(agent, heartbeat, nowMs);
    if (offering !== undefined) {
      const problem = readiness.offeringProblem(offering);
      if (problem !== undefined)
        return matchingErrors.offeringInvalid.refusal({ agent: agent.agentId, problem });
      readiness.reoffer(agent, offering);
    }
    if (drain !== undefined) states.drains(agent, drain.reason, drain.deadlineMs, nowMs);
    // An agent that was put to sleep, and reports that on a new link, is still woken by demand.
    if (sleep !== undefined) states.markAsleep(agent, sleep.reason, sleep.forMs, agent.wakesOnDemand, nowMs);
    if (wake !== undefined) states.markAwake(agent, wake.reason, nowMs);
    if (bye !== undefined) this.#parts.removeAgent(agent, bye.reason, undefined, nowMs);
    return undefined;
  }
}

function emptyFrame(): HostFrame {
  return {
    sequence: 0,
    acknowledged: 0,
    assignments: [],
    resultsDurable: 0,
    resultsDurableBeyond: [],
    cancels: [],
    extensions: [],
    answer: undefined,
    drain: undefined,
    sleep: undefined,
    wake: undefined,
    held: undefined,
    released: undefined,
    capabilityNumbers: undefined,
    bye: undefined,
  };
}
