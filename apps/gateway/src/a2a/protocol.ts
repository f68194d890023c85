/**
 * Requests of the Agent2Agent protocol, version 1.0, in both of its bindings over HTTP: JSON-RPC and HTTP+JSON.
 * Nothing here has side effects.
 *
 * 1. A request that breaks a rule of the protocol is refused with an error of the protocol, never with a fault.
 * 2. One table has the codes of both bindings.
 */
import { isObject, type Json, objectIn } from "../mcp/protocol.ts";

export { isObject, type Json, objectIn };

export const protocolVersion = "1.0";

/** Errors of the protocol: the code of JSON-RPC, and the status of HTTP. */
export const a2aErrors = {
  PARSE: { code: -32_700, status: 400 },
  INVALID_REQUEST: { code: -32_600, status: 400 },
  METHOD_NOT_FOUND: { code: -32_601, status: 404 },
  INVALID_PARAMS: { code: -32_602, status: 400 },
  INTERNAL: { code: -32_603, status: 500 },
  TASK_NOT_FOUND: { code: -32_001, status: 404 },
  TASK_NOT_CANCELABLE: { code: -32_002, status: 400 },
  UNSUPPORTED_OPERATION: { code: -32_004, status: 400 },
  CONTENT_TYPE_NOT_SUPPORTED: { code: -32_005, status: 400 },
  VERSION_NOT_SUPPORTED: { code: -32_009, status: 400 },
  /** An error of this server: a service of Tutti refused the call. The details have the reason. */
  REFUSED: { code: -32_050, status: 403 },
  TOO_MANY_REQUESTS: { code: -32_051, status: 503 },
} as const;

export type A2aReason = keyof typeof a2aErrors;

export interface A2aErrorMore {
  /** The field of the request that is wrong. */
  readonly field?: string;
  /** The status of HTTP, if the reason has another one here. */
  readonly status?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export class A2aError extends Error {
  readonly reason: A2aReason;
  readonly status: number;
  readonly #more: A2aErrorMore;

  constructor(reason: A2aReason, message: string, more: A2aErrorMore = {}) {
    super(message);
    this.reason = reason;
    this.status = more.status ?? a2aErrors[reason].status;
    this.#more = more;
  }

  get code(): number {
    return a2aErrors[this.reason].code;
  }

  /** As `google.rpc` has them. */
  get details(): readonly Json[] {
    const { field, metadata } = this.#more;
    if (field !== undefined)
      return [
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field, description: this.message }],
        },
      ];
    return [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: this.reason,
        domain: "a2a-protocol.org",
        ...(metadata !== undefined && { metadata }),
      },
    ];
  }
}

export const invalid = (field: string, message: string): A2aError =>
  new A2aError("INVALID_PARAMS", `\`${field}\`: ${message}`, { field });

export type RpcId = string | number | null;

const idCharsMax = 256;
const textCharsMax = 200;

/** A request of JSON-RPC. Throws if it is none. */
export function rpcRequestIn(body: unknown): { readonly method: string; readonly params: Json } {
  if (!isObject(body)) throw new A2aError("INVALID_REQUEST", "Expected one JSON-RPC request, an object");
  const { jsonrpc, method, params = {} } = body;
  if (jsonrpc !== "2.0") throw new A2aError("INVALID_REQUEST", '`jsonrpc`: expected "2.0"');
  if (typeof method !== "string" || method === "")
    throw new A2aError("INVALID_REQUEST", "`method`: expected the name of a method");
  if (!isId(body["id"]))
    throw new A2aError("INVALID_REQUEST", "`id`: expected an integer, or a string of at most 256 characters");
  if (!isObject(params)) throw invalid("params", "expected an object");
  return { method, params };
}

/** The fields of a request under their names in JSON. Clients may write them as the protocol's .proto file has them. */
export function jsonNames(params: Json): Json {
  const named = Object.entries(params).map(([name, value]) => {
    const inJson = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return [inJson in params ? name : inJson, value] as const;
  });
  return Object.fromEntries(named);
}

