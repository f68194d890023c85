/** Refuses requests for a WebSocket. Node has handed over the socket, so the response is written directly. */
import type { Duplex } from "node:stream";
import { errorFromUnknown } from "@tutti/kernel";
import { endWithAnswer } from "@tutti/telemetry";
import type { WebSocketServer } from "ws";
import { gatewayErrors } from "../errors.ts";
import { problemAnswer } from "./problems.ts";

/** Answers with a problem document and closes the connection. */
export function refuseUpgrade(socket: Duplex, thrown: unknown, more: Readonly<Record<string, string>> = {}) {
  const { status, headers, body } = problemAnswer(errorFromUnknown(thrown));
  const { "content-type": contentType = "", ...rest } = headers;
  endWithAnswer(socket, { status, contentType, headers: { ...rest, ...more }, body });
}

/** Responds with a problem. `ws` itself would send a plain text. */
export function answerHandshakes(server: WebSocketServer): void {
  server.on("wsClientError", (error, socket) => {
    refuseUpgrade(socket, gatewayErrors.handshakeInvalid({ reason: error.message }), {
      "sec-websocket-version": "13",
    });
  });
}
