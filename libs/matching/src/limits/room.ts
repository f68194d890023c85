import type { KeyedLimit } from "@tutti/contracts/types/v1";
import type { Demand } from "../demand/matches.ts";
import type { Due } from "../time/due.ts";

/** How much a limit allows. */
export interface Allowance {
  /** 0 for any number. */
  readonly maxConcurrent: number;
  readonly rate: { readonly count: number; readonly perMs: number; readonly burst: number } | undefined;
}

/** What a limit is made of that is none by key. */
export interface LimitOrigin {
  readonly kind: "quota" | "reservation";
  /** Of a quota its id. Of what reservations hold the ids of these. */
  readonly id: string;
  readonly namespace: string;
  /** `slots`, or a named resource. */
  readonly name: string;
  /** The total. */
  readonly limit: number;
  /** What is set aside, in words. Empty for quotas. */
  readonly description: string;
}

/** What tasks with the same key share. Which tasks these are it does not know. */
export interface Limit<Task> extends Due {
  readonly id: string;
  readonly key: string;
  /** What is set for the key. Undefined when only tasks say something. */
  set: Allowance | undefined;
  readonly allowance: Allowance;
  readonly held: number;
  readonly waiting: number;
  /** Undefined for a key. */
  readonly origin: LimitOrigin | undefined;
  /** Of a key whose tasks share so much of a named resource. Undefined where tasks are counted. */
  readonly amounts: { readonly resource: string; readonly most: number } | undefined;
  /** Tasks that refer to it. */
  uses: number;
  /** When the rate gives the next one its part. Infinite when it is not the rate that is in the way. */
  readonly paceDueMs: number;
  /** When nothing is left of the rate. */
  readonly restDueMs: number;
  /** What a task says of the key. */
  bring(limit: KeyedLimit): void;
  /** Returns how many more may start now. */
  roomAt(nowMs: number): number;
  /** Returns whether nothing is left of it. */
  idleAt(nowMs: number): boolean;
  /** Returns how much one task takes that asks for this. */
  amountOf(demand: Demand): number;
  begin(nowMs: number, demand: Demand): void;
  /** Lets as many continue as there is room for. */
  wake(nowMs: number, go: (task: Task, nowMs: number) => void): void;
  end(hasBegun: boolean, demand: Demand): void;
  /** It is back when it was let continue, and the room was taken. */
  wait(task: Task, isBack: boolean): void;
  /** A task that waits here leaves for good. */
  leave(task: Task): void;
  /** The rank of one that waits here has changed. */
  move(task: Task): void;
  /** One that was let continue has been assigned, or has left, or waits again. */
  unwake(demand: Demand): void;
}
