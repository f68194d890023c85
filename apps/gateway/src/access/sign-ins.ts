/**
 * Who has signed in with a browser, across restarts.
 *
 * 1. Kept is what a sign-in can be recognised by, and whom it stands for: whoever reads the file learns nothing to sign in with.
 * 2. A sign-in ends no later than what it was made with.
 * 3. What is open on behalf of one that is ended early is ended with it.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "@tutti/kernel";
import { printSignIn, readSignIn } from "./kept-sign-in.ts";
import { hashOf, newSecret } from "./secrets.ts";
import type { SignIn } from "./sign-in.ts";

export type BegunBy = Pick<SignIn, "principal" | "by" | "address" | "browser"> & {
  /** Infinity where nothing ends it but time. */
  readonly untilMs: number;
};

export interface SignInsOptions {
  readonly clock: Clock;
  readonly goodForMs: number;
  /** Where they are kept; undefined keeps them as long as the process lives. */
  readonly file: string | undefined;
}

/** Whoever signs in more often than this signs the first one out. */
const signInsMax = 1_000;
const idLength = 12;
const minuteMs = 60_000;

interface Open {
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

export class SignIns {
  readonly #options: SignInsOptions;
  /** By the hash of the secret. */
  readonly #known = new Map<string, SignIn>();
  /** What is being answered, by the id of the sign-in that asked. */
  readonly #open = new Map<string, Set<Open>>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SignInsOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const { file, clock } = this.#options;
    if (file === undefined) return;
    for (const [hash, kept] of Object.entries(await readKept(file))) {
      const signIn = readSignIn(kept, hash.slice(0, idLength));
      if (signIn !== undefined && signIn.endMs > clock.now()) this.#known.set(hash, signIn);
    }
  }

  /** Signs in: the secret goes to the browser, and nowhere else. */
  async begin({ untilMs, browser, ...given }: BegunBy): Promise<SignIn & { readonly secret: string }> {
    const { clock, goodForMs } = this.#options;
    const startMs = clock.now();
    const endMs = Math.min(startMs + goodForMs, untilMs);
    const secret = newSecret();
    const id = newSecret().slice(0, idLength);
    const signIn = { ...given, id, browser: browser.slice(0, 200), startMs, endMs, useMs: startMs };
    this.#known.set(hashOf(secret), signIn);
    for (const [hash, { endMs: end }] of this.#known) if (end <= startMs) this.#known.delete(hash);
    for (const [oldest, { id: first }] of this.#known) {
      if (this.#known.size <= signInsMax) break;
      this.#known.delete(oldest);
      this.#close(first);
    }
    await this.#keep();
    return { ...signIn, secret };
  }

  /** The sign-in of a secret, while it is good. */
  find(secret: string): SignIn | undefined {
    const hash = hashOf(secret);
    const nowMs = this.#options.clock.now();
    const signIn = this.#known.get(hash);
    if (signIn === undefined || signIn.endMs <= nowMs) return;
    if (nowMs - signIn.useMs < minuteMs) return signIn;
    const used = { ...signIn, useMs: nowMs };
    this.#known.set(hash, used);
    // Whether this is written says only how exactly it is told after a crash.
    void this.#keep().catch(() => undefined);
    return used;
  }

  /** The latest first. */
  list(): readonly SignIn[] {
    const nowMs = this.#options.clock.now();
    return [...this.#known.values()]
      .filter(({ endMs }) => endMs > nowMs)
      .sort((one, other) => other.startMs - one.startMs);
  }

  /** Ends those that are meant, with all that is open on their behalf. Gives them. */
  async end(isMeant: (signIn: SignIn) => boolean): Promise<readonly SignIn[]> {
    const ended: SignIn[] = [];
    for (const [hash, signIn] of this.#known)
      if (isMeant(signIn)) {
        this.#known.delete(hash);
        this.#close(signIn.id);
        ended.push(signIn);
      }
    if (ended.length > 0) await this.#keep();
    return ended;
  }

  /** Something is open on behalf of a sign-in until it closes. */
  hold({ id }: SignIn, open: Open): void {
    const all = this.#open.get(id) ?? new Set();
    this.#open.set(id, all.add(open));
    open.once("close", () => {
      all.delete(open);
      if (all.size === 0 && this.#open.get(id) === all) this.#open.delete(id);
    });
  }

  #close(id: string): void {
    for (const open of this.#open.get(id) ?? []) open.destroy();
  }

  /** One after the other: what was written last is what holds. */
  #keep(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined) return Promise.resolve();
    const written = this.#writing.then(() => {
      const all = [...this.#known].map(([hash, signIn]) => [hash, printSignIn(signIn)]);
      return write(file, JSON.stringify(Object.fromEntries(all)));
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

async function readKept(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const kept: unknown = JSON.parse(await readFile(file, "utf8"));
    return typeof kept === "object" && kept !== null ? { ...kept } : {};
  } catch {
    // None yet, or half of one after a crash: then everybody signs in again.
    return {};
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
