/**
 * How long the body of a request may take. Node has one limit for a whole server, which would cut the upload of a large file
 * over a slow line.
 *
 * 1. A body that has not arrived in time is answered with 408, as headers are.
 * 2. A handler that knows the caller lets a body take longer. Node's own limit holds for it too.
 */
import type { IncomingMessage, Server } from "node:http";
import { systemTimers } from "@tutti/kernel";

const patient = new WeakSet<IncomingMessage>();

/** Of an upload or a stream: its body may take up to an hour. Call it after the caller is known and counted. */
export function letBodyTakeTime(request: IncomingMessage): void {
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
    // Not at its close: the rest of a body whose request is answered already has to arrive in time too.
    request.once("end", () => timer.cancel());
  });
}
