/** The gateway's endpoint at the port of the process. It refuses requests while the gateway is not open. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpHandler } from "@tutti/telemetry";
import { gatewayErrors } from "../errors.ts";
import { dataHeaders } from "./headers.ts";
import { problemAnswer } from "./problems.ts";

export class GatewayEndpoint implements HttpHandler {
  #behind: HttpHandler | undefined;
  #state = "starting";

  open(behind: HttpHandler): void {
    this.#behind = behind;
  }

  /** From now on, refuses new requests with a time to retry. */
  shut(): void {
    this.#behind = undefined;
    this.#state = "stopping";
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#behind !== undefined) {
      this.#behind.handle(request, response);
      return;
    }
    const { status, headers, body } = problemAnswer(
      gatewayErrors.notReady({ state: this.#state }, { retryAfterMs: 1_000 }),
    );
    response.writeHead(status, { ...dataHeaders, ...headers, connection: "close" });
    response.end(body);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#behind !== undefined) this.#behind.upgrade(request, socket, head);
    else socket.destroy();
  }
}
