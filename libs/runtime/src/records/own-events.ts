/**
 * Events of the runtime itself. They are among those of an instance or of the partition, and are folded by the runtime
 * instead of a machine.
 */
import {
  BehaviourRaised,
  CommandParked,
  KeyAnswered,
  LettersConfirmed,
  LettersSent,
  LettersTaken,
  Quarantined,
  Repaired,
  WorkPaused,
  WorkReleased,
} from "@tutti/contracts/runtime/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { WireCodec } from "@tutti/kernel";

export interface OwnEvent<Body> {
  readonly type: string;
  readonly codec: WireCodec<Body>;
  /** Type and version as in a record. */
  readonly header: Uint8Array;
}

const writer = new FlatWriter(128);

function own<Body>(type: string, codec: WireCodec<Body>): OwnEvent<Body> {
  return { type, codec, header: writer.uint32(42).string(type).uint32(48).uint32(1).finish() };
}

export const ownEvents = {
  lettersSent: own<LettersSent>("runtime.letters_sent", LettersSent),
  lettersConfirmed: own<LettersConfirmed>("runtime.letters_confirmed", LettersConfirmed),
  lettersTaken: own<LettersTaken>("runtime.letters_taken", LettersTaken),
  keyAnswered: own<KeyAnswered>("runtime.key_answered", KeyAnswered),
  quarantined: own<Quarantined>("runtime.quarantined", Quarantined),
  commandParked: own<CommandParked>("runtime.command_parked", CommandParked),
  repaired: own<Repaired>("runtime.repaired", Repaired),
  workPaused: own<WorkPaused>("runtime.work_paused", WorkPaused),
  workReleased: own<WorkReleased>("runtime.work_released", WorkReleased),
  behaviourRaised: own<BehaviourRaised>("runtime.behaviour_raised", BehaviourRaised),
} as const;

/** Prefix of the types of the runtime's own events. No machine's event has it. */
export const ownPrefix = "runtime.";

const codecs = new Map<string, WireCodec<unknown>>(
  Object.values(ownEvents).map(({ type, codec }): [string, WireCodec<unknown>] => [type, codec]),
);

const internal: ReadonlySet<string> = new Set([
  ownEvents.lettersSent.type,
  ownEvents.lettersConfirmed.type,
  ownEvents.lettersTaken.type,
  ownEvents.keyAnswered.type,
]);

/** Whether an event is internal to the runtime and of no interest to a user of a run. */
export function isInternalEvent(type: string): boolean {
  return internal.has(type);
}

/** Returns the codec of an event of the runtime, for reading histories. */
export function ownEventCodec(type: string): WireCodec<unknown> | undefined {
  return codecs.get(type);
}
