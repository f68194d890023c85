/**
 * One stream of a sender: what it offers goes to the pools, what becomes of it comes back. What a turn of several pools
 * has to say leaves as one reply. While the sender does not read, more gathers in it.
 *
 * 1. Nothing that a pool says about a sender is lost while the stream lasts, and it keeps its order.
 * 2. When the stream ends nothing of it is kept here: the sender offers again on another one, and the pools know.
 */
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { OfferReply, OfferRequest, OpenPool } from "@tutti/contracts/swarm/v1";
import { errorOf, type Owner } from "@tutti/kernel";
import { type OfferStream, openOfferStream, type Pool, type SenderOutlet } from "@tutti/matching";
import { swarmErrors } from "../errors.ts";
import { defaultPool, type PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import { Replies } from "./replies.ts";

/** The version of the protocol that is spoken here, and the only one there has been. */
const offerVersion = 1;

export interface OfferExchangeParts {
  readonly pools: PoolDirectory;
  readonly now: PoolTime;
  /** Instance id of this process. */
  readonly owner: string;
  /** An attempt that ends sooner is reported by its result alone. */
  readonly begunAfterMs: number;
  /** There is something to send. */
  readonly wake: () => void;
}

export class OfferExchange implements SenderOutlet {
  readonly #parts: OfferExchangeParts;
  readonly #stream: OfferStream;
  readonly #pools = new Map<number, Pool>();
  readonly #replies = new Replies();
  /** Numbers of pools that are not owned here, and of profiles for them. */
  readonly #elsewhere = new Set<number>();
  readonly #profilesElsewhere = new Set<number>();
  readonly #unlisten: () => void;

  /** Takes the first request. Throws what the sender is refused with. */
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
    this.#unlisten = parts.pools.onLeft((pool, owner) => this.#leave(pool, owner));
    try {
      this.#open(1, firstPool);
      this.#takeAll({ ...first, hello: undefined });
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /** Takes a further request. Throws what breaks the protocol: the stream has to end. */
  take(request: OfferRequest): void {
    if (request.hello !== undefined) throw swarmErrors.offerGreetingRepeated();
    this.#takeAll(request);
  }

  /** The contents to send. Undefined if there are none. */
  next(): OfferReply | undefined {
    return this.#replies.take();
  }

  /** Says something although there is nothing to say. */
  sayWord(): void {
    this.#replies.sayWord();
    this.#parts.wake();
  }

  close(): void {
    this.#unlisten();
    this.#stream.close(this.#parts.now());
    this.#stir();
  }

  /** What pools say. The reply is theirs and is used again: what is in it is taken over before this returns. */
  send(reply: OfferReply): void {
    this.#replies.add(reply);
    this.#parts.wake();
  }

  #takeAll(request: OfferRequest): void {
    for (const pool of request.pools) this.#openFurther(pool);
    const refusal = this.#stream.take(this.#ownedOf(request), this.#parts.now());
    if (refusal !== undefined) throw errorOf(refusal);
    this.#stir();
  }

  #openFurther({ number, namespace, pool }: OpenPool): void {
    const of = namespace || defaultNamespace;
    const name = pool || defaultPool;
    const found = this.#parts.pools.find(of, name);
    // Not the end of a stream that has other pools: what belongs there waits where it is until it has an owner.
    if (found === undefined) this.#moved(number, this.#parts.pools.ownerOf(of, name));
    else this.#open(number, found);
  }

  /** A pool goes to another process: what was offered to it is to be offered there. */
  #leave(pool: Pool, owner: Owner | undefined): void {
    for (const [number, opened] of this.#pools) {
      if (opened !== pool) continue;
      this.#pools.delete(number);
      this.#stream.shut(number);
      this.#moved(number, owner);
    }
  }

  #moved(number: number, owner: Owner | undefined): void {
    this.#elsewhere.add(number);
    this.#replies.moved(number, owner);
    this.#parts.wake();
  }

  /** Without contents for pools that are not owned here: their sender knows that already, or soon will. */
  #ownedOf(request: OfferRequest): OfferRequest {
    if (this.#elsewhere.size === 0) return request;
    for (const { number, pool } of request.profiles)
      if (this.#elsewhere.has(pool)) this.#profilesElsewhere.add(number);
    return {
      ...request,
      profiles: request.profiles.filter(({ pool }) => !this.#elsewhere.has(pool)),
      offers: request.offers.filter(({ profile }) => !this.#profilesElsewhere.has(profile)),
    };
  }

  #open(number: number, pool: Pool): void {
    const refusal = this.#stream.open(number, pool);
    if (refusal !== undefined) throw errorOf(refusal);
    this.#pools.set(number, pool);
    this.#elsewhere.delete(number);
  }

  #stir(): void {
    const { turns } = this.#parts.pools;
    for (const pool of this.#pools.values()) turns.stir(pool);
  }
}
