/** A part of the mixed load: rounds of work, and invariants with names. */
import type { Chance } from "@tutti/kernel";
import type { Client } from "@tutti/rest/client";
import type { Tutti } from "@tutti/sdk/client";
import type { Effects } from "./effects.ts";

/** The environment of a load. */
export interface Stage {
  /** A client with the addresses of every process. */
  readonly tutti: Tutti;
  readonly effects: Effects;
  readonly chance: Chance;
  /** Downtimes from a kill to the start of the next process, in milliseconds since the Unix epoch. */
  readonly downTimes: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Returns a REST client of a running process, for the administrator or with a key. */
  rest(key?: string): Client;
  /** Returns the gRPC addresses of the running processes. */
  grpc(): readonly string[];
}

/** Throws if it is violated. */
type Invariant = () => void | Promise<void>;
export type Invariants = Readonly<Record<string, Invariant>>;

export interface LoadPart {
  /** Called before the first kill. */
  prepare?(): Promise<void>;
  /** Executes one round, until all its work has ended. Rounds follow each other until the kills are over. */
  round(number: number): Promise<void>;
  /** Called after the last round, before the final invariants. */
  finish?(): Promise<void>;
  /** Invariants that are checked after each kill, while the load continues, and at the end. */
  readonly always: Invariants;
  /** Invariants that are checked when all rounds have ended. */
  readonly atEnd: Invariants;
}
