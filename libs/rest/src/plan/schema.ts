/**
 * Tables of the contracts for the mapping: the messages and enumerations that routes use. `tools/generate`
 * creates them from the descriptors of the contracts.
 */
export interface Schema {
  readonly messages: Readonly<Record<string, MessageTable>>;
  readonly enums: Readonly<Record<string, EnumTable>>;
  readonly rpcs: Readonly<Record<string, RpcTable>>;
}

/**
 * Comments of the contracts on an rpc, a message, one of its fields (`tutti.workflow.v1.Run.runId`), an enumeration.
 */
export type Words = Readonly<Record<string, string>>;

export interface RpcTable {
  readonly request: string;
  readonly reply: string;
  /** Effect of a repetition. */
  readonly repeat: "safe" | "keyed" | "resumes";
}

export interface MessageTable {
  /** Name in programs. Unique among the messages that routes use. */
  readonly name: string;
  readonly fields: readonly FieldTable[];
  /** Oneofs that must be set. */
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
  /** A time: a Timestamp in the contract, milliseconds since the Unix epoch in JSON. */
  | "time"
  /** Data of a user: bytes with a media type in the contract, the plain value in JSON. */
  | "payload"
  /** A reference to a blob: 32 bytes in the contract, hexadecimal digits in JSON. */
  | "blob"
  | "mask";

export interface FieldTable {
  /** Name in a decoded message. */
  readonly name: string;
  /** Name in JSON. */
  readonly json: string;
  readonly kind: FieldKind;
  /** Message or enumeration. */
  readonly of?: string;
  readonly many?: "list" | "map";
  /** Oneof that it belongs to. */
  readonly oneof?: string;
  /** Absent differs from empty or zero. */
  readonly optional?: true;
  /** Present in every response, even if empty. */
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
  if (table === undefined) throw new Error(`expected a message that a route reaches, got ${name}`);
  return table;
}

export function enumOf(schema: Schema, name: string): EnumTable {
  const table = schema.enums[name];
  if (table === undefined) throw new Error(`expected an enumeration that a route reaches, got ${name}`);
  return table;
}
