/**
 * All links that end at this process: who is greeted with which, which go on, and which are over.
 *
 * 1. An agent has one link at a time. Of two that say they are the same agent the later incarnation stays, as its pool
 *    decides.
 * 2. Whatever an agent does wrong ends its own link, and disturbs no other.
 * 3. Each link that the pool was told of ends, by goodbye, violation, time or supersession, and the pool hears of it
 *    once.
 */
import type { AgentFrame, Bye, Hello, HostFrame } from "@tutti/contracts/agent/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import {
  errorFromUnknown,
  errorOf,
  type IdSource,
  isRefusal,
  type Logger,
  type TuttiError,
} from "@tutti/kernel";
import type { Pool } from "@tutti/matching";
import { swarmErrors } from "../errors.ts";
import type { PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import { insistOnGreeting, welcome } from "./greeting.ts";
import type { LinkEnding, LinkInstruments } from "./instruments.ts";
import { LinkedAgent, LinkOutlet } from "./linked-agent.ts";
import { type Carrier, HostLink, type LinkIdentity } from "./protocol/host-link.ts";
import type { LinkSettings } from "./settings.ts";

export interface LinkBookParts {
  readonly pools: PoolDirectory;
  readonly settings: LinkSettings;
  /** Instance id of this process, to which agents are linked. */
  readonly host: string;
  readonly now: PoolTime;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly instruments: LinkInstruments;
  /** An agent offers other things than before. */
  readonly onReoffered: (pool: Pool, agentId: string) => void;
}

/** An agent whose link was opened or goes on, and what it is answered. */
export interface Greeted {
  readonly agent: LinkedAgent;
  readonly answer: HostFrame;
}

/** By then it is mostly known who owns a pool that has moved. */
const returnAfterMoveMs = 200;

export class LinkBook {
  readonly #parts: LinkBookParts;
  readonly #agents = new Map<string, LinkedAgent>();

  constructor(parts: LinkBookParts) {
    this.#parts = parts;
    parts.pools.onLeft((pool) => this.#leave(pool));
  }

  get size(): number {
    return this.#agents.size;
  }

  /** All links, whether cut at present or not. */
  get agents(): Iterable<LinkedAgent> {
    return this.#agents.values();
  }

  /** Waits until the pool that a greeting is for is owned here; throws `mesh.not_owner` when it is elsewhere. */
  async admit({ hello }: AgentFrame, signal: AbortSignal): Promise<void> {
    if (hello === undefined) return;
    const namespace = hello.namespace || defaultNamespace;
    await this.#parts.pools.admitted(namespace, hello.pool || "default", { signal });
  }

  /** Answers the first frame of a stream. Throws what the agent is refused with. */
  greet(frame: AgentFrame, carrier: Carrier): Greeted {
    const hello = insistOnGreeting(frame);
    const { resume } = hello;
    const known = resume && this.#agents.get(resume.linkId);
    if (resume !== undefined && known !== undefined) return this.#resume(known, hello, carrier);
    if (resume !== undefined && hello.offering === undefined)
      throw swarmErrors.linkUnknown({ link: resume.linkId });
    return this.#open(hello, carrier);
  }

  /** Takes in what came over a stream. What breaks the protocol ends the link, or its stream. */
  take(agent: LinkedAgent, carrier: Carrier, frame: AgentFrame): void {
    const { link } = agent;
    if (link.life !== "linked" || !link.isCarriedBy(carrier)) return;
    const nowMs = this.#parts.now();
    try {
      const isNew = link.take(frame, nowMs);
      this.#parts.instruments.framesReceived.add();
      if (!isNew) return;
      const error = agent.take(frame, nowMs);
      if (error === undefined && frame.offering !== undefined)
        this.#parts.onReoffered(agent.pool, link.identity.agentId);
      if (error !== undefined) this.#broke(agent, error);
      else if (frame.bye !== undefined) this.#end(agent, "bye", frame.bye.reason, undefined);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      if (error.code === swarmErrors.payloadTooLarge.code) agent.takeOversized(frame, error, nowMs);
      this.#broke(agent, error);
    }
  }

  /** The requests of a stream came to an end, well or not. */
  broken(agent: LinkedAgent, carrier: Carrier, error: TuttiError | undefined): void {
    const { link } = agent;
    if (error !== undefined && isViolation(error) && link.isCarriedBy(carrier)) {
      this.#broke(agent, error);
      return;
    }
    carrier.close(undefined);
    const nowMs = this.#parts.now();
    if (link.detach(carrier, nowMs)) agent.cut(nowMs);
  }

  /** Looks after every link: heartbeats, acknowledgements, cuts that were not mended. Who is silent, the pool knows. */
  sweep(): void {
    const nowMs = this.#parts.now();
    for (const agent of this.#agents.values()) {
      if (agent.link.tick(nowMs) === "expired")
        this.#end(agent, "expired", "its link was not resumed in time", undefined);
    }
  }

  /** Ends all streams; the agents may resume their links here if it is soon, or greet elsewhere. */
  close(): void {
    for (const agent of this.#agents.values()) this.#cutOff(agent, swarmErrors.hostStopping());
  }

  #open(hello: Hello, carrier: Carrier): Greeted {
    const { pools, ids, settings, host, instruments, now } = this.#parts;
    const nowMs = now();
    const namespace = hello.namespace || defaultNamespace;
    const name = hello.pool || "default";
    const pool = pools.insist(namespace, name);
    let agent: LinkedAgent | undefined;
    const outlet = new LinkOutlet((bye) => agent && this.#dismiss(agent, bye));
    const joined = pool.join(hello, host, outlet, nowMs);
    pools.turns.stir(pool);
    if (isRefusal(joined)) throw errorOf(joined);
    const { agentId } = joined;
    const identity: LinkIdentity = { namespace, pool: name, agentId, incarnation: hello.incarnation };
    const link = new HostLink(ids.newId("link"), identity, settings, nowMs);
    const { frameBytesMax } = settings;
    agent = new LinkedAgent({ link, pool, agent: joined.link, turns: pools.turns, frameBytesMax });
    outlet.bind(agent);
    this.#agents.set(link.id, agent);
    link.attach(carrier, nowMs);
    instruments.opened.add();
    return { agent, answer: welcome({ ...joined, link, settings, resumed: false }) };
  }

  #resume(agent: LinkedAgent, hello: Hello, carrier: Carrier): Greeted {
    const { settings, instruments, now } = this.#parts;
    const { link } = agent;
    if (!isSame(link.identity, hello))
      throw swarmErrors.linkOfAnother({ link: link.id, agent: hello.agentId || "another one" });
    const nowMs = now();
    try {
      link.resume(hello.resume?.received ?? 0);
    } catch (thrown) {
      this.#broke(agent, errorFromUnknown(thrown));
      throw thrown;
    }
    link.attach(carrier, nowMs);
    instruments.resumed.add();
    agent.resume(nowMs);
    const told = { capabilityNumbers: {}, unwanted: [], held: undefined };
    return { agent, answer: welcome({ ...told, link, settings, resumed: true }) };
  }

  /** The pool is done with an agent. */
  #dismiss(agent: LinkedAgent, bye: Bye): void {
    agent.sayBye(bye);
    this.#end(agent, "dismissed", bye.reason, undefined);
  }

  /** A pool goes to another process, and its agents after it: with what they have. */
  #leave(pool: Pool): void {
    for (const agent of this.#agents.values()) {
      if (agent.pool !== pool) continue;
      agent.sayBye({ reason: "its pool goes to another process", returnAfterMs: returnAfterMoveMs });
      this.#end(agent, "moved", "its pool goes to another process", undefined);
    }
  }

  #broke(agent: LinkedAgent, error: TuttiError): void {
    if (error.code === swarmErrors.frameMissing.code) {
      this.#cutOff(agent, error);
      return;
    }
    const { agentId, namespace, pool } = agent.link.identity;
    this.#parts.logger.warn("an agent broke the protocol of its link", {
      ...{ agent: agentId, namespace, pool, error },
    });
    this.#end(agent, "violation", error.message, error);
  }

  #end(agent: LinkedAgent, why: LinkEnding, reason: string, error: TuttiError | undefined): void {
    const { link } = agent;
    if (link.life === "ended") return;
    link.end(error);
    this.#agents.delete(link.id);
    this.#parts.instruments.ended(why);
    agent.end(reason, this.#parts.now());
  }

  #cutOff(agent: LinkedAgent, error: TuttiError): void {
    const nowMs = this.#parts.now();
    if (agent.link.cutOff(error, nowMs)) agent.cut(nowMs);
  }
}

/** Whether an error is the agent's fault and would come again: garbage, too large, against the rules. */
function isViolation({ status }: TuttiError): boolean {
  return status === "INVALID_ARGUMENT" || status === "RESOURCE_EXHAUSTED" || status === "FAILED_PRECONDITION";
}

function isSame(identity: LinkIdentity, hello: Hello): boolean {
  return (
    identity.namespace === (hello.namespace || defaultNamespace) &&
    identity.pool === (hello.pool || "default") &&
    identity.agentId === (hello.agentId || identity.agentId) &&
    identity.incarnation === hello.incarnation
  );
}
