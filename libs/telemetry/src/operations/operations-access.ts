/**
 * Decides which callers may see more of a process than its health.
 *
 * 1. If only this machine reaches the port: every caller.
 * 2. Otherwise: callers with `operations.key`, or no caller if the key is not set. Personal keys and rules are not
 *    checked, because metrics are needed most when the service with the rules is down.
 * 3. A wrong key is a failed attempt, and too many lock out its address. The key is too long to be guessed, so it is
 *    accepted during a lock-out as well.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopbackHost, type SecretReference, type TuttiError } from "@tutti/kernel";
import { operationsErrors } from "./errors.ts";

export interface OperationsAccessSettings {
  /** The address on which the server listens. */
  readonly host: string;
  readonly key?: SecretReference | undefined;
}

/** A caller's credential and address. */
interface OperationsCredentials {
  readonly authorization?: string | undefined;
  readonly address?: string | undefined;
}

/** Rejects with an error that names the missing credential. */
export type OperationsAccess = (credentials: OperationsCredentials) => Promise<void>;

/** Counts failed attempts, by address and account. */
export interface GuessWatch {
  /** Returns the error for the reply. During a lock-out, it is the error of the lock-out. */
  recordFailure(address: string, account: string, error: TuttiError): TuttiError;
}

const account = "operations.key";

const signsMin = 32;

/** Rejects if the key cannot be read or is too short. */
export async function operationsAccess(
  { host, key }: OperationsAccessSettings,
  guesses?: GuessWatch,
): Promise<OperationsAccess> {
  // Read again for each request, so that a changed key takes effect immediately.
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
    const token = /^Bearer +(.+)$/i.exec(authorization ?? "")?.[1]?.trim();
    if (token === undefined) throw operationsErrors.keyNeeded();
    if (timingSafeEqual(hashOf(token), hashOf(known))) return;
    const error = operationsErrors.keyWrong();
    throw guesses?.recordFailure(address, account, error) ?? error;
  };
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
