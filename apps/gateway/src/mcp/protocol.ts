/**
 * JSON-RPC of the Model Context Protocol, in both of its forms: `2026-07-28`, in which each request states its
 * version and the client's capabilities, and the forms with a handshake before it.
 *
 * 1. A message that is not a request of the protocol gets a JSON-RPC error, with its id if it has one.
 * 2. Nothing is stored between two requests.
 */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export const statelessVersion = "2026-07-28";
export const handshakeVersions = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;
const newestHandshakeVersion = handshakeVersions[0];
export const supportedVersions: readonly string[] = [statelessVersion, ...handshakeVersions];

export const tasksExtension = "io.modelcontextprotocol/tasks";
const metaName = (name: string): string => `io.modelcontextprotocol/${name}`;

export type Json = Readonly<Record<string, unknown>>;
export type RpcId = string | number;

export const rpcCodes = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  tooMany: -32_000,
  resource: -32_002,
  headers: -32_020,
  capability: -32_021,
  version: -32_022,
} as const;

/** The error of a request, and its HTTP status. */
export class RpcError extends Error {
  readonly code: number;
  readonly status: number;
  readonly data: Json | undefined;
  /** The id of the request, if it is valid. */
  readonly id: RpcId | undefined;

  constructor(
    code: number,
    message: string,
    { status = 400, data, id }: { readonly status?: number; readonly data?: Json; readonly id?: RpcId } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.data = data;
    this.id = id;
  }
}

/** A message of a client, checked. */
export type Incoming = { readonly kind: "ignored" } | RpcResponse | RpcRequest;

/** The answer of a client to a request of this server. */
export interface RpcResponse {
  readonly kind: "response";
  readonly id: RpcId;
  /** Undefined if the client answered with an error. */
  readonly result: Json | undefined;
}

export interface RpcRequest {
  readonly kind: "request";
  readonly id: RpcId;
  readonly method: string;
  readonly params: Json;
  /** Whether it is of the version without a handshake. */
  readonly stateless: boolean;
  /** Whether the client understands tasks in the answer to a call. */
  readonly hasTasks: boolean;
  /** Whether the client shows forms to its user. */
  readonly hasForms: boolean;
  /** The token under which the client wants progress. */
  readonly progressToken: RpcId | undefined;
}

const idCharsMax = 256;
const methodCharsMax = 128;

export function readMessage(body: unknown, headers: IncomingHttpHeaders): Incoming {
  if (Array.isArray(body))
    throw new RpcError(rpcCodes.request, "Batches are not supported: send one message");
  if (!isObject(body)) throw new RpcError(rpcCodes.request, "Expected a JSON-RPC message, an object");
  const { jsonrpc, id, method, params } = body;
  if (id !== undefined && !isId(id))
    throw new RpcError(rpcCodes.request, "`id`: expected an integer, or a string of at most 256 characters");
  const about = id === undefined ? {} : { id };
  if (jsonrpc !== "2.0") throw new RpcError(rpcCodes.request, '`jsonrpc`: expected "2.0"', about);
  if (method === undefined && ("result" in body || "error" in body)) return responseIn(body);
  if (typeof method !== "string" || method === "" || method.length > methodCharsMax)
    throw new RpcError(rpcCodes.request, "`method`: expected a string of 1 to 128 characters", about);
  if (params !== undefined && !isObject(params))
    throw new RpcError(rpcCodes.params, "`params`: expected an object", about);
  if (id === undefined) return { kind: "ignored" };
  return readRequest({ id, method, params: params ?? {} }, headers);
}

