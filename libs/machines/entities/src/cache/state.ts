import type { Payload } from "@tutti/contracts/types/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";

/** An output that may be used again, under one key. */
export interface CacheEntry {
  /** Whether there ever was an output. */
  used: boolean;
  /** Whether there is one now. */
  present: boolean;
  /** Absent for null. */
  output: Payload | undefined;
  storeMs: number;
  dueMs: number;
}

export type CacheView = ReadOnly<CacheEntry>;

export type CacheEvent<Body> = MachineEvent<CacheEntry, never, Body>;
export type CacheCommand<Body, Reply> = Command<CacheEntry, Body, Reply, never>;

/** The one timer: the time of the output is over. */
export const timer = 1;

export function newEntry(): CacheEntry {
  return { used: false, present: false, output: undefined, storeMs: 0, dueMs: 0 };
}
