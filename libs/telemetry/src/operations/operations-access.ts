/**
 * Who may see more of a process than whether it is well.
 *
 * 1. Where only this machine reaches the port, everybody who does.
 * 2. Elsewhere who shows `operations.key`, and nobody where there is none. Neither keys of people nor rules are looked
 *    at: figures are wanted most when those who hand out rules are away.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopbackHost, type SecretReference } from "@tutti/kernel";
import { operationsErrors } from "./errors.ts";

export interface OperationsAccessSettings {
  /** The address that is listened on. */
  readonly host: string;
  readonly key?: SecretReference | undefined;
}

/** Rejects with what is to be shown and was not. */
export type OperationsAccess = (authorization: string | undefined) => Promise<void>;

const signsMin = 32;

/** Rejects where the key cannot be had, or could be guessed. */
export async function operationsAccess({ host, key }: OperationsAccessSettings): Promise<OperationsAccess> {
  // Read anew for each request: a key that was changed holds from then on.
  const expected = async () => {
    const found = await key?.reveal();
    if (found !== undefined && found.length < signsMin)
      throw operationsErrors.keyShort({ least: signsMin, found: found.length });
    return found;
  };
  await expected();
  if (isLoopbackHost(host)) return async () => {};
  return async (authorization) => {
    const known = await expected();
    if (known === undefined) throw operationsErrors.keyNotSet({ host });
    const shown = /^Bearer +(.+)$/i.exec(authorization ?? "")?.[1]?.trim();
    if (shown === undefined) throw operationsErrors.keyNeeded();
    if (!timingSafeEqual(hashOf(shown), hashOf(known))) throw operationsErrors.keyWrong();
  };
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
