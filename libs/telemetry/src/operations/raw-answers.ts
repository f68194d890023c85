/**
 * Problem documents for requests that never become one for a handler: what the HTTP parser refuses, what does not
 * arrive in time, connections that leave HTTP.
 *
 * 1. Each of these answers closes its connection.
 * 2. An answer whose headers are sent is never followed by another one: its connection is cut.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { operationsErrors } from "./errors.ts";
import { type OperationsResponse, problem } from "./routes.ts";

/** Browsers never run, frame or guess the type of an answer. */
export const safeHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** Answers on a connection that HTTP has left, and closes it. */
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

/** Answers with a problem document where Node would answer with its own text, or with none. */
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
