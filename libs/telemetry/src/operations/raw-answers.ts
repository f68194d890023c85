/**
 * Problem documents for requests that never reach a handler: requests that the HTTP parser rejects, requests that do not
 * arrive in time, connections that leave HTTP.
 *
 * 1. Each of these replies closes its connection.
 * 2. If the headers of a reply are already sent, no second reply follows. The connection is cut.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { operationsErrors } from "./errors.ts";
import { type OperationsResponse, problem } from "./routes.ts";

/** Prevent browsers from running or framing a reply, and from guessing its type. */
export const safeHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** Sends a reply on a connection that has left HTTP, and closes the connection. */
export function endWithAnswer(
  socket: Duplex,
  { status, contentType, headers, body }: OperationsResponse,
): void {
  const lines = Object.entries({
    ...headers,
    ...safeHeaders,
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  // Node may no longer listen. Without a listener the error of a reset connection ends the process.
  socket.on("error", () => {});
  // The reason phrase is optional (RFC 9112), the space before it is not.
  socket.end(`HTTP/1.1 ${status} \r\n${lines.join("")}\r\n${body}`);
}

/** Sends a problem document in cases where Node would send its own text or nothing. */
export function answerUnreadable(server: Server): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.on("request", ({ socket }, response) => answering.set(socket, response));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const response = answering.get(socket);
    const isStarted = response?.headersSent === true && !response.writableFinished;
    if (error.code === "ECONNRESET" || !socket.writable || isStarted) socket.destroy(error);
    else endWithAnswer(socket, unreadable(error));
  });
  server.on("checkExpectation", ({ headers, socket }: IncomingMessage) => {
    const refusal = operationsErrors.expectationUnknown({ found: String(headers.expect).slice(0, 100) });
    endWithAnswer(socket, problem(refusal, { status: 417 }));
  });
  server.on("connect", (_request, socket) => {
    const refusal = operationsErrors.requestMalformed({ reason: "the method CONNECT, which is for proxies" });
    endWithAnswer(socket, problem(refusal));
  });
}

function unreadable({ code, message }: NodeJS.ErrnoException): OperationsResponse {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return problem(operationsErrors.headersTooLong(), { status: 431 });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return problem(operationsErrors.requestLate(), { status: 408 });
    default:
      return problem(operationsErrors.requestMalformed({ reason: message.replace(/^Parse Error: /, "") }));
  }
}
