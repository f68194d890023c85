/**
 * The relay of one pool: all links of its agents that end here, and one stream to its owner, opened again whenever it
 * breaks.
 *
 * 1. On each stream, all links are announced first, then their contents.
 * 2. A link keeps its number for its life. No number is used twice.
 */
import type { AgentFrame } from "@tutti/contracts/agent/v1";
import {
  type AgentTurnedAway,
  type dispatchService,
  LinkOpened,
  type RelayReply,
  RelayRequest,
} from "@tutti/contracts/swarm/v1";
import {
  backoffMs,
  errorFromUnknown,
  type Foundation,
  Notifier,
  sleep,
  type TuttiError,
} from "@tutti/kernel";
import { type Client, meshErrors } from "@tutti/mesh";
import type { LinkPool } from "../link-pool.ts";
import { RelayOutbox } from "./relay-outbox.ts";
import { type AgentRelay, RelayedAgent, type RelayedAgentParts } from "./relayed-agent.ts";

export interface PoolRelayParts {
  readonly namespace: string;
  readonly name: string;
  readonly dispatch: Pick<Client<typeof dispatchService>, "relay">;
  /** Instance id of this process. */
  readonly host: string;
  readonly foundation: Pick<Foundation, "timers" | "chance" | "logger">;
  readonly now: () => number;
  /** Maximum interval of messages to the owner. */
  readonly keepaliveMs: number;
  /** Called when no agent is left, and all contents are sent. */
  readonly onIdle: () => void;
}

const relayVersion = 1;
const backoff = { firstMs: 50, maxMs: 2_000 };
const refusedMax = 100;

export class PoolRelay implements AgentRelay, LinkPool {
  readonly namespace: string;
  readonly name: string;
  readonly pool = undefined;
  readonly #parts: PoolRelayParts;
  readonly #agents = new Map<number, RelayedAgent>();
  readonly #outbox = new RelayOutbox();
  /** Reported once: a refused agent comes again, or stays away. */
  #refused: AgentTurnedAway[] = [];
  readonly #bell = new Notifier();
  readonly #stopping = new AbortController();
  #numbers = 0;
  #isOpen = false;

