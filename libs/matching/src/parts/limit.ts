/** Limits by key. */
import type { KeyedLimit } from "@tutti/contracts/types/v1";
import type { Due } from "../time/due.ts";
import type { Demand } from "./demand.ts";
import type { Task } from "./task.ts";

/** How much a limit allows. */
export interface Allowance {
  /** 0 for any number. */
  readonly maxConcurrent: number;
  readonly rate: { readonly count: number; readonly perMs: number; readonly burst: number } | undefined;
}

/** What tasks with the same key share. */
export interface Limit extends Due {
  readonly id: string;
  readonly key: string;
  /** What is set for the key; undefined when only tasks say something. */
  set: Allowance | undefined;
  readonly allowance: Allowance;
  readonly held: number;
  readonly waiting: number;
  /** Tasks that refer to it. */
  uses: number;
  /** When the rate gives the next one its part; infinite when it is not the rate that is in the way. */
  readonly paceDueMs: number;
  /** When nothing is left of the rate. */
  readonly restDueMs: number;
  /** What a task says of the key. */
  bring(said: KeyedLimit): void;
  /** How many more may begin now. */
  roomAt(nowMs: number): number;
  /** Whether nothing is left of it. */
  idleAt(nowMs: number): boolean;
  begin(nowMs: number): void;
  /** Lets as many go on as there is room for. */
  wake(nowMs: number, go: (task: Task) => void): void;
  end(hasBegun: boolean): void;
  /** It is back when it was let go on, and the room was taken. */
  wait(task: Task, isBack: boolean): void;
  /** A task that waits here leaves for good. */
  leave(task: Task): void;
  /** The rank of one that waits here has changed. */
  move(task: Task): void;
  /** One that was let go on has been assigned, or has left, or waits again. */
  unwake(demand: Demand): void;
}
