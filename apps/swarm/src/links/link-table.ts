/**
 * All links that end at this process: opens, resumes and ends them.
 *
 * 1. An agent has one link at a time. If two claim to be the same agent, the later incarnation stays, as its
 *    pool decides.
 * 2. An agent that violates the protocol ends its own link, and no other.
 * 3. No agent uses the id of another one that governance knows. The caller of an agent has a grant for its
 *    whole offering: at first, on another stream, and with another offering. The pool receives nothing else.
 * 4. Admission rules check the offering of an agent, at its greeting and at each change.
 * 5. Each link that the pool knows ends, by goodbye, violation, time or supersession. The pool is informed
 *    once.
 */
import type { AgentFrame, Bye, Hello, HostFrame } from "@tutti/contracts/agent/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import {
  type CallContext,
  errorFromUnknown,
  errorOf,
  type IdSource,
  isRefusal,
  type Logger,
  notOwnerOf,
  type Principal,
  type TuttiError,
} from "@tutti/kernel";
import type { Joined, Pool } from "@tutti/matching";
import { swarmErrors } from "../errors.ts";
import type { AdmitAgent } from "../grants/admitted-agents.ts";
import { type AgentNames, requireOwnName } from "../grants/own-name.ts";
import { offeredIn, requireGrant } from "../grants/within-grant.ts";
import { defaultPool, type PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import { placeOf, requireGreeting, welcome } from "./greeting.ts";
import type { LinkEnding, LinkInstruments } from "./instruments.ts";
import { type LinkPool, linkPoolOf } from "./link-pool.ts";
import { LinkedAgent, LinkOutlet } from "./linked-agent.ts";
import { type Carrier, HostLink, type LinkIdentity } from "./protocol/host-link.ts";
import type { RefusedAgents } from "./refused-agents.ts";
import type { RelayedAgent } from "./relay/relayed-agent.ts";
import type { Relays } from "./relay/relays.ts";
import type { LinkSettings } from "./settings.ts";

export interface LinkTableParts {
  readonly pools: PoolDirectory;
  /** Relays to the owners of other pools. */
  readonly relays: Relays;
  readonly settings: LinkSettings;
  /** Instance id of this process, to which agents are linked. */
  readonly host: string;
  readonly now: PoolTime;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly instruments: LinkInstruments;
  readonly admit: AdmitAgent;
  readonly names: AgentNames;
  readonly refused: Pick<RefusedAgents, "report">;
  /** Called when an agent changes its offering. */
  readonly onReoffered: (pool: Pool, agentId: string) => void;
}

/** The agent of an opened or resumed link, and the answer to its greeting. */
export interface Greeted {
  readonly agent: LinkedAgent;
  readonly answer: HostFrame;
}

/** The context of the stream with the greeting. */
export type GreetingContext = Pick<CallContext, "signal" | "principal">;

/** An agent that greets. */
interface Greeter {
  readonly hello: Hello;
  readonly principal: Principal;
}

/** After this time the new owner of a moved pool is mostly known. */
const returnAfterMoveMs = 200;

export class LinkTable {
  readonly #parts: LinkTableParts;
  readonly #agents = new Map<string, LinkedAgent>();
  /** Called when a link was opened: from then on the table has to be swept. */
  onOpened = (): void => {};
  /** Links with pending acknowledgements. */
  readonly #unacknowledged = new Set<LinkedAgent>();
  /** Called for the first pending acknowledgement: `acknowledge` has to follow soon. */
  onUnacknowledged = (): void => {};

  constructor(parts: LinkTableParts) {
    this.#parts = parts;
    parts.pools.onReleased((pool) => this.#moveAgents(pool));
  }

  get size(): number {
    return this.#agents.size;
  }

  /** All links, also those that are cut. */
  get agents(): Iterable<LinkedAgent> {
    return this.#agents.values();
  }

  /**
   * Answers the first frame of a stream, as soon as the owner of the pool is known. Throws the reason of a
   * refusal. `mesh.not_owner` if the agent can follow to the owner.
   */
  async greet(frame: AgentFrame, carrier: Carrier, context: GreetingContext): Promise<Greeted> {
    const hello = requireGreeting(frame);
    const { resume } = hello;
    const known = resume && this.#agents.get(resume.linkId);
    if (resume !== undefined && known !== undefined) return this.#resume(known, hello, carrier, context);
    const refusal = this.#refusalOf(hello, context.principal);
    const pool = await this.#poolOf(hello, context).catch((thrown) => {
      // An agent that can follow a redirection is refused by the owner of the pool.
      throw notOwnerOf(thrown) === undefined && refusal !== undefined ? refusal : thrown;
    });
    if (refusal !== undefined) {
      const { agentId, offering } = hello;
      this.#parts.refused.report({ ...placeOf(hello), agentId, offering }, refusal);
      throw refusal;
    }
    if (resume !== undefined && hello.offering === undefined)
      throw swarmErrors.linkUnknown({ link: resume.linkId });
    return pool === undefined
      ? this.#relay(hello, carrier, context)
      : this.#open(hello, pool, carrier, context);
  }

  /** Accepts a frame of a stream. A violation of the protocol ends the link, or its stream. */
  receive(agent: LinkedAgent, carrier: Carrier, frame: AgentFrame): void {
    const { link } = agent;
    if (link.phase !== "linked" || !link.isCarriedBy(carrier)) return;
    const nowMs = this.#parts.now();
    try {
      const isNew = link.receive(frame, nowMs);
      this.#parts.instruments.framesReceived.add();
      if (!isNew) return;
      if (link.isAcknowledgementDue) this.#markUnacknowledged(agent);
      if (frame.offering !== undefined) agent.offer(frame.offering);
      const error = agent.receive(frame, nowMs);
      const { pool } = agent.linkPool;
      if (error === undefined && frame.offering !== undefined && pool !== undefined)
        this.#parts.onReoffered(pool, link.identity.agentId);
      if (error !== undefined) this.#broke(agent, error);
      else if (frame.bye !== undefined) this.#terminate(agent, "bye", frame.bye.reason, undefined);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      if (error.code === swarmErrors.payloadTooLarge.code) agent.receiveOversized(frame, error, nowMs);
      if (error.status === "PERMISSION_DENIED")
        this.#parts.refused.report({ ...link.identity, offering: frame.offering }, error);
      this.#broke(agent, error);
    }
  }

  /** Handles the end of the requests of a stream, with or without an error. */
  broken(agent: LinkedAgent, carrier: Carrier, error: TuttiError | undefined): void {
    const { link } = agent;
    if (error !== undefined && isViolation(error) && link.isCarriedBy(carrier)) {
      this.#broke(agent, error);
      return;
    }
    carrier.close(undefined);
    const nowMs = this.#parts.now();
    if (link.detach(carrier, nowMs)) agent.markDisconnected(nowMs);
  }

  /** Sends the acknowledgements that no frame has carried yet. */
  acknowledge(): void {
    const nowMs = this.#parts.now();
    for (const { link } of this.#unacknowledged) link.tick(nowMs);
    this.#unacknowledged.clear();
  }

  /** Checks every link for heartbeats and expired cuts. The pool itself notices silent agents. */
  sweep(): void {
    const nowMs = this.#parts.now();
    for (const agent of this.#agents.values()) {
      if (agent.link.tick(nowMs))
        this.#terminate(agent, "expired", "its link was not resumed in time", undefined);
    }
  }

  /** Ends all streams. The agents may resume their links here soon, or greet elsewhere. */
  close(): void {
    for (const agent of this.#agents.values()) this.#disconnect(agent, swarmErrors.hostStopping());
  }

  #markUnacknowledged(agent: LinkedAgent): void {
    if (this.#unacknowledged.size === 0) this.onUnacknowledged();
    this.#unacknowledged.add(agent);
  }

  /** Returns why the caller may not be this agent, or may not offer this. */
  #refusalOf(hello: Hello, principal: Principal): TuttiError | undefined {
    const { names, admit } = this.#parts;
    const place = placeOf(hello);
    const { agentId, offering } = hello;
    try {
      requireOwnName(names, principal, { ...place, agentId });
      requireGrant(principal, { ...place, ...offeredIn(offering) }, "hello.");
      if (offering !== undefined) admit({ ...place, agentId, offering }, principal, "agent.links.open");
      return undefined;
    } catch (thrown) {
      return errorFromUnknown(thrown);
    }
  }

  /**
   * Returns the pool of an agent, if it is owned here. Undefined if the agent has to be relayed. Throws if it can
   * follow.
   */
  async #poolOf(hello: Hello, { signal }: GreetingContext): Promise<Pool | undefined> {
    const namespace = hello.namespace || defaultNamespace;
    try {
      return await this.#parts.pools.admitted(namespace, hello.pool || defaultPool, { signal });
    } catch (thrown) {
      if (notOwnerOf(thrown) === undefined || hello.canFollow) throw thrown;
      return undefined;
    }
  }

  #open(hello: Hello, pool: Pool, carrier: Carrier, { principal }: GreetingContext): Greeted {
    const { pools, ids, host, now } = this.#parts;
    let agent: LinkedAgent | undefined;
    const outlet = new LinkOutlet((bye) => agent && this.#dismiss(agent, bye));
    const joined = pool.join(hello, host, outlet, now());
    pools.turns.schedule(pool);
    if (isRefusal(joined)) throw errorOf(joined);
    agent = this.#enter(ids.newId("link"), linkPoolOf(pool, pools.turns), joined, { hello, principal });
    return this.#opened(agent, joined, outlet, carrier);
  }

  /** Opens a link through a relay to the owner of the pool. */
  async #relay(hello: Hello, carrier: Carrier, { signal, principal }: GreetingContext): Promise<Greeted> {
    const { relays, ids } = this.#parts;
    let agent: LinkedAgent | undefined;
    const outlet = new LinkOutlet((bye) => agent && this.#dismiss(agent, bye));
    const linkId = ids.newId("link");
    let relayed: RelayedAgent | undefined;
    const greeting = { linkId, hello, outlet, principal: actorOf(principal) };
    const linkPool = relays.to(hello.namespace || defaultNamespace, hello.pool || defaultPool, (relay) => {
      relayed = relay.join(greeting);
    });
    const abort = () =>
      relayed?.terminate("it did not wait for the answer to its greeting", this.#parts.now());
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      const joined = await (relayed as RelayedAgent | undefined)?.joined;
      if (joined === undefined) throw swarmErrors.hostStopping();
      agent = this.#enter(linkId, linkPool, joined, { hello, principal });
      return this.#opened(agent, joined, outlet, carrier);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #enter(linkId: string, linkPool: LinkPool, joined: Joined, { hello, principal }: Greeter): LinkedAgent {
    const { settings, now, pools, admit } = this.#parts;
    const { agentId, link: agent } = joined;
    const { namespace, name: pool } = linkPool;
    const identity: LinkIdentity = { namespace, pool, agentId, incarnation: hello.incarnation };
    const link = new HostLink(linkId, identity, settings, now());
    const { frameBytesMax } = settings;
    const offered = offeredIn(hello.offering);
    const speaker = { principal, offered, admit };
    return new LinkedAgent({ link, linkPool, agent, turns: pools.turns, frameBytesMax, ...speaker });
  }

  #opened(agent: LinkedAgent, joined: Joined, outlet: LinkOutlet, carrier: Carrier): Greeted {
    const { settings, instruments, now } = this.#parts;
    const { link } = agent;
    this.#agents.set(link.id, agent);
    this.onOpened();
    link.attach(carrier, now());
    outlet.bind(agent);
    instruments.opened.add();
    if (agent.linkPool.pool === undefined) instruments.relayed.add();
    return { agent, answer: welcome({ ...joined, link, settings, resumed: false }) };
  }

  #resume(agent: LinkedAgent, hello: Hello, carrier: Carrier, { principal }: GreetingContext): Greeted {
    const { settings, instruments, now } = this.#parts;
    const { link } = agent;
    if (!isSame(link.identity, hello))
      throw swarmErrors.linkOfAnother({ link: link.id, agent: hello.agentId || "another one" });
    requireOwnName(this.#parts.names, principal, link.identity);
    agent.setPrincipal(principal);
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
    const nothingNew = { capabilityNumbers: {}, unwanted: [], held: undefined };
    return { agent, answer: welcome({ ...nothingNew, link, settings, resumed: true }) };
  }

  /** Ends the link of an agent that its pool has dismissed. */
  #dismiss(agent: LinkedAgent, bye: Bye): void {
    agent.sendBye(bye);
    this.#terminate(agent, "dismissed", bye.reason, undefined);
  }

  /** Moves the agents of a pool to its next owner. They keep their tasks. */
  #moveAgents(pool: Pool): void {
    for (const agent of this.#agents.values()) {
      if (agent.linkPool.pool !== pool) continue;
      agent.sendBye({ reason: "its pool goes to another process", returnAfterMs: returnAfterMoveMs });
      this.#terminate(agent, "moved", "its pool goes to another process", undefined);
    }
  }

  #broke(agent: LinkedAgent, error: TuttiError): void {
    if (error.code === swarmErrors.frameMissing.code) {
      this.#disconnect(agent, error);
      return;
    }
    const { agentId, namespace, pool } = agent.link.identity;
    this.#parts.logger.warn("agent violated the link protocol", { agent: agentId, namespace, pool, error });
    this.#terminate(agent, "violation", error.message, error);
  }

  #terminate(agent: LinkedAgent, ending: LinkEnding, reason: string, error: TuttiError | undefined): void {
    const { link } = agent;
    if (link.phase === "ended") return;
    link.close(error);
    this.#agents.delete(link.id);
    this.#parts.instruments.recordEnd(ending);
    agent.terminate(reason, this.#parts.now());
  }

  #disconnect(agent: LinkedAgent, error: TuttiError): void {
    const nowMs = this.#parts.now();
    if (agent.link.closeStream(error, nowMs)) agent.markDisconnected(nowMs);
  }
}

/** Returns whether an error is the agent's fault and would occur again, such as a malformed frame. */
function isViolation({ status }: TuttiError): boolean {
  return status === "INVALID_ARGUMENT" || status === "RESOURCE_EXHAUSTED" || status === "FAILED_PRECONDITION";
}

function isSame(identity: LinkIdentity, hello: Hello): boolean {
  return (
    identity.namespace === (hello.namespace || defaultNamespace) &&
    identity.pool === (hello.pool || defaultPool) &&
    identity.agentId === (hello.agentId || identity.agentId) &&
    identity.incarnation === hello.incarnation
  );
}

const kinds = {
  person: ActorKind.ACTOR_KIND_PERSON,
  service: ActorKind.ACTOR_KIND_SERVICE,
  agent: ActorKind.ACTOR_KIND_AGENT,
} as const;

/** The authenticated caller of a stream as other services see it. */
function actorOf({ kind, id }: Principal): Actor {
  return { kind: kinds[kind], id };
}
