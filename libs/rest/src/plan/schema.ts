/**
 * What the mapping needs to know of the contracts: the messages and enumerations that routes reach, as tables.
 * `tools/generate` makes them from the contracts' descriptors.
 */
export interface Schema {
  readonly messages: Readonly<Record<string, MessageTable>>;
  readonly enums: Readonly<Record<string, EnumTable>>;
  readonly rpcs: Readonly<Record<string, RpcTable>>;
}

/** What the contracts say of an rpc, a message, one of its fields (`tutti.workflow.v1.Run.runId`), an enumeration. */
export type Words = Readonly<Record<string, string>>;

export interface RpcTable {
  readonly request: string;
  readonly reply: string;
  /** What a repetition does. */
  readonly repeat: "safe" | "keyed" | "resumes";
}

export interface MessageTable {
  /** As programs call it. Unique among those that routes reach. */
  readonly name: string;
  readonly fields: readonly FieldTable[];
  /** Choices of which one has to be made. */
  readonly choices?: readonly string[];
}

export type FieldKind =
  | "string"
  | "number"
  | "integer"
  | "boolean"
  | "bytes"
  | "enum"
  | "message"
  /** A moment: a Timestamp in the contract, milliseconds since the Unix epoch in JSON. */
  | "time"
  /** A user's data: bytes with a media type in the contract, the plain value in JSON. */
  | "payload"
  /** A reference to a blob: 32 bytes in the contract, hexadecimal digits in JSON. */
  | "blob"
  | "mask";

export interface FieldTable {
  /** As in a decoded message. */
  readonly name: string;
  /** As in JSON. */
  readonly json: string;
  readonly kind: FieldKind;
  /** The message or enumeration. */
  readonly of?: string;
  readonly many?: "list" | "map";
  /** The choice that it is a part of. */
  readonly oneof?: string;
  /** Absent is something else than empty or zero. */
  readonly optional?: true;
  /** Is there in every answer, also when it is empty. */
  readonly always?: true;
  readonly rule?: FieldRule;
}

export interface FieldRule {
  readonly required?: true;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly min?: number;
  readonly max?: number;
  readonly form?: string;
  readonly values?: FieldRule;
}

export interface EnumTable {
  readonly name: string;
  /** Words in JSON by number: `running`. */
  readonly words: Readonly<Record<string, string>>;
  /** The prefix of the words in the contract: `WORK_STATUS_`. */
  readonly prefix: string;
}

export const wellKnown = {
  page: "tutti.types.v1.PageRequest",
  pageReply: "tutti.types.v1.PageReply",
  selector: "tutti.types.v1.LabelSelector",
  definition: "tutti.types.v1.DefinitionReference",
} as const;

export function messageOf(schema: Schema, name: string): MessageTable {
  const table = schema.messages[name];
  if (table === undefined) throw new Error(`expected a message that a route reaches, found ${name}`);
  return table;
}

export function enumOf(schema: Schema, name: string): EnumTable {
  const table = schema.enums[name];
  if (table === undefined) throw new Error(`expected an enumeration that a route reaches, found ${name}`);
  return table;
}
