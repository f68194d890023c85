/** The state of an entry of the cache. */
import type { Payload } from "@tutti/contracts/types/v1";
import type { CacheAsker, CacheDone, CacheSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";

/** An output that may be used again, under one key. */
export interface CacheEntry {
  /** Whether there ever was an output, or a task that computes one. */
  used: boolean;
  /** Whether there is one now. */
  present: boolean;
  /** Absent for null. */
  output: Payload | undefined;
  storeMs: number;
  dueMs: number;
  /** The task that computes the output. */
  computing: CacheAsker | undefined;
  /** Whether it has confirmed that it does since it was asked. */
  confirmed: boolean;
  /** When it is asked again. */
  checkMs: number;
  /** Tasks that wait for the output, the longest first. */
  waiters: CacheAsker[];
  /** When the next waiters are answered. 0 if none waits, or if they wait for a task. */
  nextMs: number;
}

export type CacheEvent<Body> = MachineEvent<CacheEntry, never, Body>;
export type CacheCommand<Body> = Command<CacheEntry, Body, CacheDone, never>;
export type CacheStep = Parameters<CacheCommand<object>["decide"]>[2];

export const timers = {
  /** The time of the output is over. */
  output: 1,
  /** The task that computes is asked whether it still does. */
  check: 2,
  /** The next waiters are answered. */
  next: 3,
} as const;

/** From this behaviour on, tasks wait for the one that computes. */
export const singleFlight = 2;

export function newEntry(): CacheEntry {
  return {
    ...{ used: false, present: false, output: undefined, storeMs: 0, dueMs: 0 },
    ...{ computing: undefined, confirmed: false, checkMs: 0, waiters: [], nextMs: 0 },
  };
}

export function isSame(one: ReadOnly<CacheAsker> | undefined, other: CacheAsker): boolean {
  return one?.runId === other.runId && one.taskId === other.taskId && one.visit === other.visit;
}

export function snapshotOf(entry: CacheEntry): CacheSnapshotV1 {
  return entry;
}

export function entryOf(snapshot: CacheSnapshotV1): CacheEntry {
  return { ...newEntry(), ...snapshot, waiters: [...snapshot.waiters] };
}
