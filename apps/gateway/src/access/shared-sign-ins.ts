/**
 * Sign-ins that the gateways of a cluster share: a bucket of NATS, followed by each.
 *
 * 1. Who has signed in at one is known to another at once: what was not told yet is looked up.
 * 2. One that has ended comes back by nothing: that it was used is written only over what was seen of it.
 */
import type { Foundation } from "@tutti/kernel";
import type { BucketChange, FollowedBucket, NatsConnection } from "@tutti/nats";
import { gatewayErrors } from "../errors.ts";
import { newSealKey } from "./issuers/sealed-cookie.ts";
import { printSignIn, readSignIn } from "./kept-sign-in.ts";
import type { SignIn } from "./sign-in.ts";
import { idLength, type SignInStore, type Told } from "./sign-in-store.ts";

export interface SharedSignInsParts {
  readonly connection: Promise<NatsConnection>;
  readonly foundation: Foundation;
  readonly replicas: number;
  /** After this long nothing is left of one that was never ended. */
  readonly forMs: number;
}

const bucketName = "tutti_gateway_sign_ins";
/** What never ends. */
const keysBucketName = "tutti_gateway_keys";
const sealKeyName = "cookies";
/** Somebody else may be changing the same one. */
const attemptsMax = 5;
/** Unknown secrets that are looked up at once: whoever makes them up does not keep the bucket busy. */
const looksMax = 16;

export class SharedSignIns implements SignInStore {
  readonly #parts: SharedSignInsParts;
  readonly #revisions = new Map<string, number>();
  readonly #looks = new Map<string, Promise<SignIn | undefined>>();
  /** Of those that are known, which were not told since everything is told anew. */
  #unseen = new Set<string>();
  #followed: FollowedBucket | undefined;
  #told: Told = () => {};

  constructor(parts: SharedSignInsParts) {
    this.#parts = parts;
  }

  async start(told: Told, signal: AbortSignal): Promise<void> {
    this.#told = told;
    const { foundation, replicas, forMs } = this.#parts;
    const { FollowedBucket } = await import("@tutti/nats");
    const followed = new FollowedBucket({
      ...{ connection: await this.#parts.connection, foundation, loading: gatewayErrors.signInsAway },
      bucket: { name: bucketName, replicas, ttlMs: forMs },
      began: () => {
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

  look(hash: string): Promise<SignIn | undefined> {
    const known = this.#looks.get(hash);
    if (known !== undefined) return known;
    if (this.#looks.size >= looksMax) return Promise.resolve(undefined);
    const looking = this.#look(hash).finally(() => this.#looks.delete(hash));
    this.#looks.set(hash, looking);
    return looking;
  }

  async begun(hash: string, signIn: SignIn): Promise<void> {
    this.#revisions.set(hash, await this.#bucket.put(hash, bytesOf(signIn)));
    this.#unseen.delete(hash);
  }

  async used(hash: string, signIn: SignIn): Promise<void> {
    const seen = this.#revisions.get(hash);
    if (seen === undefined) return;
    const written = await this.#bucket.update(hash, bytesOf(signIn), seen);
    if (written.written) this.#revisions.set(hash, written.revision);
  }

  async ended(hashes: readonly string[]): Promise<void> {
    await Promise.all(hashes.map((hash) => this.#end(hash)));
  }

  async sealKey(): Promise<Uint8Array> {
    const { connection, replicas } = this.#parts;
    const { openBucket } = await import("@tutti/nats");
    const bucket = await openBucket(await connection, { name: keysBucketName, replicas });
    const made = newSealKey();
    // Who comes second takes what the first has made.
    if ((await bucket.create(sealKeyName, made)).written) return made;
    const found = await bucket.get(sealKeyName);
    if (found === undefined) throw gatewayErrors.signInsAway();
    return found.value;
  }

  async #end(hash: string): Promise<void> {
    for (let attempts = 0; attempts < attemptsMax; attempts++) {
      const entry = await this.#bucket.get(hash);
      if (entry === undefined) {
        // Its time was over: nobody is told of that.
        this.#revisions.delete(hash);
        return;
      }
      const gone = await this.#bucket.delete(hash, entry.revision);
      if (!gone.written) continue;
      // What is still to be told of it is from before.
      this.#revisions.set(hash, gone.revision);
      return;
    }
    throw gatewayErrors.signInsAway();
  }

  async #look(hash: string): Promise<SignIn | undefined> {
    const entry = await this.#bucket.get(hash);
    if (entry === undefined) return undefined;
    const signIn = signInOf(hash, entry.value);
    if (signIn !== undefined) this.#tell(hash, signIn, entry.revision);
    return signIn;
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
    // What was written here is known, and may be known to be later.
    if (change.kind === "put" && (this.#revisions.get(hash) ?? 0) >= revision) return;
    const signIn = change.kind === "put" ? signInOf(hash, change.value) : undefined;
    if (signIn === undefined) {
      this.#revisions.delete(hash);
      this.#told(hash, undefined);
    } else this.#tell(hash, signIn, revision);
  }

  /** Everything was told anew: what is not there any more has ended while nobody heard of it. */
  #endUnseen(): void {
    for (const hash of this.#unseen) {
      this.#revisions.delete(hash);
      this.#told(hash, undefined);
    }
    this.#unseen.clear();
  }

  #tell(hash: string, signIn: SignIn, revision: number): void {
    this.#revisions.set(hash, revision);
    this.#told(hash, signIn);
  }
}

function bytesOf(signIn: SignIn): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(printSignIn(signIn)));
}

function signInOf(hash: string, value: Uint8Array): SignIn | undefined {
  return readSignIn(JSON.parse(new TextDecoder().decode(value)), hash.slice(0, idLength));
}
