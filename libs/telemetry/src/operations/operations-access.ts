/**
 * Decides which callers may see more of a process than whether it is well.
 *
 * 1. Where only this machine reaches the port, every caller that does.
 * 2. Elsewhere who shows `operations.key`, and no caller if there is none. Neither keys of people nor rules are looked
 *    at: numbers are wanted most when those who hand out rules are away.
 * 3. A wrong key is a failed attempt, and too many lock its address out. The key is too long to be guessed, so that it
 *    passes during a lock-out as well.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopbackHost, type SecretReference, type TuttiError } from "@tutti/kernel";
import { operationsErrors } from "./errors.ts";

export interface OperationsAccessSettings {
  /** The address that is listened on. */
  readonly host: string;
  readonly key?: SecretReference | undefined;
}

/** A caller's credential and address. */
interface ShownToOperations {
  readonly authorization?: string | undefined;
  readonly address?: string | undefined;
}

/** Rejects with what is to be shown and was not. */
export type OperationsAccess = (shown: ShownToOperations) => Promise<void>;

/** Counts failed attempts, by address and account. */
export interface GuessWatch {
  /** Returns the error to answer with: during a lock-out, that. */
  recordFailure(address: string, account: string, error: TuttiError): TuttiError;
}

const account = "operations.key";

const signsMin = 32;

/** Rejects where the key cannot be had, or could be guessed. */
export async function operationsAccess(
  { host, key }: OperationsAccessSettings,
  guesses?: GuessWatch,
): Promise<OperationsAccess> {
  // Read again for each request: a key that was changed holds from then on.
  const expected = async () => {
    const found = await key?.reveal();
    if (found !== undefined && found.length < signsMin)
      throw operationsErrors.keyShort({ least: signsMin, found: found.length });
    return found;
  };
  await expected();
  if (isLoopbackHost(host)) return async () => {};
  return async ({ authorization, address = "" }) => {
    const known = await expected();
    if (known === undefined) throw operationsErrors.keyNotSet({ host });
    const shown = /^Bearer +(.+)$/i.exec(authorization ?? "")?.[1]?.trim();
    if (shown === undefined) throw operationsErrors.keyNeeded();
    if (timingSafeEqual(hashOf(shown), hashOf(known))) return;
    const error = operationsErrors.keyWrong();
    throw guesses?.recordFailure(address, account, error) ?? error;
  };
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
