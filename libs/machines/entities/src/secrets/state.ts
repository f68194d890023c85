/** The secrets of a namespace, folded from its events. Only folds change them. */

import { KeptSecret, type KeptSecretVersion } from "@tutti/contracts/governance/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";
import { weightOf } from "../index.ts";

export interface Secrets {
  /** Number of changes. Uses do not count. */
  changes: number;
  readonly stored: Map<string, KeptSecret>;
  /** Newest versions of removed secrets: a number never names another value. */
  readonly removed: Map<string, number>;
  /** Bytes of all secrets together. Follows from the rest. */
  weight: number;
}

export type SecretsView = ReadOnly<Secrets>;
export type SecretsEvent<Body> = MachineEvent<Secrets, never, Body>;
export type SecretsCommand<Body, Reply> = Command<Secrets, Body, Reply, never>;

export function newSecrets(): Secrets {
  return { changes: 0, stored: new Map(), removed: new Map(), weight: 0 };
}

/** Returns whether a version can be used. */
export function isInForce({ envelope, expireMs }: ReadOnly<KeptSecretVersion>, nowMs: number): boolean {
  return envelope !== undefined && (expireMs === 0 || expireMs > nowMs);
}

export function lastVersionOf({ stored, removed }: SecretsView, name: string): number {
  return stored.get(name)?.lastVersion ?? removed.get(name) ?? 0;
}

/** Returns an ended version: its existence without its content. */
export function ended(version: KeptSecretVersion, atMs: number): KeptSecretVersion {
  const expireMs = version.expireMs === 0 ? atMs : Math.min(version.expireMs, atMs);
  return { ...version, expireMs, envelope: undefined };
}

export function setSecret(state: Secrets, name: string, secret: KeptSecret | undefined): void {
  const before = state.stored.get(name);
  if (before !== undefined) state.weight -= weightOf(KeptSecret, before);
  if (secret === undefined) {
    state.stored.delete(name);
    return;
  }
  state.weight += weightOf(KeptSecret, secret);
  state.stored.set(name, secret);
}
