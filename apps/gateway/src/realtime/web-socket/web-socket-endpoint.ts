/**
 * Events over WebSocket, on the address that has them as server-sent events too. An admitted client sends nothing
 * more: the address names the events, and another address is another connection.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { errorFromUnknown, type Logger, toProblem } from "@tutti/kernel";
import { type WebSocket, WebSocketServer } from "ws";
import type { Caller } from "../../access/access.ts";
import { answerHandshakes } from "../../front/refuse-upgrade.ts";
import { EventFeed, type EventFeedParts } from "../events/event-feed.ts";
import { eventQueryOf } from "../events/event-query.ts";
import { webSocketFormat } from "../events/format.ts";
import type { Connections } from "../outflow/connections.ts";
import type { Pipe } from "../outflow/pipe.ts";
import type { RequireAllowed } from "../require-allowed.ts";
import { messageOf } from "./messages.ts";

export interface WebSocketEndpointParts {
  readonly connections: Connections;
  readonly feed: EventFeedParts;
  readonly logger: Logger;
  readonly requireAllowed: RequireAllowed;
}

/** Close code after a message with the reason (RFC 6455: policy violation). */
const refused = 1008;
/** No message is expected from the client. */
const unexpected = 1003;

export class WebSocketEndpoint {
  readonly #parts: WebSocketEndpointParts;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 1_024, perMessageDeflate: false });

  constructor(parts: WebSocketEndpointParts) {
    this.#parts = parts;
    answerHandshakes(this.#server);
  }

  /** Upgrades a connection. Its caller was admitted before. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, caller: Caller): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("error", (error) => this.#parts.logger.debug("WebSocket failed", { error }));
      void this.#follow(webSocket, new URL(request.url ?? "/", "http://gateway").searchParams, caller);
    });
  }

  async #follow(webSocket: WebSocket, query: URLSearchParams, caller: Caller): Promise<void> {
    try {
      await this.#parts.connections.admit(() => this.#open(webSocket, query, caller));
    } catch (error) {
      const problem = toProblem(errorFromUnknown(error));
      webSocket.send(messageOf({ kind: "problem", problem }), { binary: false });
      webSocket.close(refused, problem.code);
    }
  }

  async #open(webSocket: WebSocket, query: URLSearchParams, caller: Caller): Promise<void> {
    const { connections, feed: parts, requireAllowed } = this.#parts;
    const eventQuery = eventQueryOf(query, undefined);
    requireAllowed(caller, eventQuery.namespace);
    const feed = await EventFeed.open(parts, eventQuery);
    const outflow = connections.open("web_socket", new WebSocketPipe(webSocket), {
      requireAllowed: () => requireAllowed(caller, eventQuery.namespace),
      problem: webSocketFormat.problem,
    });
    webSocket.on("close", () => outflow.destroy("left"));
    webSocket.on("message", () => webSocket.close(unexpected, "this connection accepts no messages"));
    feed.start({ outflow, format: webSocketFormat });
    // If the client disconnected while the feed was opened, the socket does not emit `close` any more.
    if (webSocket.readyState !== webSocket.OPEN) outflow.destroy("left");
  }
}

/** Codes of RFC 6455 by which a connection is closed. */
const goingAway = 1001;

class WebSocketPipe implements Pipe {
  readonly heartbeat = messageOf({ kind: "alive" });
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  write(frames: readonly Uint8Array[], onAccepted: () => void): void {
    const last = frames.length - 1;
    for (const [index, frame] of frames.entries()) {
      this.#socket.send(frame, { binary: false }, (error) => {
        if (index === last && !error) onAccepted();
      });
    }
  }

  end(): void {
    this.#socket.close(goingAway, "come again with the last cursor");
  }

  destroy(): void {
    this.#socket.terminate();
  }
}