  constructor(parts: PoolRelayParts) {
    this.#parts = parts;
    this.namespace = parts.namespace;
    this.name = parts.name;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  get agents(): Iterable<RelayedAgent> {
    return this.#agents.values();
  }

  /** Whether there are no agents and no pending reports. */
  get isIdle(): boolean {
    return this.#agents.size === 0 && this.#refused.length === 0;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
    this.#bell.notify();
  }

  /** Announces a greeting agent to its owner. `joined` reports the result. */
  join(greeting: Pick<RelayedAgentParts, "linkId" | "hello" | "principal" | "outlet">): RelayedAgent {
    const { foundation, now } = this.#parts;
    const tableSeed = Math.floor(foundation.chance.random() * 0x7fff_ffff);
    const agent = new RelayedAgent({
      ...greeting,
      number: ++this.#numbers,
      relay: this,
      tableSeed,
      nowMs: now(),
    });
    this.#agents.set(agent.number, agent);
    if (this.#isOpen) this.#reopen(agent);
    return agent;
  }

  /** Reports that an agent was refused here. */
  addRefused(agent: AgentTurnedAway): void {
    if (this.#refused.length >= refusedMax) return;
    this.#refused.push(agent);
    this.#bell.notify();
  }

  scheduleTurn(): void {
    this.#bell.notify();
  }

  send(number: number, frame: AgentFrame): void {
    this.#outbox.send(number, frame);
  }

  disconnected(link: number): void {
    if (!this.#isOpen) return;
    this.#outbox.closed({ link, cut: true, reason: "" });
    this.#bell.notify();
  }

  resumed(agent: RelayedAgent): void {
    if (!this.#isOpen) return;
    this.#open(agent);
    this.#bell.notify();
  }

  handleEnd(agent: RelayedAgent, reason: string): void {
    this.#agents.delete(agent.number);
    if (this.#isOpen) this.#outbox.closed({ link: agent.number, cut: false, reason });
    this.#bell.notify();
  }

  async #run(): Promise<void> {
    const { foundation, onIdle, namespace, name: pool } = this.#parts;
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted && !this.isIdle; ) {
      try {
        if (await this.#runStream()) failures = 0;
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        if (error.retry === "never") this.#failAll(error);
        const level = meshErrors.interrupted.is(error) ? "info" : "warn";
        // Logged once: this is expected while a new owner is not known yet.
        if (failures === 0 && !signal.aborted)
          foundation.logger[level]("the relay to a pool broke, and is opened again", {
            namespace,
            pool,
            error,
          });
      }
      this.#isOpen = false;
      if (this.isIdle) break;
      failures++;
      await sleep(foundation.timers, backoffMs(backoff, failures, foundation.chance), signal).catch(() => {});
    }
    onIdle();
  }

  /** Runs one stream from its greeting to its end. Returns whether the owner accepted it. */
  async #runStream(): Promise<boolean> {
    const { dispatch, foundation, keepaliveMs } = this.#parts;
    const ending = new AbortController();
    const stop = () => ending.abort();
    this.#stopping.signal.addEventListener("abort", stop, { once: true });
    const sign = foundation.timers.every(keepaliveMs, () => {
      this.#outbox.keepAlive();
      this.#bell.notify();
    });
    let isWelcome = false;
    try {
      for await (const reply of dispatch.relay(this.#requests(ending.signal), { signal: ending.signal })) {
        if (reply.welcome !== undefined) {
          isWelcome = true;
          this.#announceAll();
        }
        if (reply.moved !== undefined) break;
        this.#receive(reply);
      }
    } finally {
      this.#isOpen = false;
      sign.cancel();
      this.#stopping.signal.removeEventListener("abort", stop);
      ending.abort();
      this.#bell.notify();
    }
    return isWelcome;
  }

  async *#requests(signal: AbortSignal): AsyncGenerator<RelayRequest> {
    const { host: instanceId, namespace, name: pool } = this.#parts;
    this.#outbox.clear();
    yield { ...RelayRequest.create(), hello: { version: relayVersion, instanceId, namespace, pool } };
    while (!signal.aborted) {
      if (this.#isOpen) for (const agent of this.#refused.splice(0)) this.#outbox.refused(agent);
      const request = this.#outbox.shift();
      if (request !== undefined) yield request;
      else if (this.isIdle) return;
      else await this.#bell.notified();
    }
  }

  #announceAll(): void {
    this.#outbox.clear();
    this.#isOpen = true;
    for (const agent of this.#agents.values()) this.#reopen(agent);
    this.#outbox.announced();
    this.#bell.notify();
  }

  #reopen(agent: RelayedAgent): void {
    const frames = agent.takePending();
    this.#open(agent);
    for (const frame of frames) this.#outbox.send(agent.number, frame);
    this.#bell.notify();
  }

  #open(agent: RelayedAgent): void {
    const opened = agent.opened(this.#parts.now());
    this.#outbox.opened(opened, LinkOpened.encode(opened).finish().length);
  }

  #receive({ frames, refused }: RelayReply): void {
    for (const { link, frame } of frames) {
      const agent = this.#agents.get(link);
      if (agent === undefined || frame === undefined) continue;
      if (frame.answer?.$case === "welcome") agent.welcomed(frame.answer.value);
      else agent.received(frame);
      if (agent.isClosed) this.#agents.delete(link);
    }
    for (const refusal of refused) {
      this.#agents.get(refusal.link)?.refused(refusal);
      this.#agents.delete(refusal.link);
    }
  }

  #failAll(error: TuttiError): void {
    for (const agent of this.#agents.values()) agent.fail(error);
    this.#agents.clear();
    this.#refused = [];
  }
}
