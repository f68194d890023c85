/**
 * Which agents pools have, for their next owner: those whose links end here and are relayed, and those that were here when
 * their pool left, which come to the next owner by themselves.
 */
import { Hello } from "@tutti/contracts/agent/v1";
import { LinkOpened, type ListLinksReply } from "@tutti/contracts/swarm/v1";
import type { Pool } from "@tutti/matching";
import type { PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTenancy } from "../pools/tenancy.ts";
import type { Relays } from "./relay/relays.ts";

export interface LinkRollParts {
  readonly pools: Pick<PoolDirectory, "onLeft">;
  readonly tenancy: Pick<PoolTenancy, "ownedEpoch" | "partitionOf">;
  readonly relays: Pick<Relays, "all">;
  readonly now: () => number;
}

/** Whoever has not come to the next owner by then does not come because its pool has moved. */
const rememberedMs = 60_000;
const linksPerReply = 500;

interface Left {
  readonly partition: number;
  readonly atMs: number;
  readonly links: readonly LinkOpened[];
}

export class LinkRoll {
  readonly #parts: LinkRollParts;
  readonly #left = new Map<string, Left>();

  /** Made before anybody else hears of pools that leave: then their agents are still in them. */
  constructor(parts: LinkRollParts) {
    this.#parts = parts;
    parts.pools.onLeft((pool) => this.#remember(pool));
  }

  /** Of all pools that fall where this one does. At least one, which says when they were owned here last. */
  *replies(namespace: string, name: string): Generator<ListLinksReply> {
    const links = this.#linksOf(namespace, name);
    yield {
      links: links.slice(0, linksPerReply),
      ownedEpoch: this.#parts.tenancy.ownedEpoch(namespace, name),
    };
    for (let at = linksPerReply; at < links.length; at += linksPerReply)
      yield { links: links.slice(at, at + linksPerReply), ownedEpoch: 0 };
  }

  #linksOf(namespace: string, name: string): LinkOpened[] {
    const { relays, tenancy, now } = this.#parts;
    const nowMs = now();
    const partition = tenancy.partitionOf(namespace, name);
    const links: LinkOpened[] = [];
    for (const relay of relays.all) {
      if (tenancy.partitionOf(relay.namespace, relay.name) !== partition) continue;
      for (const agent of relay.agents)
        if (agent.agentId !== "") links.push({ ...agent.opened(nowMs), link: 0 });
    }
    for (const left of this.#left.values())
      if (left.partition === partition && nowMs - left.atMs < rememberedMs) links.push(...left.links);
    return links;
  }

  #remember(pool: Pool): void {
    const { namespace, name } = pool;
    const nowMs = this.#parts.now();
    for (const [key, { atMs }] of this.#left) if (nowMs - atMs >= rememberedMs) this.#left.delete(key);
    const links = pool
      .attendance()
      // Who polls and has nothing comes when it likes.
      .filter(({ isPolled, tokens }) => !isPolled || tokens.length > 0)
      .map(({ agentId, incarnation, tokens }) => ({
        ...LinkOpened.create(),
        hello: { ...Hello.create(), namespace, pool: name, agentId, incarnation },
        tokens: [...tokens],
      }));
    const partition = this.#parts.tenancy.partitionOf(namespace, name);
    this.#left.set(`${namespace}/${name}`, { partition, atMs: nowMs, links });
  }
}
