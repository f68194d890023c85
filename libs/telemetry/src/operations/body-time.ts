/**
 * Time limits for the bodies of requests. Node has one limit for a whole server, which would cut the upload of a large
 * file over a slow line.
 *
 * 1. A body that has not arrived in time is answered with 408, like late headers.
 * 2. A handler that knows the caller can allow a body more time. Node's own limit still applies.
 */
import type { IncomingMessage, Server } from "node:http";
import { systemTimers } from "@tutti/kernel";

const patient = new WeakSet<IncomingMessage>();

/** Allows the body of an upload or a stream up to an hour. Call it after the caller is authenticated and counted. */
export function extendBodyTimeout(request: IncomingMessage): void {
  patient.add(request);
}

export function limitBodies(server: Server, mostMs: number): void {
  server.on("request", (request) => {
    const { "content-length": length, "transfer-encoding": coding } = request.headers;
    if (coding === undefined && (length === undefined || length === "0")) return;
    const timer = systemTimers.after(mostMs, () => {
      if (request.complete || request.socket.destroyed || patient.has(request)) return;
      const error = Object.assign(new Error("the body is late"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
      server.emit("clientError", error, request.socket);
    });
    // Not when the request closes, because the rest of a body must arrive in time even if the reply was already sent.
    request.once("end", () => timer.cancel());
  });
}
