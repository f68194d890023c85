/** Writes decoded messages of the contracts as JSON of REST. The function for each message is built once. */
import {
  enumOf,
  type FieldKind,
  type FieldTable,
  messageOf,
  type Schema,
  wellKnown,
} from "../plan/schema.ts";
import { type Blob, base64Of, blobToJson, type Payload, payloadToJson } from "./payload.ts";
import { LateList } from "./slices.ts";

/** A decoded message. The tables describe its fields. */
export type Message = Readonly<Record<string, unknown>>;
export type Json = Record<string, unknown>;

type WriteMessage = (message: Message, into: Json) => void;
type WriteValue = (value: unknown) => unknown;

export class Writer {
  readonly #schema: Schema;
  readonly #isLate: boolean;
  readonly #writers = new Map<string, WriteMessage>();

  /** @param isLate creates the entries of long lists when they are written */
  constructor(schema: Schema, isLate = false) {
    this.#schema = schema;
    this.#isLate = isLate;
  }

  message(type: string, message: Message): Json {
    const json: Json = {};
    this.#writerOf(type)(message, json);
    return json;
  }

  #writerOf(type: string): WriteMessage {
    const known = this.#writers.get(type);
    if (known !== undefined) return known;
    const parts: WriteMessage[] = [];
    const writer: WriteMessage = (message, into) => {
      for (const part of parts) part(message, into);
    };
    // Set before its parts are built: messages can contain messages of their own kind.
    this.#writers.set(type, writer);
    for (const field of messageOf(this.#schema, type).fields) parts.push(this.#fieldWriter(field));
    return writer;
  }

  #fieldWriter(field: FieldTable): WriteMessage {
    const { name, json, oneof, many, of = "" } = field;
    if (of === wellKnown.pageReply) {
      const writer = this.#writerOf(of);
      return (message, into) => {
        const page = message[name];
        if (page !== undefined) writer(page as Message, into);
      };
    }
    const write = this.#valueWriter(field);
    if (oneof !== undefined) {
      return (message, into) => {
        const choice = message[oneof] as Choice | undefined;
        if (choice?.$case === name) into[json] = write(choice.value);
      };
    }
    if (many === "list") {
      return (message, into) => {
        const entries = (message[name] ?? []) as readonly unknown[];
        const isLate = this.#isLate && entries.length > lateFrom;
        into[json] = isLate ? new LateList(entries, write) : entries.map(write);
      };
    }
    if (many === "map") {
      return (message, into) => {
        const entries = Object.entries((message[name] ?? {}) as Json);
        into[json] = Object.fromEntries(entries.map(([key, value]) => [key, write(value)]));
      };
    }
    const isOmitted = field.optional || field.always ? isAbsent : isDefault[field.kind];
    return (message, into) => {
      const value = message[name];
      if (!isOmitted(value)) into[json] = write(value);
    };
  }

  #valueWriter({ kind, of = "" }: FieldTable): WriteValue {
    switch (kind) {
      case "message": {
        const writer = this.#writerOf(of);
        return (value) => {
          const json: Json = {};
          writer(value as Message, json);
          return json;
        };
      }
      case "enum": {
        const { words } = enumOf(this.#schema, of);
        // A number without a word in this release stays a number.
        return (value) => words[String(value)] ?? value;
      }
      case "payload":
        return (value) => payloadToJson(value as Payload);
      case "blob":
        return (value) => blobToJson(value as Blob);
      case "bytes":
        return (value) => base64Of(value as Uint8Array);
      case "time":
        return (value) => msOf(value as Timestamp);
      default:
        return same;
    }
  }
}

/** Minimum length of a list whose entries are created late. */
const lateFrom = 64;

interface Choice {
  readonly $case: string;
  readonly value: unknown;
}

interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

const same: WriteValue = (value) => value;
const isAbsent = (value: unknown): boolean => value === undefined;
const isEmptyBytes = (value: unknown): boolean => (value as Uint8Array | undefined)?.length === 0;

/** Returns whether a value is left out because it is the default. */
const isDefault: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  string: (value) => value === "",
  number: (value) => value === 0,
  integer: (value) => value === 0,
  boolean: (value) => value === false,
  enum: (value) => value === 0,
  bytes: isEmptyBytes,
  message: isAbsent,
  time: isAbsent,
  payload: isAbsent,
  blob: isAbsent,
  mask: isAbsent,
};

function msOf({ seconds, nanos }: Timestamp): number {
  return seconds * 1000 + nanos / 1e6;
}
