/**
 * One stream of a sender: offers go to the pools, results return. The messages of several pools in a turn are
 * sent as one reply. While the sender does not read, more messages gather in the reply.
 *
 * 1. No message of a pool to a sender is lost while the stream lasts, and the order is kept.
 * 2. After the end of the stream nothing of it is kept here: the sender offers again on another stream, and
 *    the pools know the tasks.
 */
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { OfferReply, OfferRequest, OpenPool } from "@tutti/contracts/swarm/v1";
import { errorOf, type Owner } from "@tutti/kernel";
import { type OfferStream, openOfferStream, type Pool, type SenderOutlet } from "@tutti/matching";
import { swarmErrors } from "../errors.ts";
import { defaultPool, type PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import { Replies } from "./replies.ts";

/** The supported version of the protocol, and the only one so far. */
const offerVersion = 1;

export interface OfferExchangeParts {
  readonly pools: PoolDirectory;
  readonly now: PoolTime;
  /** Instance id of this process. */
  readonly owner: string;
  /** A shorter attempt is reported by its result alone. */
  readonly begunAfterMs: number;
  /** Called when there is something to send. */
  readonly wake: () => void;
}

export class OfferExchange implements SenderOutlet {
  readonly #parts: OfferExchangeParts;
  readonly #stream: OfferStream;
  readonly #pools = new Map<number, Pool>();
  readonly #replies = new Replies();
  /** Numbers of pools that are not owned here, and of profiles for them. */
  readonly #remotePools = new Set<number>();
  readonly #remoteProfiles = new Set<number>();
  readonly #unlisten: () => void;

  /** Accepts the first request. Throws the reason of a refusal. */
  constructor(parts: OfferExchangeParts, first: OfferRequest) {
    const { hello } = first;
    if (hello === undefined) throw swarmErrors.offerGreetingExpected();
    if (hello.version < offerVersion)
      throw swarmErrors.offerVersionUnsupported({ found: hello.version, own: offerVersion });
    this.#parts = parts;
    const { namespace, pool } = hello;
    const firstPool = parts.pools.requireOwned(namespace || defaultNamespace, pool || defaultPool);
    this.#stream = openOfferStream(hello.instanceId, this);
    const { owner: instanceId, begunAfterMs } = parts;
    this.#replies.welcome({ version: offerVersion, instanceId, begunAfterMs });
    this.#unlisten = parts.pools.onReleased((pool, owner) => this.#reportMoved(pool, owner));
    try {
      this.#open(1, firstPool);
      this.#receiveAll({ ...first, hello: undefined });
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** Accepts a further request. Throws if it violates the protocol: the stream has to end. */
  receive(request: OfferRequest): void {
    if (request.hello !== undefined) throw swarmErrors.offerGreetingRepeated();
    this.#receiveAll(request);
  }

  /** The contents to send. Undefined if there are none. */
  next(): OfferReply | undefined {
    return this.#replies.shift();
  }

  /** Queues a reply even if there are no contents. */
  keepAlive(): void {
    this.#replies.keepAlive();
    this.#parts.wake();
  }

  close(): void {
    this.#unlisten();
    this.#stream.close(this.#parts.now());
    this.#scheduleTurn();
  }

  /** Accepts a reply of a pool. The pool reuses it: its contents are copied before this returns. */
  send(reply: OfferReply): void {
    this.#replies.add(reply);
    this.#parts.wake();
  }

  #receiveAll(request: OfferRequest): void {
    for (const pool of request.pools) this.#openFurther(pool);
    const refusal = this.#stream.receive(this.#ownedOf(request), this.#parts.now());
    if (refusal !== undefined) throw errorOf(refusal);
    this.#scheduleTurn();
  }

  #openFurther({ number, namespace, pool }: OpenPool): void {
    const of = namespace || defaultNamespace;
    const name = pool || defaultPool;
    const found = this.#parts.pools.find(of, name);
    // A stream with other pools does not end: offers to this pool wait at the sender until it has an owner.
    if (found === undefined) this.#moved(number, this.#parts.pools.ownerOf(of, name));
    else this.#open(number, found);
  }

  /** Reports a pool that moves to another process: its offers are to be sent there. */
  #reportMoved(pool: Pool, owner: Owner | undefined): void {
    for (const [number, opened] of this.#pools) {
      if (opened !== pool) continue;
      this.#pools.delete(number);
      this.#stream.shut(number);
      this.#moved(number, owner);
    }
  }

  #moved(number: number, owner: Owner | undefined): void {
    this.#remotePools.add(number);
    this.#replies.moved(number, owner);
    this.#parts.wake();
  }

  /** Returns the request without contents for pools of other owners. Their sender learns that anyway. */
  #ownedOf(request: OfferRequest): OfferRequest {
    if (this.#remotePools.size === 0) return request;
    for (const { number, pool } of request.profiles)
      if (this.#remotePools.has(pool)) this.#remoteProfiles.add(number);
    return {
      ...request,
      profiles: request.profiles.filter(({ pool }) => !this.#remotePools.has(pool)),
      offers: request.offers.filter(({ profile }) => !this.#remoteProfiles.has(profile)),
    };
  }

  #open(number: number, pool: Pool): void {
    const refusal = this.#stream.open(number, pool);
    if (refusal !== undefined) throw errorOf(refusal);
    this.#pools.set(number, pool);
    this.#remotePools.delete(number);
  }

  #scheduleTurn(): void {
    const { turns } = this.#parts.pools;
    for (const pool of this.#pools.values()) turns.schedule(pool);
  }
}
