/**
 * Sign-ins that the gateways of a cluster share: a bucket of NATS that each gateway follows.
 *
 * 1. A sign-in at one gateway is known to the others at once: a gateway looks up an unknown secret in the bucket.
 * 2. An ended sign-in never returns: its last use is written only over the revision that was read, and late replies
 *    and changes are older than that revision.
 * 3. Lookups wait in a queue: a valid sign-in is never reported as ended because an attacker guesses secrets.
 */
import type { Foundation } from "@tutti/kernel";
import type { BucketChange, FollowedBucket, NatsConnection } from "@tutti/nats";
import { gatewayErrors } from "../errors.ts";
import { newSealKey } from "./issuers/sealed-cookie.ts";
import type { SignIn } from "./sign-in.ts";
import { idOf, type SignInListener, type SignInStore } from "./sign-in-store.ts";
import { printSignIn, readSignIn } from "./stored-sign-in.ts";

export interface SharedSignInsParts {
  readonly connection: Promise<NatsConnection>;
  readonly foundation: Foundation;
  readonly replicas: number;
  /** After this time the bucket removes a sign-in. */
  readonly forMs: number;
}

const bucketName = "tutti_gateway_sign_ins";
/** The bucket of keys, which never expire. */
const keysBucketName = "tutti_gateway_keys";
const sealKeyName = "cookies";
/** Attempts to end a sign-in that another gateway changes at the same time. */
const attemptsMax = 5;
/** Concurrent lookups of secrets. Guessed secrets do not keep the bucket busy. */
const lanesMax = 16;
/** Further lookups are refused. */
const lookupsMax = 1_000;
/** Number of ended sign-ins that are remembered. Messages under way are older than that many ends. */
const endedMax = 10_000;

export class SharedSignIns implements SignInStore {
  readonly #parts: SharedSignInsParts;
  readonly #revisions = new Map<string, number>();
  readonly #lookups = new Map<string, Promise<void>>();
  /** The last lookup in each lane. */
  readonly #lanes: Promise<unknown>[] = Array.from({ length: lanesMax }, () => Promise.resolve());
  #lookupCount = 0;
  /** The latest ended sign-ins. Secrets are random, so an ended one never starts again. */
  readonly #ended = new Set<string>();
  /** Known sign-ins that the bucket has not listed since its restart. */
  #unseen = new Set<string>();
  #followed: FollowedBucket | undefined;
  #listener: SignInListener = () => {};

  constructor(parts: SharedSignInsParts) {
    this.#parts = parts;
  }

  onChange(listener: SignInListener): void {
    this.#listener = listener;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { foundation, replicas, forMs } = this.#parts;
    const { FollowedBucket } = await import("@tutti/nats");
    const followed = new FollowedBucket({
      connection: await this.#parts.connection,
      foundation,
      loading: gatewayErrors.signInsAway,
      bucket: { name: bucketName, replicas, ttlMs: forMs },
      started: () => {
        this.#unseen = new Set(this.#revisions.keys());
      },
      changed: (change) => this.#changed(change),
    });
    await followed.start(signal);
    this.#followed = followed;
  }

  async stop(): Promise<void> {
    await this.#followed?.stop();
  }

  lookup(hash: string): Promise<void> {
    const known = this.#lookups.get(hash);
    if (known !== undefined) return known;
    if (this.#lookups.size >= lookupsMax) return Promise.reject(gatewayErrors.signInsAway());
    const lane = this.#lookupCount++ % lanesMax;
    const reading = (this.#lanes[lane] ?? Promise.resolve()).then(() => this.#read(hash));
    this.#lanes[lane] = reading.catch(() => undefined);
    const lookup = reading.finally(() => this.#lookups.delete(hash));
    this.#lookups.set(hash, lookup);
    return lookup;
  }

  async started(hash: string, signIn: SignIn): Promise<void> {
    const revision = await this.#bucket.put(hash, bytesOf(signIn));
    this.#unseen.delete(hash);
    this.#notify(hash, signIn, revision);
  }

  async used(hash: string, signIn: SignIn): Promise<void> {
    const revision = this.#revisions.get(hash);
    if (revision === undefined || this.#ended.has(hash)) return;
    const written = await this.#bucket.update(hash, bytesOf(signIn), revision);
    if (written.written && !this.#ended.has(hash)) this.#revisions.set(hash, written.revision);
  }

  async remove(hashes: readonly string[]): Promise<void> {
    await Promise.all(hashes.map((hash) => this.#remove(hash)));
  }

  async sealKey(): Promise<Uint8Array> {
    const { connection, replicas } = this.#parts;
    const { openBucket } = await import("@tutti/nats");
    const bucket = await openBucket(await connection, { name: keysBucketName, replicas });
    const key = newSealKey();
    // The second gateway uses the key of the first.
    if ((await bucket.create(sealKeyName, key)).written) return key;
    const found = await bucket.get(sealKeyName);
    if (found === undefined) throw gatewayErrors.signInsAway();
    return found.value;
  }

  async #remove(hash: string): Promise<void> {
    for (let attempts = 0; attempts < attemptsMax; attempts++) {
      const entry = await this.#bucket.get(hash);
      // If it is missing, it has expired, or another gateway has ended it.
      if (entry !== undefined && !(await this.#bucket.delete(hash, entry.revision)).written) continue;
      this.#hasEnded(hash);
      return;
    }
    throw gatewayErrors.signInsAway();
  }

  async #read(hash: string): Promise<void> {
    const entry = await this.#bucket.get(hash);
    const signIn = entry && signInOf(hash, entry.value);
    if (entry !== undefined && signIn !== undefined) this.#notify(hash, signIn, entry.revision);
  }

  get #bucket(): FollowedBucket["bucket"] {
    if (this.#followed === undefined) throw gatewayErrors.signInsAway();
    return this.#followed.bucket;
  }

  #changed(change: BucketChange): void {
    if (change.kind === "snapshot-end") {
      this.#endUnseen();
      return;
    }
    const { key: hash, revision } = change;
    this.#unseen.delete(hash);
    if (change.kind === "delete") {
      this.#hasEnded(hash);
      this.#listener(hash, undefined);
      return;
    }
    const signIn = signInOf(hash, change.value);
    if (signIn !== undefined) this.#notify(hash, signIn, revision);
    else if (!this.#isFromBefore(hash, revision)) {
      this.#revisions.delete(hash);
      this.#listener(hash, undefined);
    }
  }

  /** The bucket was listed again: sign-ins missing from it have ended while this gateway did not listen. */
  #endUnseen(): void {
    for (const hash of this.#unseen) {
      this.#revisions.delete(hash);
      this.#listener(hash, undefined);
    }
    this.#unseen.clear();
  }

  #notify(hash: string, signIn: SignIn, revision: number): void {
    if (this.#isFromBefore(hash, revision)) return;
    this.#revisions.set(hash, revision);
    this.#listener(hash, signIn);
  }

  /** Own writes, and changes that arrived after a reply was sent, are newer. */
  #isFromBefore(hash: string, revision: number): boolean {
    return this.#ended.has(hash) || (this.#revisions.get(hash) ?? 0) >= revision;
  }

  #hasEnded(hash: string): void {
    this.#revisions.delete(hash);
    this.#ended.add(hash);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= endedMax) break;
      this.#ended.delete(oldest);
    }
  }
}

function bytesOf(signIn: SignIn): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(printSignIn(signIn)));
}

function signInOf(hash: string, value: Uint8Array): SignIn | undefined {
  return readSignIn(JSON.parse(new TextDecoder().decode(value)), idOf(hash));
}
