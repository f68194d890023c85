/**
 * gRPC's own services (health, reflection) as data. Their messages are few and small, and these tables give both their
 * codecs and the descriptors of reflection.
 */
export interface FileTable {
  /** `grpc/health/v1/health.proto` */
  readonly name: string;
  readonly package: string;
  readonly messages: Readonly<Record<string, readonly FieldTable[]>>;
  /** Values in the order of their numbers, from 0. One within a message is named `Message.Enum`. */
  readonly enums: Readonly<Record<string, readonly string[]>>;
  readonly services: Readonly<Record<string, Readonly<Record<string, MethodTable>>>>;
}

export interface FieldTable {
  /** In camelCase, as in the decoded object. In the descriptor it is in snake_case. */
  readonly name: string;
  readonly number: number;
  readonly type: "string" | "bytes" | "int32" | "enum" | "message";
  /** The message or enum of the same file. */
  readonly of?: string;
  readonly repeated?: boolean;
  readonly oneof?: string;
}

export interface MethodTable {
  readonly request: string;
  readonly reply: string;
  readonly requestStream: boolean;
  readonly replyStream: boolean;
}
