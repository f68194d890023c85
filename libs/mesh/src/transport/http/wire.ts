/**
 * The form of a call over HTTP: the Connect protocol (connectrpc.com/docs/protocol). A call with one request and one
 * reply has them as its bodies. Messages of a stream are envelopes: flags, length, bytes. The last one contains the
 * status of the stream.
 */
import type { IncomingHttpHeaders } from "node:http";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import {
  errorOfBareStatus,
  fromErrorDetail,
  fromProblem,
  isStatus,
  localAdministrator,
  type Principal,
  type Problem,
  type TraceContext,
  type TuttiError,
  toErrorDetail,
} from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import type { OutgoingCall } from "../../calls/outgoing-call.ts";
import { traceOf, traceparentOf } from "../../calls/traceparent.ts";
import { meshErrors } from "../../errors.ts";
import { printPrincipal, readPrincipal, safe, unescaped } from "../principal.ts";
import { ByteBuffer } from "./byte-buffer.ts";

export const mediaTypes = {
  one: "application/proto",
  stream: "application/connect+proto",
  error: "application/json",
} as const;

/** Flags of an envelope. `alive` is no message: it shows callers that request it that a silent stream is not broken. */
export const flags = { message: 0, compressed: 1, end: 2, alive: 128 } as const;

/** Interval of the heartbeats of a silent stream, and the caller's timeout for them. */
export const aliveMs = 15_000;
export const silentMs = 45_000;

const headerBytes = 5;

export function envelope(flag: number, message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + message.length);
  bytes.writeUInt8(flag, 0);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, headerBytes);
  return bytes;
}

export interface Envelope {
  readonly flag: number;
  readonly bytes: Buffer;
}

/** Reads envelopes as their bytes arrive. `requireSize` throws before anything of a too large message is kept. */
export async function* envelopes(
  source: AsyncIterable<Uint8Array>,
  requireSize: (bytes: number) => void,
): AsyncGenerator<Envelope, void> {
  const read = new ByteBuffer();
  let needed = headerBytes;
  for await (const part of source) {
    read.add(part);
    while (read.length >= needed) {
      const { bytes } = read;
      const size = bytes.readUInt32BE(1);
      requireSize(size);
      needed = headerBytes + size;
      if (bytes.length < needed) break;
      yield { flag: bytes.readUInt8(0), bytes: bytes.subarray(headerBytes, needed) };
      read.dropFirst(needed);
      needed = headerBytes;
    }
  }
  if (read.length > 0)
    throw new RangeError(`the body ended within a message, after ${read.length} bytes of it`);
}

/** Reads a body that is one message. `requireSize` throws as soon as it is too large. */
export async function readBody(
  source: AsyncIterable<Uint8Array>,
  requireSize: (bytes: number) => void,
): Promise<Buffer> {
  const read = new ByteBuffer();
  for await (const part of source) {
    requireSize(read.length + part.length);
    read.add(part);
  }
  return read.bytes;
}

const headers = {
  trace: "traceparent",
  principal: "tutti-principal",
  namespace: "tutti-namespace",
  idempotencyKey: "tutti-idempotency-key",
  service: "tutti-service",
  alive: "tutti-alive",
  timeout: "connect-timeout-ms",
} as const;

/** Returns the data of a call besides its messages. `remainingMs`: until its deadline. */
export function headersOf(
  call: OutgoingCall,
  credential: string,
  remainingMs: number,
): Record<string, string> {
  const { method, principal, namespace, idempotencyKey, trace } = call;
  return {
    "content-type": method.streaming ? mediaTypes.stream : mediaTypes.one,
    "connect-protocol-version": "1",
    ...(Number.isFinite(remainingMs) && { [headers.timeout]: String(Math.max(1, Math.ceil(remainingMs))) }),
    ...(trace !== undefined && { [headers.trace]: traceparentOf(trace) }),
    ...(principal !== localAdministrator && { [headers.principal]: printPrincipal(principal) }),
    ...(credential !== "" && { authorization: `Bearer ${credential}` }),
    ...(namespace !== defaultNamespace && { [headers.namespace]: safe(namespace) }),
    ...(idempotencyKey !== "" && { [headers.idempotencyKey]: safe(idempotencyKey) }),
    ...(method.hosted !== "" && { [headers.service]: safe(method.hosted) }),
    ...(method.rpc.replyStream && { [headers.alive]: "1" }),
  };
}

