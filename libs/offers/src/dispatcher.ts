/** Sends attempts to their pools, by one stream to the owner of each pool. */
import type { dispatchService } from "@tutti/contracts/swarm/v1";
import type { Foundation } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { DueEffect, EffectToken, TokenCipher } from "@tutti/runtime";
import { GangStarts } from "./gang-starts.ts";
import type { OfferedTask } from "./offered-task.ts";
import type { OutageWait } from "./outages.ts";
import { PoolSender } from "./pool-sender.ts";
import { PoolStream } from "./pool-stream.ts";
import type { Settlement } from "./settlement.ts";
import { WireTokens } from "./wire-tokens.ts";

/** The origin of the offered tasks. */
interface OfferOrigin {
  /** Name of the service: `workflow`, `swarm`. */
  readonly service: string;
  /** Kind of the work: `run`, `mission`. */
  readonly workKind: string;
}

export interface DispatcherParts {
  readonly dispatch: Pick<Client<typeof dispatchService>, "offer">;
  readonly settlement: Settlement;
  readonly origin: OfferOrigin;
  readonly instanceId: string;
  readonly foundation: Foundation;
  readonly tokens: TokenCipher;
  /** Pools that all namespaces share. They belong to the namespace `default`. */
  readonly sharedPools: readonly string[];
}

interface Link {
  readonly sender: PoolSender;
  readonly stream: PoolStream;
}

const defaultName = "default";

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #shared: ReadonlySet<string>;
  readonly #tokens: WireTokens;
  /** By namespace and name of the pool. */
  readonly #links = new Map<string, Map<string, Link>>();
  readonly #gangs = new GangStarts();
  #isStopped = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#shared = new Set(parts.sharedPools);
    this.#tokens = new WireTokens(parts.origin.service, parts.tokens);
  }

  /** Attempts that wait here because the windows of their pools are full. */
  get waiting(): number {
    let waiting = 0;
    for (const links of this.#links.values())
      for (const { sender } of links.values()) waiting += sender.waiting;
    return waiting;
  }

  /** Returns the namespace of a pool that the work of a namespace uses. */
  namespaceOf(pool: string, namespace: string): string {
    return this.#shared.has(pool) ? defaultName : namespace;
  }

  /** Returns the outages of a pool since a time, with their reasons. */
  outagesAt(namespace: string, pool: string, sinceMs: number): OutageWait[] {
    const nowMs = this.#parts.foundation.clock.now();
    return this.#links.get(namespace)?.get(pool)?.stream.outages.since(sinceMs, nowMs) ?? [];
  }

  offer(due: DueEffect, effect: OfferedTask): void {
    if (this.#isStopped) return;
    const name = effect.profile.pool || defaultName;
    const namespace = this.namespaceOf(name, due.key.namespace);
    this.#linkTo(namespace, name).sender.offer(due, effect);
  }

  withdraw(token: EffectToken): void {
    const bytes = this.#tokens.write(token);
    for (const links of this.#links.values()) for (const { sender } of links.values()) sender.withdraw(bytes);
  }

  /** Releases an attempt: the next owner of its work offers it. */
  release(token: EffectToken): void {
    const bytes = this.#tokens.write(token);
    for (const links of this.#links.values()) for (const { sender } of links.values()) sender.release(bytes);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const links = [...this.#links.values()].flatMap((named) => [...named.values()]);
    await Promise.all(links.map(({ stream }) => stream.stop()));
    this.#links.clear();
  }

  #linkTo(namespace: string, name: string): Link {
    let links = this.#links.get(namespace);
    if (links === undefined) {
      links = new Map();
      this.#links.set(namespace, links);
    }
    let link = links.get(name);
    if (link === undefined) {
      link = this.#open(namespace, name);
      links.set(name, link);
    }
    return link;
  }

  #open(namespace: string, name: string): Link {
    const { foundation, settlement, origin, dispatch, instanceId } = this.#parts;
    const { service, workKind } = origin;
    const { clock, timers, chance } = foundation;
    const sender: PoolSender = new PoolSender({
      settlement,
      tokens: this.#tokens,
      workKind,
      timers,
      nowMs: () => clock.now(),
      wake: () => stream.wake(),
      tableSeed: Math.floor(chance.random() * 2 ** 31),
      gangs: this.#gangs,
    });
    const pool = { namespace, name };
    const stream = new PoolStream({ pool, sender, service, dispatch, instanceId, foundation });
    stream.start();
    return { sender, stream };
  }
}
