/** A gateway for tests of the mesh: an HTTP endpoint that trusts every caller. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServiceDescription } from "@tutti/contracts/rpc";
import { localAdministrator, systemTimers, type Timers, TuttiError } from "@tutti/kernel";
import { testContext } from "@tutti/kernel/testing";
import type { Mesh } from "../mesh.ts";
import { HttpEndpoint } from "../transport/http/endpoint.ts";
import { readHeaders } from "../transport/http/wire.ts";

export interface HttpGatewayOptions {
  readonly timers?: Timers;
  readonly port?: number;
  /** Maximum size of a caller's message. */
  readonly bytesMax?: number;
}

export class HttpGateway {
  readonly url: string;
  readonly server: Server;
  readonly stopping: AbortController;
  readonly #mesh: Mesh;

  private constructor(mesh: Mesh, server: Server, stopping: AbortController) {
    this.#mesh = mesh;
    this.server = server;
    this.stopping = stopping;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async open(
    mesh: Mesh,
    contracts: readonly ServiceDescription[],
    { timers = systemTimers, port = 0, bytesMax = Number.POSITIVE_INFINITY }: HttpGatewayOptions = {},
  ): Promise<HttpGateway> {
    const stopping = new AbortController();
    const endpoint = new HttpEndpoint({
      ...{ mesh, timers, contracts, stopping: stopping.signal },
      isOffered: (rpc) => !rpc.endsWith("/Edit"),
    });
    const server = createServer((request, response) => {
      const disconnected = new AbortController();
      response.once("close", () => disconnected.abort());
      const { presented = localAdministrator, parent } = readHeaders(request.headers);
      const context = testContext({
        ...{ principal: presented, signal: disconnected.signal, deadlineMs: Number.POSITIVE_INFINITY },
        ...(parent && { trace: parent }),
      });
      const admitBytes = (bytes: number) => {
        if (bytes > bytesMax)
          throw new TuttiError({
            code: "test.too_large",
            status: "RESOURCE_EXHAUSTED",
            message: `${bytes} bytes`,
          });
      };
      void endpoint.serve({
        ...{ rpc: request.url?.slice("/v1/calls/".length) ?? "", headers: request.headers },
        ...{ body: request, response, context, admit() {}, admitBytes },
      });
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return new HttpGateway(mesh, server, stopping);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Like a killed process: all connections are reset. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  async close(): Promise<void> {
    await this.#mesh.stop();
    await this.kill();
  }
}
