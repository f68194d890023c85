import type { Chance } from "@tutti/kernel";
import type { PoolsPlan } from "./pools-plan.ts";
import type { PoolWeakening } from "./pools-weakenings.ts";

/** The environment of a pool: a simulation of pools alone, or of pools next to machines. */
export interface PoolScene {
  /** The time of a clock that never goes back. */
  readonly nowMs: number;
  readonly chance: Chance;
  readonly plan: Pick<
    PoolsPlan,
    | "strategy"
    | "doubles"
    | "givesWay"
    | "busyShare"
    | "agents"
    | "hosts"
    | "senders"
    | "tasks"
    | "busyMs"
    | "workMs"
    | "faults"
    | "isQuiet"
  >;
  readonly weakening: Pick<PoolWeakening, "hello" | "sent" | "received" | "offered" | "isRash">;
  after(delayMs: number, run: () => void): void;
  /** Returns a number between the two. */
  draw(fromMs: number, toMs: number): number;
  pick<T>(all: readonly T[]): T | undefined;
  trace(text: () => string): void;
  found(check: string, text: string): void;
}