/** Returns the id of a request, for the answer to it. */
export function rpcIdIn(body: unknown): RpcId {
  const { id } = objectIn(body);
  return isId(id) ? id : null;
}

function isId(value: unknown): value is string | number {
  return typeof value === "string" ? value.length <= idCharsMax : Number.isSafeInteger(value);
}

/**
 * Clients before version 1.0 state none. Their methods have other names and are unknown here, so a request without a
 * version is taken as one of this version.
 */
export function requireVersion(stated: string | undefined): void {
  if (stated === undefined || stated === "" || /^1\.0(\.\d+)?$/.test(stated)) return;
  throw new A2aError(
    "VERSION_NOT_SUPPORTED",
    `A2A-Version ${stated.slice(0, 20)} is not supported. Use ${protocolVersion}.`,
  );
}

export interface Message {
  readonly messageId: string;
  readonly taskId: string;
  readonly contextId: string;
  readonly parts: readonly Part[];
  readonly metadata: Json;
}

export type Part = { readonly text: string } | { readonly data: unknown };

const partsMax = 100;

/** The message of a request. Throws if it is none that an agent here can take. */
export function messageIn({ message, metadata }: Json): Message {
  if (!isObject(message)) throw invalid("message", "expected an object");
  const { role, parts } = message;
  const messageId = textIn(message, "messageId", "message.messageId");
  if (messageId === "") throw invalid("message.messageId", "expected an id");
  if (role !== "ROLE_USER") throw invalid("message.role", "expected ROLE_USER");
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > partsMax)
    throw invalid("message.parts", `expected 1 to ${partsMax} parts`);
  return {
    messageId,
    taskId: textIn(message, "taskId", "message.taskId"),
    contextId: textIn(message, "contextId", "message.contextId"),
    parts: parts.map(partIn),
    metadata: { ...objectIn(metadata), ...objectIn(message["metadata"]) },
  };
}

function partIn(part: unknown, at: number): Part {
  const field = `message.parts[${at}]`;
  if (!isObject(part)) throw invalid(field, "expected an object");
  const { text, data } = part;
  if (typeof text === "string") return { text };
  if (data !== undefined) return { data };
  if (["raw", "url", "file"].some((kind) => part[kind] !== undefined))
    throw new A2aError(
      "CONTENT_TYPE_NOT_SUPPORTED",
      `Incompatible content types. \`${field}\` is a file. Send text or data.`,
    );
  throw invalid(field, "expected `text` or `data`");
}

/** The extension: its metadata of a message is a budget, and that of a task has `used`. */
export const budgetExtension = "urn:tutti:a2a:budget:1";

/** Media types that an answer can have. */
export const outputModes = ["application/json", "text/plain"];

/** Throws if a client takes none of the media types of an answer. */
export function requireOutputModes(accepted: unknown): void {
  if (accepted === undefined) return;
  if (!Array.isArray(accepted)) throw invalid("configuration.acceptedOutputModes", "expected a list");
  const isSupported = (mode: unknown) =>
    outputModes.some((ours) => mode === ours || mode === "*/*" || mode === ours.replace(/\/.*/, "/*")) ||
    mode === "text";
  if (accepted.length > 0 && !accepted.some(isSupported))
    throw new A2aError(
      "CONTENT_TYPE_NOT_SUPPORTED",
      `Incompatible content types. The output is ${outputModes.join(" or ")}.`,
    );
}

export function textIn(from: Json, name: string, field = name): string {
  const value = from[name] ?? "";
  if (typeof value !== "string" || value.length > textCharsMax)
    throw invalid(field, `expected a string of at most ${textCharsMax} characters`);
  return value;
}

/** A whole number. In a query it comes as text. Undefined if it is not given. */
export function integerIn(from: Json, name: string, least: number, most: number): number | undefined {
  const value = from[name];
  if (value === undefined) return undefined;
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < least || number > most)
    throw invalid(name, `expected an integer from ${least} to ${most}`);
  return number;
}

export function booleanIn(from: Json, name: string): boolean {
  const value = from[name] ?? false;
  if (value === "true" || value === true) return true;
  if (value === "false" || value === false) return false;
  throw invalid(name, "expected true or false");
}