function readRequest(
  { id, method, params }: { readonly id: RpcId; readonly method: string; readonly params: Json },
  headers: IncomingHttpHeaders,
): RpcRequest {
  const meta = objectIn(params["_meta"]);
  const stated = meta[metaName("protocolVersion")];
  const inHeader = headerOf(headers, "mcp-protocol-version");
  const { progressToken } = meta;
  const common = {
    ...({ kind: "request", id, method, params } as const),
    progressToken: isId(progressToken) ? progressToken : undefined,
  };
  const isHandshake =
    stated === undefined &&
    (inHeader === undefined || handshakeVersions.some((version) => version === inHeader));
  if (isHandshake)
    return { ...common, stateless: false, hasTasks: false, hasForms: hasFormsIn(headers["mcp-session-id"]) };
  if (stated === undefined && inHeader !== undefined && !supportedVersions.includes(inHeader))
    throw versionError(inHeader, id);
  const capabilities = meta[metaName("clientCapabilities")];
  if (typeof stated !== "string" || !isObject(capabilities)) {
    const missing = typeof stated === "string" ? "clientCapabilities" : "protocolVersion";
    throw new RpcError(rpcCodes.params, `\`params._meta\`: ${metaName(missing)} is missing`, { id });
  }
  requireHeader(id, "MCP-Protocol-Version", inHeader, stated);
  if (stated !== statelessVersion) throw versionError(stated, id);
  requireHeader(id, "Mcp-Method", headerOf(headers, "mcp-method"), method);
  const name = nameIn(method, params);
  if (name !== undefined) requireHeader(id, "Mcp-Name", decoded(headerOf(headers, "mcp-name")), name);
  const hasTasks = isObject(objectIn(capabilities["extensions"])[tasksExtension]);
  return { ...common, stateless: true, hasTasks, hasForms: isFormed(capabilities) };
}

function responseIn({ id, result }: Json): Incoming {
  return isId(id)
    ? { kind: "response", id, result: isObject(result) ? result : undefined }
    : { kind: "ignored" };
}

/** A client that declares elicitation without its modes has forms. */
function isFormed({ elicitation }: Json): boolean {
  if (!isObject(elicitation)) return false;
  return isObject(elicitation["form"]) || !isObject(elicitation["url"]);
}

const formedSession = "forms.";

/**
 * Returns the session id of a client with a handshake. The id encodes that the client has forms, and is not stored.
 * Undefined if the client has none.
 */
export function sessionOf({ capabilities }: Json): string | undefined {
  return isFormed(objectIn(capabilities)) ? `${formedSession}${randomUUID()}` : undefined;
}

const hasFormsIn = (session: unknown): boolean =>
  typeof session === "string" && session.startsWith(formedSession);

function versionError(requested: string, id: RpcId): RpcError {
  return new RpcError(rpcCodes.version, "Unsupported protocol version", {
    id,
    data: { supported: supportedVersions, requested: requested.slice(0, 100) },
  });
}

/** Proxies route by these headers: a request whose headers differ from its body would reach another target. */
function requireHeader(id: RpcId, name: string, found: string | undefined, expected: string): void {
  if (found === expected) return;
  const problem = found === undefined ? "is missing" : "differs from the body";
  throw new RpcError(rpcCodes.headers, `Header ${name} ${problem}`, { id });
}

/** Returns what the header `Mcp-Name` repeats of a request. */
export function nameIn(method: string, params: Json): string | undefined {
  const field = nameFields.get(method);
  const value = field === undefined ? undefined : params[field];
  return typeof value === "string" ? value : undefined;
}

const nameFields: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/** A name that is no plain ASCII comes as `=?base64?…?=`. */
function decoded(text: string | undefined): string | undefined {
  const encoded = /^=\?base64\?([\w+/=]*)\?=$/.exec(text ?? "")?.[1];
  return encoded === undefined ? text : Buffer.from(encoded, "base64").toString("utf8");
}

/** Returns the version that a handshake agrees on. */
export function agreedVersion(requested: unknown): string {
  return handshakeVersions.find((version) => version === requested) ?? newestHandshakeVersion;
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value.trim() : undefined;
}

function isId(value: unknown): value is RpcId {
  return typeof value === "string" ? value.length <= idCharsMax : Number.isSafeInteger(value);
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const objectIn = (value: unknown): Json => (isObject(value) ? value : {});

export const resultMessage = (id: RpcId, result: Json): Json => ({ jsonrpc: "2.0", id, result });

export function errorMessage({ code, message, data, id }: RpcError): Json {
  return { jsonrpc: "2.0", id: id ?? null, error: { code, message, ...(data !== undefined && { data }) } };
}
