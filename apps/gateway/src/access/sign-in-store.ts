/** Stores sign-ins beyond the memory of a process, by the hash of the browser's secret. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { registerFile, textIn, withSum } from "@tutti/host";
import { ifPresent, privateModes, replaceFile } from "@tutti/kernel";
import { newSealKey } from "./issuers/sealed-cookie.ts";
import type { SignIn } from "./sign-in.ts";
import { printSignIn, readSignIn } from "./stored-sign-in.ts";

/** An id made of a secret or its hash. It starts with a letter, as public ids must. */
export function idOf(text: string): string {
  return `s${text.slice(0, 11)}`;
}

/** Receives the stored sign-ins and, if gateways share them, changes by another gateway. Undefined: it has ended. */
export type SignInListener = (hash: string, signIn: SignIn | undefined) => void;

export interface SignInStore {
  /** Called before the store starts. */
  onChange(listener: SignInListener): void;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** Finds a sign-in that this gateway does not know: another gateway may have started it a moment ago. */
  lookup(hash: string): Promise<void>;
  /** Stores a sign-in. Resolves when every gateway can find it. */
  started(hash: string, signIn: SignIn): Promise<void>;
  /** Records the last use of a sign-in that has not ended. */
  used(hash: string, signIn: SignIn): Promise<void>;
  /** Resolves when no gateway finds them any more. */
  remove(hashes: readonly string[]): Promise<void>;
  /** Returns the key with which all gateways seal the state that browsers carry. */
  sealKey(): Promise<Uint8Array>;
}

/** A store in memory, for the lifetime of the process. */
export class SignInsInMemory implements SignInStore {
  #listener: SignInListener = () => {};

  onChange(listener: SignInListener): void {
    this.#listener = listener;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async lookup(): Promise<void> {}

  async started(hash: string, signIn: SignIn): Promise<void> {
    this.#listener(hash, signIn);
  }

  async used(): Promise<void> {}

  async remove(): Promise<void> {}

  async sealKey(): Promise<Uint8Array> {
    return newSealKey();
  }
}

/** A store in a file of one gateway. It has only hashes of secrets, so a reader of the file cannot sign in. */
export class SignInFile implements SignInStore {
  readonly #file: string;
  readonly #signIns = new Map<string, SignIn>();
  #writing: Promise<void> = Promise.resolve();
  #listener: SignInListener = () => {};

  constructor(file: string) {
    this.#file = file;
  }

  onChange(listener: SignInListener): void {
    this.#listener = listener;
  }

  async start(): Promise<void> {
    for (const [hash, stored] of Object.entries(await readStored(this.#file))) {
      const signIn = readSignIn(stored, idOf(hash));
      if (signIn === undefined) continue;
      this.#signIns.set(hash, signIn);
      this.#listener(hash, signIn);
    }
  }

  async stop(): Promise<void> {
    await this.#writing;
  }

  async lookup(): Promise<void> {}

  async started(hash: string, signIn: SignIn): Promise<void> {
    this.#signIns.set(hash, signIn);
    try {
      await this.#save();
    } catch (error) {
      // It did not start, so no later write stores it.
      this.#signIns.delete(hash);
      throw error;
    }
    this.#listener(hash, signIn);
  }

  async used(hash: string, signIn: SignIn): Promise<void> {
    if (!this.#signIns.has(hash)) return;
    this.#signIns.set(hash, signIn);
    await this.#save();
  }

  remove(hashes: readonly string[]): Promise<void> {
    for (const hash of hashes) this.#signIns.delete(hash);
    return this.#save();
  }

  /** The state that a browser carries to an issuer is valid for minutes, so a restart may end it. */
  async sealKey(): Promise<Uint8Array> {
    return newSealKey();
  }

  /** Writes are sequential. The last one wins. */
  #save(): Promise<void> {
    const written = this.#writing.then(() => {
      const all = [...this.#signIns].map(([hash, signIn]) => [hash, printSignIn(signIn)]);
      return write(this.#file, JSON.stringify(Object.fromEntries(all)));
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }
}

async function readStored(file: string): Promise<Readonly<Record<string, unknown>>> {
  const text = (await ifPresent(readFile(file, "utf8"))) ?? "";
  try {
    const stored: unknown = JSON.parse(textIn(text) ?? "{}");
    return typeof stored === "object" && stored !== null ? { ...stored } : {};
  } catch {
    // There is no file yet, or a partial one after a crash. Then each user signs in again.
    return {};
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: privateModes.folder });
  await writeFile(`${file}.new`, withSum(text), { mode: privateModes.file });
  await replaceFile(`${file}.new`, file);
  registerFile(dirname(dirname(file)), `${basename(dirname(file))}/${basename(file)}`);
}
