/**
 * The sign-ins of browsers, across restarts, and at every gateway that shares their store.
 *
 * 1. The store has the identity and a hash of the secret: a reader of the store cannot sign in.
 * 2. A sign-in ends no later than its credential.
 * 3. No sign-in starts without a record.
 * 4. If a sign-in is ended early, at any gateway, its open responses end too.
 * 5. If there are too many, the oldest ones of the user with the most are removed: a new sign-in does not end another
 *    user's.
 */
import type { Clock } from "@tutti/kernel";
import { hashOf, newSecret } from "./secrets.ts";
import type { SignIn } from "./sign-in.ts";
import { idOf, type SignInStore } from "./sign-in-store.ts";

export type NewSignIn = Pick<SignIn, "principal" | "by" | "address" | "browser"> & {
  /** Infinity if only its age ends it. */
  readonly untilMs: number;
};

export interface SignInsOptions {
  readonly clock: Clock;
  readonly goodForMs: number;
  readonly store: SignInStore;
}

/** The limit of one gateway, or of all gateways that share sign-ins. */
const signInsMax = 1_000;
const minuteMs = 60_000;

interface Open {
  readonly closed: boolean;
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

export class SignIns {
  readonly #options: SignInsOptions;
  /** By the hash of the secret. */
  readonly #known = new Map<string, SignIn>();
  /** Open responses, by the id of their sign-in. */
  readonly #open = new Map<string, Set<Open>>();

  constructor(options: SignInsOptions) {
    this.#options = options;
    options.store.onChange((hash, signIn) => this.#changed(hash, signIn));
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#options.store.start(signal);
  }

  async stop(): Promise<void> {
    await this.#options.store.stop();
  }

  /** Signs in. Only the browser gets the secret. Nothing is stored before the sign-in is recorded. */
  async create(
    { untilMs, browser, ...given }: NewSignIn,
    record: (signIn: SignIn) => Promise<void>,
  ): Promise<SignIn & { readonly secret: string }> {
    const { clock, goodForMs, store } = this.#options;
    const startMs = clock.now();
    const endMs = Math.min(startMs + goodForMs, untilMs);
    const secret = newSecret();
    const id = idOf(newSecret());
    const signIn = { ...given, id, browser: browser.slice(0, 200), startMs, endMs, useMs: startMs };
    await record(signIn);
    await store.started(hashOf(secret), signIn);
    return { ...signIn, secret };
  }

  /** Returns the sign-in of a secret while it is valid. */
  async find(secret: string): Promise<SignIn | undefined> {
    const hash = hashOf(secret);
    const { clock, store } = this.#options;
    if (!this.#known.has(hash)) await store.lookup(hash);
    // A sign-in that ended during the lookup is not returned.
    const signIn = this.#known.get(hash);
    const nowMs = clock.now();
    if (signIn === undefined || signIn.endMs <= nowMs) return;
    if (nowMs - signIn.useMs < minuteMs) return signIn;
    const used = { ...signIn, useMs: nowMs };
    this.#known.set(hash, used);
    // This write only makes the time more exact after a crash.
    void store.used(hash, used).catch(() => undefined);
    return used;
  }

  /** The latest first. */
  list(): readonly SignIn[] {
    const nowMs = this.#options.clock.now();
    return [...this.#known.values()]
      .filter(({ endMs }) => endMs > nowMs)
      .sort((one, other) => other.startMs - one.startMs);
  }

  /** Returns the sign-ins beyond the maximum. Ended ones are removed first. */
  async tooMany(): Promise<readonly SignIn[]> {
    const nowMs = this.#options.clock.now();
    const over = [...this.#known].flatMap(([hash, { endMs }]) => (endMs <= nowMs ? [hash] : []));
    for (const hash of over) this.#remove(hash);
    if (over.length > 0) await this.#options.store.remove(over);
    const remaining = new Set(this.#known.values());
    const beyond: SignIn[] = [];
    while (remaining.size > signInsMax) {
      const first = firstOfMost(remaining);
      if (first === undefined) break;
      remaining.delete(first);
      beyond.push(first);
    }
    return beyond;
  }

  /** Ends the selected sign-ins and their open responses. Returns them. */
  async revoke(isMeant: (signIn: SignIn) => boolean): Promise<readonly SignIn[]> {
    const meant = [...this.#known].filter(([, signIn]) => isMeant(signIn));
    if (meant.length > 0) await this.#options.store.remove(meant.map(([hash]) => hash));
    // They stay known until they have ended everywhere. If that fails, the caller gets the error, and a retry finds
    // them.
    for (const [hash] of meant) this.#remove(hash);
    return meant.map(([, signIn]) => signIn);
  }

  /** Ties an open response to its sign-in until it closes. */
  track({ id }: SignIn, open: Open): void {
    if (open.closed) return;
    const all = this.#open.get(id) ?? new Set();
    this.#open.set(id, all.add(open));
    open.once("close", () => {
      all.delete(open);
      if (all.size === 0 && this.#open.get(id) === all) this.#open.delete(id);
    });
  }

  #changed(hash: string, signIn: SignIn | undefined): void {
    if (signIn === undefined) this.#remove(hash);
    else if (signIn.endMs > this.#options.clock.now()) this.#known.set(hash, signIn);
  }

  #remove(hash: string): void {
    const signIn = this.#known.get(hash);
    if (signIn === undefined) return;
    this.#known.delete(hash);
    for (const open of this.#open.get(signIn.id) ?? []) open.destroy();
  }
}

/** Returns the oldest sign-in of the user with the most, in the namespace with the most. */
function firstOfMost(signIns: Iterable<SignIn>): SignIn | undefined {
  const ofNamespace = mostBy([...signIns], ({ principal }) => principal.credential?.namespace ?? "");
  const ofPrincipal = mostBy(ofNamespace, ({ principal: { kind, id } }) => `${kind}:${id}`);
  return ofPrincipal.reduce<SignIn | undefined>(
    (first, one) => (first === undefined || one.startMs < first.startMs ? one : first),
    undefined,
  );
}

function mostBy(signIns: readonly SignIn[], ownerOf: (signIn: SignIn) => string): readonly SignIn[] {
  const groups = [...Map.groupBy(signIns, ownerOf).values()];
  return groups.reduce<readonly SignIn[]>((most, group) => (group.length > most.length ? group : most), []);
}
