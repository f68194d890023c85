/**
 * Who has signed in with a browser, across restarts. Kept is only what a sign-in can be recognised by: whoever reads the
 * file learns nothing to sign in with.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "@tutti/kernel";
import { hashOf, newSecret } from "./secrets.ts";

export interface SessionsOptions {
  readonly clock: Clock;
  readonly goodForMs: number;
  /** Where they are kept; undefined keeps them as long as the process lives. */
  readonly file: string | undefined;
}

/** Whoever signs in more often than this signs the first one out. */
const sessionsMax = 1_000;

export type SessionStanding = "good" | "expired";

export class Sessions {
  readonly #options: SessionsOptions;
  /** By hash: when each ends. */
  readonly #ends = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const { file, clock } = this.#options;
    if (file === undefined) return;
    const nowMs = clock.now();
    for (const [hash, endMs] of Object.entries(await readKept(file))) {
      if (typeof endMs === "number" && endMs > nowMs) this.#ends.set(hash, endMs);
    }
  }

  /** Signs in: the secret goes to the browser, and nowhere else. */
  async begin(): Promise<{ readonly secret: string; readonly endMs: number }> {
    const { clock, goodForMs } = this.#options;
    const secret = newSecret();
    const endMs = clock.now() + goodForMs;
    this.#ends.set(hashOf(secret), endMs);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= sessionsMax) break;
      this.#ends.delete(oldest);
    }
    await this.#keep();
    return { secret, endMs };
  }

  standing(secret: string): SessionStanding {
    const endMs = this.#ends.get(hashOf(secret));
    return endMs !== undefined && endMs > this.#options.clock.now() ? "good" : "expired";
  }

  async end(secret: string): Promise<void> {
    if (this.#ends.delete(hashOf(secret))) await this.#keep();
  }

  /** One after the other: what was written last is what holds. */
  #keep(): Promise<void> {
    const { file } = this.#options;
    if (file === undefined) return Promise.resolve();
    const written = this.#writing.then(() => write(file, Object.fromEntries(this.#ends)));
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

async function write(file: string, kept: Readonly<Record<string, number>>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
