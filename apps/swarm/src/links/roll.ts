/**
 * The agents of pools, for their next owner: agents that are relayed from here, agents that this process
 * waited for, and those that were here when their pool left. The last ones go to the next owner by
 * themselves.
 */
import { Hello } from "@tutti/contracts/agent/v1";
import { type AwaitedAgent, LinkOpened, type ListLinksReply } from "@tutti/contracts/swarm/v1";
import type { Pool } from "@tutti/matching";
import type { PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTenancy } from "../pools/tenancy.ts";
import { awaited, type RollCalls } from "./call-roll.ts";
import type { Relays } from "./relay/relays.ts";

export interface LinkRollParts {
  readonly pools: Pick<PoolDirectory, "onReleased">;
  readonly tenancy: Pick<PoolTenancy, "onAcquired" | "onReleased" | "partitionOf">;
  readonly calls: Pick<RollCalls, "isKnown">;
  readonly relays: Pick<Relays, "all">;
  /** Maximum time that a moved pool waits for its agents. */
  readonly settleMs: number;
  readonly now: () => number;
}

/** Called with a released partition, its epoch here, and all agents of its pools. */
export type RollListener = (partition: number, epoch: number, agents: readonly AwaitedAgent[]) => void;

/** An agent that has not reached the next owner by then is away for another reason. */
const rememberedMs = 60_000;
const linksPerReply = 500;

interface ReleasedPool {
  readonly partition: number;
  readonly atMs: number;
  readonly links: readonly LinkOpened[];
}

export class LinkRoll {
  readonly #parts: LinkRollParts;
  readonly #released = new Map<string, ReleasedPool>();
  readonly #acquiredMs = new Map<number, number>();
  /** The last epoch of ownership here for which all agents of the pools are known. */
  readonly #completeEpochs = new Map<number, number>();
  readonly #listeners: RollListener[] = [];

  /** Must be made before other listeners for leaving pools: then their agents are still in them. */
  constructor(parts: LinkRollParts) {
    this.#parts = parts;
    parts.pools.onReleased((pool) => this.#remember(pool));
    parts.tenancy.onAcquired((partition) => this.#acquiredMs.set(partition, parts.now()));
    parts.tenancy.onReleased((partition, epoch) => this.#release(partition, epoch));
  }

  /** Registers a listener. It is called if all agents are known, after the pools have left. */
  onReleased(listener: RollListener): void {
    this.#listeners.push(listener);
  }

  /** Yields the agents of all pools in the same partition: at least one reply, with the last epoch here. */
  *replies(namespace: string, name: string): Generator<ListLinksReply> {
    const partition = this.#parts.tenancy.partitionOf(namespace, name);
    const links = this.#linksOf(partition);
    yield { links: links.slice(0, linksPerReply), ownedEpoch: this.#completeEpochs.get(partition) ?? 0 };
    for (let at = linksPerReply; at < links.length; at += linksPerReply)
      yield { links: links.slice(at, at + linksPerReply), ownedEpoch: 0 };
  }

  /** Returns the known agents of the pools of a partition. */
  agentsOf(partition: number): AwaitedAgent[] {
    return this.#linksOf(partition).map(awaited);
  }

  /** Records agents that are expected at the pools of a partition here, or at its next owner. */
  expect(partition: number, agents: readonly AwaitedAgent[]): void {
    const links = agents.map(({ tokens, ...hello }) => ({ ...linkOf(hello), tokens }));
    this.#store(`${partition}`, partition, links);
  }

  #linksOf(partition: number): LinkOpened[] {
    const { relays, tenancy, now } = this.#parts;
    const nowMs = now();
    const links: LinkOpened[] = [];
    for (const relay of relays.all) {
      if (tenancy.partitionOf(relay.namespace, relay.name) !== partition) continue;
      for (const agent of relay.agents)
        if (agent.agentId !== "") links.push({ ...agent.opened(nowMs), link: 0 });
    }
    for (const released of this.#released.values())
      if (released.partition === partition && nowMs - released.atMs < rememberedMs)
        links.push(...released.links);
    return links;
  }

  #remember(pool: Pool): void {
    const { namespace, name } = pool;
    const links = pool
      .attendance()
      // A polling agent without tasks comes at any time.
      .filter(({ isPolled, tokens }) => !isPolled || tokens.length > 0)
      .map(({ agentId, incarnation, tokens }) => ({
        ...linkOf({ namespace, pool: name, agentId, incarnation }),
        tokens: [...tokens],
      }));
    const partition = this.#parts.tenancy.partitionOf(namespace, name);
    this.#store(`${namespace}/${name}`, partition, links);
  }

  #store(key: string, partition: number, links: readonly LinkOpened[]): void {
    const atMs = this.#parts.now();
    for (const [of, released] of this.#released)
      if (atMs - released.atMs >= rememberedMs) this.#released.delete(of);
    this.#released.set(key, { partition, atMs, links });
  }

  #release(partition: number, epoch: number): void {
    const { calls, settleMs, now } = this.#parts;
    const acquiredMs = this.#acquiredMs.get(partition) ?? Number.NEGATIVE_INFINITY;
    // An unexpected agent that has not come in that time is not waited for.
    const isComplete = calls.isKnown(partition, epoch) || now() - acquiredMs >= settleMs;
    if (!isComplete) return;
    this.#completeEpochs.set(partition, epoch);
    const agents = this.agentsOf(partition);
    for (const listener of this.#listeners) listener(partition, epoch, agents);
  }
}

function linkOf(hello: Partial<Hello>): LinkOpened {
  return { ...LinkOpened.create(), hello: { ...Hello.create(), ...hello } };
}
