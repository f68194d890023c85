import type { LockGaveWay, LockHold, LockWait } from "@tutti/contracts/session/v1";
import {
  type Command,
  Heap,
  type MachineEvent,
  type MachineStep,
  type Ranked,
  type ReadOnly,
} from "@tutti/kernel";
import { Line } from "./waiting/line.ts";

/** A lock, folded from its events. Only folds change it. */
export interface Lock {
  used: boolean;
  /** Configured permits. 0 if never set. */
  permits: number;
  /** Requests and grants share one sequence. Numbers are never reused. */
  lastNumber: number;
  lastToken: number;
  /** No grants before this time, because a step reached its limit. */
  putOffMs: number;
  /** Time at which the only timer is due. 0 for never. Follows from all other fields. */
  dueMs: number;
  /** Sum of the permits of exclusive holders. */
  heldAlone: number;
  /** Number of sharing holders by permits: together they hold the greatest of these. */
  readonly sharedBy: Map<number, number>;
  sharedMost: number;
  /** Holds by their tokens. */
  readonly holds: Map<number, LockHold>;
  readonly line: Line;
  /** Tokens of holders and tickets of waiters, by holder. */
  readonly byHolder: Map<string, number>;
  /** Expiring leases and places, by their numbers. */
  readonly ends: Heap<LockEnd>;
  readonly endOf: Map<number, LockEnd>;
  readonly gaveWay: Map<string, LockGaveWay>;
}

/** End of a lease or a place. */
interface LockEnd extends Ranked {
  readonly number: number;
}

/** Read-only view for deciders. */
export type LockView = ReadOnly<Lock>;
export type LockStep = MachineStep<Lock, never>;
export type LockEvent<Body> = MachineEvent<Lock, never, Body>;
export type LockCommand<Body, Reply> = Command<Lock, Body, Reply, never>;
export type { LockWait };

export function newLock(): Lock {
  return {
    used: false,
    permits: 0,
    lastNumber: 0,
    lastToken: 0,
    putOffMs: 0,
    dueMs: 0,
    heldAlone: 0,
    sharedBy: new Map(),
    sharedMost: 0,
    holds: new Map(),
    line: new Line(),
    byHolder: new Map(),
    ends: new Heap(),
    endOf: new Map(),
    gaveWay: new Map(),
  };
}
