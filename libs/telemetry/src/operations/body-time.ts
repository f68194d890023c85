/**
 * Time limits for the bodies of requests. Node has one limit for a whole server, which would cut the upload of a large
 * file over a slow line.
 *
 * 1. A body that has not arrived in time is answered with 408, like late headers.
 * 2. A handler that knows the caller can allow a body more time: as long as bytes arrive.
 */
import type { IncomingMessage, Server } from "node:http";
import { systemTimers, type Timers } from "@tutti/kernel";

const patient = new WeakSet<IncomingMessage>();
/** Maximum time without a byte of a body whose handler has called `extendBodyTimeout`. */
const patienceMs = 3_600_000;

/**
 * Allows the body of an upload or a stream any time in which it moves. Call it after the caller is authenticated and
 * counted.
 */
export function extendBodyTimeout(request: IncomingMessage): void {
  patient.add(request);
}

export function limitBodies(
  server: Pick<Server, "on" | "emit">,
  mostMs: number,
  timers: Timers = systemTimers,
): void {
  server.on("request", (request: IncomingMessage) => {
    const { "content-length": length, "transfer-encoding": coding } = request.headers;
    if (coding === undefined && (length === undefined || length === "0")) return;
    const { socket } = request;
    let readBytes = -1;
    const check = (): void => {
      if (request.complete || socket.destroyed) return;
      if (patient.has(request) && socket.bytesRead > readBytes) {
        readBytes = socket.bytesRead;
        timer = timers.after(patienceMs, check);
        return;
      }
      const error = Object.assign(new Error("the body is late"), { code: "ERR_HTTP_REQUEST_TIMEOUT" });
      server.emit("clientError", error, socket);
    };
    let timer = timers.after(mostMs, check);
    const finish = (): void => {
      timer.cancel();
      socket.off("close", finish);
    };
    // Not when the request closes, because the rest of a body must arrive in time even if the reply was already sent.
    request.once("end", finish);
    socket.once("close", finish);
  });
}
