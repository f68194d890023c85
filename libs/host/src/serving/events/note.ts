/** What is informed of events of machines: noted while they are decided, told when they are durable. */
import type { Cause } from "@tutti/contracts/types/v1";
import type { InstanceKey, MachineEvent } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";

/** About whom, and since when. */
export interface NoteHead {
  readonly key: InstanceKey;
  readonly event: number;
  readonly timeMs: number;
  readonly cause: Cause;
}

/**
 * What a note says, taken by a function of the event. Nothing of the machine's own state is kept in it: that continues.
 */
export type NoteOf<State, Body> = (state: State, body: Body, happening: Happening) => unknown;

/** A machine, and what is informed of its events by their names. */
export interface ToldMachine {
  readonly machine: { readonly events: readonly MachineEvent<never>[] };
  readonly notes: Readonly<Record<string, NoteOf<never, never>>>;
}

export function headOf({ key, event, timeMs, cause }: Happening): NoteHead {
  return { key, event, timeMs, cause };
}
