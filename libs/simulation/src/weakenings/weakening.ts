import type { SessionEffect } from "@tutti/machine-session";
import type { Submission } from "@tutti/runtime";
import type { AnyMachine, MachineEdge } from "../counted/counting.ts";
import type { PoolWeakening } from "../pools/pools-weakenings.ts";
import type { EmbeddedSeams } from "../storage/embedded-storage.ts";
import type { ServerSeams } from "../storage/journal-server.ts";

/**
 * A planted fault of the system, from outside: through its ports, or around its machines. A simulation that
 * does not notice it is blind there.
 */
export interface Weakening {
  readonly name: string;
  /** Description of the fault. */
  readonly about: string;
  /** From any seed on, one of this many seeds finds it. Tested from five first seeds. */
  readonly foundWithin: number;
  readonly edge?: MachineEdge;
  /** Returns a machine with a changed behaviour. */
  machine?(machine: AnyMachine): AnyMachine;
  /** Faults around the shared pool. */
  readonly pool?: Pick<PoolWeakening, "hello" | "sent" | "received" | "offered" | "isHasty" | "endsReleased">;
  /** Replaces an effect of a session. */
  session?(effect: SessionEffect): SessionEffect;
  readonly storage?: EmbeddedSeams;
  readonly server?: ServerSeams;
  /** Refusals and reads are given too early, and once more by the runtime. */
  readonly answersEarly?: boolean;
  submission?(submission: Submission): Submission;
}

/** Without a fault. */
export const noWeakening: Weakening = { name: "none", about: "no fault is planted", foundWithin: 0 };
