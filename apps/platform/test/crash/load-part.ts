/** What a part of the mixed load is: rounds of work, and invariants with names. */
import type { Chance } from "@tutti/kernel";
import type { Client } from "@tutti/rest/client";
import type { Tutti } from "@tutti/sdk/client";
import type { Effects } from "./effects.ts";

/** Where a load runs. */
export interface Stage {
  /** Knows the address of every process. */
  readonly tutti: Tutti;
  readonly effects: Effects;
  readonly chance: Chance;
  /** When nothing ran, milliseconds since the Unix epoch: from the kill to the start of the next process. */
  readonly downTimes: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** REST of a process that runs, as the administrator or with a key. */
  rest(key?: string): Client;
  /** gRPC addresses of the processes that run. */
  grpc(): readonly string[];
}

/** Throws when it does not hold. */
type Invariant = () => void | Promise<void>;
export type Invariants = Readonly<Record<string, Invariant>>;

export interface LoadPart {
  /** Before the first kill. */
  prepare?(): Promise<void>;
  /** One round, until all that it started has ended. Rounds follow each other until the kills are over. */
  round(number: number): Promise<void>;
  /** After the last round, before the invariants of the end. */
  finish?(): Promise<void>;
  /** Checked after each kill, while the load continues, and at the end. */
  readonly always: Invariants;
  /** Checked when all rounds have ended. */
  readonly atEnd: Invariants;
}
