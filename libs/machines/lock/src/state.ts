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
  /** What was set. 0 when nothing ever was. */
  permits: number;
  /** Wishes and grants are counted together. No number is ever used again. */
  lastNumber: number;
  lastToken: number;
  /** Nothing more is done before this moment, because a step did as much as it may. */
  putOffMs: number;
  /** When the one timer is due. 0 for never. Follows from all the rest. */
  dueMs: number;
  /** The sum of what is held by those that do not share. */
  heldAlone: number;
  /** How many share so many permits: together they hold the greatest of these. */
  readonly sharedBy: Map<number, number>;
  sharedMost: number;
  /** By their tokens. */
  readonly holds: Map<number, LockHold>;
  readonly line: Line;
  /** Tokens of those that hold it, tickets of those that wait, by who they are. */
  readonly byHolder: Map<string, number>;
  /** What ends by itself: leases and places, by their numbers. */
  readonly ends: Heap<LockEnd>;
  readonly endOf: Map<number, LockEnd>;
  readonly gaveWay: Map<string, LockGaveWay>;
}

/** When a lease or a place ends. */
interface LockEnd extends Ranked {
  readonly number: number;
}

/** What deciders see of a lock. */
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
