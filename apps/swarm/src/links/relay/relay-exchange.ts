/**
 * One stream of a host that relays links to a pool that is owned here.
 *
 * 1. Every link of the host becomes a link of the pool, and its frames reach the pool in their order.
 * 2. When the stream ends, its links are cut: the host announces them again on another stream, or their
 *    agents come otherwise.
 */
import { Welcome } from "@tutti/contracts/agent/v1";
import { type LinkOpened, LinkRefused, type RelayReply, type RelayRequest } from "@tutti/contracts/swarm/v1";
import { errorOf, isRefusal, type Owner, type Refusal, toErrorDetail } from "@tutti/kernel";
import type { AgentLink, Pool } from "@tutti/matching";
import { swarmErrors } from "../../errors.ts";
import type { PoolDirectory } from "../../pools/pool-directory.ts";
import type { PoolTime } from "../../pools/pool-time.ts";
import { emptyAgentFrame } from "../empty-frame.ts";
import { RelayReplies } from "./relay-replies.ts";

/** The supported version of the protocol, and the only one so far. */
const relayVersion = 1;

export interface RelayExchangeParts {
  readonly pools: PoolDirectory;
  readonly pool: Pool;
  readonly now: PoolTime;
  /** Instance id of this process. */
  readonly owner: string;
  readonly epoch: number;
  /** Called when there is something to send. */
  readonly wake: () => void;
  /** Called when an agent changes its offering. */
  readonly onReoffered: (pool: Pool, agentId: string) => void;
}

export class RelayExchange {
  readonly #parts: RelayExchangeParts;
  readonly #host: string;
  readonly #links = new Map<number, AgentLink>();
  readonly #replies = new RelayReplies();
  readonly #unlisten: () => void;
  #isOver = false;

  /** Accepts the first request. Throws the reason of a refusal. */
  constructor(parts: RelayExchangeParts, first: RelayRequest) {
    const { hello } = first;
    if (hello === undefined) throw swarmErrors.relayGreetingExpected();
    if (hello.version < relayVersion)
      throw swarmErrors.relayVersionUnsupported({ found: hello.version, own: relayVersion });
    this.#parts = parts;
    this.#host = hello.instanceId;
    this.#replies.welcome({ version: relayVersion, instanceId: parts.owner, epoch: parts.epoch });
    this.#unlisten = parts.pools.onReleased((pool, owner) => {
      if (pool === parts.pool) this.#handOver(owner);
    });
    try {
      this.#receiveAll(first);
    } catch (refusal) {
      this.#unlisten();
      throw refusal;
    }
  }

  /** Whether nothing remains to be sent once the current contents have been taken. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Accepts a further request. Throws if it violates the protocol: the stream has to end. */
  receive(request: RelayRequest): void {
    if (request.hello !== undefined) throw swarmErrors.relayGreetingRepeated();
    if (!this.#isOver) this.#receiveAll(request);
  }

  /** The contents to send. Undefined if there are none. */
  next(): RelayReply | undefined {
    return this.#replies.shift();
  }

  /** Queues a reply even if there are no contents. */
  keepAlive(): void {
    this.#replies.keepAlive();
    this.#parts.wake();
  }

  close(): void {
    this.#unlisten();
    if (this.#isOver) return;
    this.#isOver = true;
    const nowMs = this.#parts.now();
    for (const link of this.#links.values()) link.markDisconnected(nowMs);
    this.#links.clear();
    this.#scheduleTurn();
  }

  #receiveAll({ opened, frames, closed, turnedAway }: RelayRequest): void {
    const nowMs = this.#parts.now();
    for (const { agentId, offering, why } of turnedAway)
      if (offering !== undefined) this.#parts.pool.addRefused(agentId, offering, why, nowMs);
    for (const opening of opened) this.#open(opening, nowMs);
    for (const { link, frame } of frames) {
      const known = this.#links.get(link);
      if (known === undefined || frame === undefined) continue;
      const refusal = known.receive(frame, nowMs);
      if (refusal !== undefined) this.#break(link, known, refusal, nowMs);
      else if (frame.offering !== undefined) this.#parts.onReoffered(this.#parts.pool, known.agentId);
    }
    for (const { link, cut, reason } of closed) {
      const known = this.#links.get(link);
      if (cut) known?.markDisconnected(nowMs);
      else {
        known?.terminate(reason, nowMs);
        this.#links.delete(link);
      }
    }
    this.#scheduleTurn();
  }

  #open(opened: LinkOpened, nowMs: number): void {
    const { link: number, hello, tokens, cut, credit, linkId } = opened;
    const known = this.#links.get(number);
    if (known?.open === true) {
      if (cut) known.markDisconnected(nowMs);
      else known.resume(nowMs);
      return;
    }
    if (hello === undefined) return;
    const outlet = {
      send: (frame: Parameters<RelayReplies["add"]>[1]) => {
        this.#replies.add(number, frame);
        this.#parts.wake();
      },
      close: (bye: Parameters<RelayReplies["bye"]>[1]) => {
        this.#links.delete(number);
        this.#replies.bye(number, bye);
        this.#parts.wake();
      },
    };
    const joined = this.#parts.pool.join({ ...hello, running: tokens }, this.#host, outlet, nowMs);
    if (isRefusal(joined)) {
      this.#refuse(number, joined);
      return;
    }
    const { agentId, capabilityNumbers, unwanted, held, link } = joined;
    this.#links.set(number, link);
    const numbers = { numbers: capabilityNumbers };
    const welcome = { linkId, agentId, held, unwanted: [...unwanted], capabilityNumbers: numbers };
    this.#replies.addWelcome(number, { ...Welcome.create(), ...welcome });
    if (credit > 0) link.receive({ ...emptyAgentFrame, credit }, nowMs - opened.heardAgoMs);
    if (cut) link.markDisconnected(nowMs);
    this.#parts.wake();
  }

  /** Ends the link of an agent that broke the rules of the pool. Its host reports the reason to it. */
  #break(number: number, link: AgentLink, refusal: Refusal, nowMs: number): void {
    this.#links.delete(number);
    link.terminate(refusal.message, nowMs);
    this.#refuse(number, refusal);
  }

  #refuse(number: number, refusal: Refusal): void {
    const error = toErrorDetail(errorOf(refusal));
    const refused: LinkRefused = { link: number, answer: { $case: "refused", value: { error } } };
    this.#replies.refused(refused, LinkRefused.encode(refused).finish().length);
    this.#parts.wake();
  }

  /** Moves the links of a pool to its next owner. */
  #handOver(owner: Owner | undefined): void {
    this.#isOver = true;
    this.#links.clear();
    const { instance = "", address = "", epoch = 0 } = owner ?? {};
    this.#replies.moved({ instance, address, epoch, place: "" });
    this.#parts.wake();
  }

  #scheduleTurn(): void {
    const { pools, pool } = this.#parts;
    pools.turns.schedule(pool);
  }
}
