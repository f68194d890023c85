import type { SessionEffect } from "@tutti/machine-session";
import type { Submission } from "@tutti/runtime";
import type { PoolWeakening } from "../pools/pools-weakenings.ts";
import type { EmbeddedSeams } from "../storage/embedded-storage.ts";
import type { ServerSeams } from "../storage/journal-server.ts";
import type { AnyMachine, MachineEdge } from "../witness/witness.ts";

/**
 * Something that the system is made to do wrong, from outside: through its ports, or around its machines. A simulation
 * that does not notice it is blind there.
 */
export interface Weakening {
  readonly name: string;
  /** What is wrong then. */
  readonly about: string;
  /** From any seed on, it is found by one of so many: from the five that are tried. */
  readonly foundWithin: number;
  readonly edge?: MachineEdge;
  /** Returns a machine that reads a word otherwise. */
  machine?(machine: AnyMachine): AnyMachine;
  /** Around the pool that work shares. */
  readonly pool?: Pick<PoolWeakening, "hello" | "said" | "received" | "offered" | "isHasty" | "endsReleased">;
  /** What a session wants done, taken for something else. */
  session?(effect: SessionEffect): SessionEffect;
  readonly storage?: EmbeddedSeams;
  readonly server?: ServerSeams;
  /** Refusals and reads are given too early, and once more by the runtime. */
  readonly answersEarly?: boolean;
  submission?(submission: Submission): Submission;
}

/** Nothing is wrong. */
export const none: Weakening = { name: "none", about: "nothing is weakened", foundWithin: 0 };
