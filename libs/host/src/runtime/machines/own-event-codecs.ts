import {
  CommandParked,
  KeyAnswered,
  LettersConfirmed,
  LettersSent,
  LettersTaken,
  Quarantined,
  Repaired,
} from "@tutti/contracts/runtime/v1";

interface Readable {
  decode(bytes: Uint8Array): unknown;
  toJSON(message: unknown): unknown;
}

/** The runtime's own events, by the types under which they are recorded. */
export const ownEventCodecs: ReadonlyMap<string, Readable> = new Map<string, Readable>([
  ["runtime.key_answered", readable(KeyAnswered)],
  ["runtime.command_parked", readable(CommandParked)],
  ["runtime.quarantined", readable(Quarantined)],
  ["runtime.repaired", readable(Repaired)],
  ["runtime.letters_sent", readable(LettersSent)],
  ["runtime.letters_confirmed", readable(LettersConfirmed)],
  ["runtime.letters_taken", readable(LettersTaken)],
]);

function readable<Message>(codec: {
  decode(bytes: Uint8Array): Message;
  toJSON(message: Message): unknown;
}): Readable {
  return {
    decode: (bytes) => codec.decode(bytes),
    // The cast: only what this codec has decoded comes back to it.
    toJSON: (message) => codec.toJSON(message as Message),
  };
}