export interface HttpCallHeaders {
  readonly mediaType: string;
  readonly encoding: string;
  /** The principal according to the caller. The receiver decides whether to trust it. */
  readonly presented: Principal | undefined;
  readonly namespace: string;
  readonly idempotencyKey: string;
  readonly hosted: string;
  readonly parent: TraceContext | undefined;
  readonly wantsKeepAlive: boolean;
  /** Undefined if the call has no deadline. Not a number if the header is invalid. */
  readonly timeoutMs: number | undefined;
}

export function readHeaders(incoming: IncomingHttpHeaders): HttpCallHeaders {
  const text = (name: string): string => {
    const value = incoming[name];
    return typeof value === "string" ? value : "";
  };
  const principal = text(headers.principal);
  const timeout = text(headers.timeout);
  return {
    mediaType: text("content-type").split(";", 1)[0]?.trim().toLowerCase() ?? "",
    encoding: text("content-encoding") || text("connect-content-encoding") || "identity",
    presented: principal === "" ? undefined : readPrincipal(principal),
    namespace: unescaped(text(headers.namespace)) || defaultNamespace,
    idempotencyKey: unescaped(text(headers.idempotencyKey)),
    hosted: unescaped(text(headers.service)),
    parent: traceOf(text(headers.trace)),
    wantsKeepAlive: text(headers.alive) === "1",
    timeoutMs: timeout === "" ? undefined : /^\d{1,10}$/.test(timeout) ? Number(timeout) : Number.NaN,
  };
}

const detailType = "tutti.types.v1.ErrorDetail";

/** Returns an error in the form of Connect, with all of ours in its details. */
export function errorJson(error: TuttiError): object {
  const code = error.status === "CANCELLED" ? "canceled" : error.status.toLowerCase();
  const detail = Buffer.from(ErrorDetail.encode(toErrorDetail(error)).finish());
  const value = detail.toString("base64").replace(/=+$/, "");
  return { code, message: error.message, details: [{ type: detailType, value }] };
}

/** Reads such an error. Never throws: an invalid one becomes an error that reports this. */
export function errorOfJson(json: unknown): TuttiError {
  const { code, message, details } = Object(json) as Readonly<Record<string, unknown>>;
  const known = Array.isArray(details) ? details : [];
  for (const detail of known) {
    const { type, value } = Object(detail) as Readonly<Record<string, unknown>>;
    if (type !== detailType || typeof value !== "string") continue;
    try {
      return fromErrorDetail(ErrorDetail.decode(Buffer.from(value, "base64")));
    } catch {}
  }
  const name = String(code).toUpperCase();
  const status = name === "CANCELED" ? "CANCELLED" : isStatus(name) ? name : "UNKNOWN";
  return errorOfBareStatus(status, typeof message === "string" ? message : "no message");
}

/** Returns the error of an answer that is no reply: one of ours, or that of a proxy or another program. */
export function errorOfAnswer(
  method: Method,
  { address, status, text }: { readonly address: string; readonly status: number; readonly text: string },
): TuttiError {
  const json = parsed(text);
  if (typeof json?.["detail"] === "string" && typeof json["status"] === "number")
    return fromProblem(json as unknown as Problem);
  if (typeof json?.["code"] === "string") return errorOfJson(json);
  const { service, label: rpc } = method;
  const reason = `HTTP ${status}`;
  if (status === 401) return errorOfBareStatus("UNAUTHENTICATED", reason);
  if (status === 403) return errorOfBareStatus("PERMISSION_DENIED", reason);
  if (status === 404 || status === 405) return meshErrors.noHandler({ rpc });
  if (status === 413) return meshErrors.tooLargeForPeer({ rpc, reason });
  if (status === 429) return errorOfBareStatus("RESOURCE_EXHAUSTED", reason);
  if (status >= 300 && status < 400) return meshErrors.noConnection({ service, rpc, address, reason });
  return meshErrors.connectionLost({ rpc, address, reason });
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null
      ? (json as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
