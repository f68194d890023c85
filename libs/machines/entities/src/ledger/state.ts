import type { Quota, QuotaPart, Reservation } from "@tutti/contracts/session/v1";
import { type Command, fromTimestamp, type MachineEvent, type ReadOnly } from "@tutti/kernel";
import type { Stored } from "../index.ts";

/** The shares of the pools in a namespace, folded from its events. Only folds change it. */
export interface Ledger {
  /** Number of changes of quotas and reservations: each item has the number of its last. */
  changes: number;
  readonly quotas: Map<string, Stored<Quota>>;
  readonly reservations: Map<string, Stored<Reservation>>;
  /** Pools with parts of quotas, by name. */
  readonly pools: Map<string, PoolHolding>;
  /** Time at which the timer is due. 0 for never. */
  dueMs: number;
}

export interface PoolHolding {
  /** Parts by `partKey`. */
  readonly parts: ReadonlyMap<string, QuotaPart>;
  readonly dueMs: number;
}

export type LedgerView = ReadOnly<Ledger>;
export type LedgerEvent<Body> = MachineEvent<Ledger, never, Body>;
export type LedgerCommand<Body, Reply> = Command<Ledger, Body, Reply, never>;

export function newLedger(): Ledger {
  return { changes: 0, quotas: new Map(), reservations: new Map(), pools: new Map(), dueMs: 0 };
}

export function partKey({ quotaId, name }: { readonly quotaId: string; readonly name: string }): string {
  return `${quotaId}\n${name}`;
}

/** Returns the start and end. Both 0 if not set. */
export function spanOf({ span }: ReadOnly<Reservation>): { readonly fromMs: number; readonly toMs: number } {
  const { from, to } = span ?? {};
  return {
    fromMs: from === undefined ? 0 : fromTimestamp(from),
    toMs: to === undefined ? 0 : fromTimestamp(to),
  };
}

export function poolOf({ pool }: ReadOnly<Reservation>): string {
  return pool === "" ? "default" : pool;
}
