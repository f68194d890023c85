import type { KeyedLimit } from "@tutti/contracts/types/v1";
import type { Demand } from "../demand/matches.ts";
import type { Due } from "../time/due.ts";

/** The maximum of a limit. */
export interface Allowance {
  /** 0 for any number. */
  readonly maxConcurrent: number;
  readonly rate: { readonly count: number; readonly perMs: number; readonly burst: number } | undefined;
}

/** Starts that the rate of a limit has paid for, used or not. */
export interface ReservedStarts {
  /** Id of the limit. */
  readonly limit: string;
  readonly untilMs: number;
  /** The time that one start takes of the rate. */
  readonly partMs: number;
}

/** The quota or the reservations that a limit stands for, if it is not a limit of a key. */
export interface LimitOrigin {
  readonly kind: "quota" | "reservation";
  /** Id of the quota, or ids of the reservations. */
  readonly id: string;
  readonly namespace: string;
  /** `slots`, or a named resource. */
  readonly name: string;
  /** The total. */
  readonly limit: number;
  /** The reservation as a text. Empty for quotas. */
  readonly description: string;
}

/** The limit that tasks with the same key share. The type of these tasks is a parameter. */
export interface Limit<Task> extends Due {
  readonly id: string;
  readonly key: string;
  readonly allowance: Allowance;
  readonly held: number;
  readonly waiting: number;
  /** Undefined for a key. */
  readonly origin: LimitOrigin | undefined;
  /** The shared amount of a named resource, for a key with one. Undefined if tasks are counted. */
  readonly amounts: { readonly resource: string; readonly most: number } | undefined;
  /** Tasks that refer to the limit. */
  uses: number;
  /** When the rate allows the next start. Infinite if the rate is not the obstacle. */
  readonly paceDueMs: number;
  /** When the rate is fully available again. */
  readonly restDueMs: number;
  /** Sets the limit that a task names for the key. */
  configure(limit: KeyedLimit, nowMs: number): void;
  /** Sets the rule for the key. Undefined if only tasks set the limit. */
  setRule(rule: Allowance | undefined, nowMs: number): void;
  /** Returns how many more may start now. */
  roomAt(nowMs: number): number;
  /** Returns the time that one more start pays for, if the rate allows it and it is not reserved. */
  unreservedAt(nowMs: number): number | undefined;
  /** Returns the starts to store, up to this time at least. */
  reservation(untilMs: number, nowMs: number): ReservedStarts | undefined;
  /** Records that starts are durable. */
  reserved(starts: ReservedStarts): void;
  /** Returns whether the limit is unused and its rate is fully available again. */
  idleAt(nowMs: number): boolean;
  /** Returns the amount that one task with this demand takes. */
  amountOf(demand: Demand): number;
  acquire(nowMs: number, demand: Demand): void;
  /** Lets as many tasks continue as there is room for. */
  wake(nowMs: number, requeue: (task: Task, nowMs: number) => void): void;
  release(hasStarted: boolean, demand: Demand): void;
  /** Adds a waiting task. `isReturned`: it was let continue, and others took the room. */
  wait(task: Task, isReturned: boolean): void;
  /** Removes a waiting task for good. */
  removeWaiting(task: Task): void;
  /** Sorts a waiting task again after its rank has changed. */
  move(task: Task): void;
  /** Records that a task that was let continue has been assigned, has left, or waits again. */
  unwake(demand: Demand): void;
}
