/**
 * The operations endpoints on an HTTP server. A gateway in the same process shares the server: requests for other paths
 * go to its HTTP handler.
 *
 * 1. A caller that can reach the port can cost little: few connections, short headers, short waits, no bodies. A gateway
 *    allows more of each, and limits its requests itself.
 * 2. The server answers until it is stopped, and so while the service drains, because `/readyz` must then report it.
 * 3. Stopping ends idle connections immediately, completes replies in progress, and cuts the others when the time is up.
 */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { errorFromUnknown, hostNameIn, isLoopbackHost, isTuttiError, type Logger } from "@tutti/kernel";
import { limitBodies } from "./body-time.ts";
import { ClientAddresses, clientAddressOf, type ProxySettings } from "./client-address.ts";
import { operationsErrors } from "./errors.ts";
import { answerUnreadable, endWithAnswer, safeHeaders } from "./raw-answers.ts";
import { type OperationsResponse, type OperationsRoutes, problem } from "./routes.ts";

// Not by `import`, which reads every export of the module, including WebSocket. That loads the whole of undici, 3 MiB of
// each process without any use here.
const { createServer } = process.getBuiltinModule("node:http");

/** Handles all requests on the port that are not for operations endpoints. */
export interface HttpHandler {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Takes over a connection that requests another protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface OperationsServerOptions {
  readonly handler?: HttpHandler | undefined;
  readonly routes: OperationsRoutes;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logger: Logger;
  /** If undefined, the address of a client is that of its connection. */
  readonly proxies?: ProxySettings | undefined;
  /** The keys to change if the address cannot be used. */
  readonly settings?: { readonly host: string; readonly port: string };
  /** Time limits for headers and whole requests, and the interval of their check. */
  readonly timeouts?: RequestTimeouts;
}

export type RequestTimeouts = Pick<
  ServerOptions,
  "headersTimeout" | "requestTimeout" | "connectionsCheckingInterval"
>;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const limits = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 5000,
  // Checked in this file instead, so that the reply is a problem document.
  requireHostHeader: false,
  // Clients that offer HTTP/2 on each request (`Upgrade: h2c`) are answered over HTTP/1.1.
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
};
const connectionsMax = 256;

/** Addresses contain cursors, bodies take time, and clients keep their connections. */
const handlerLimits = { ...limits, maxHeaderSize: 32_768, keepAliveTimeout: 65_000 };
const handlerBodyMs = 60_000;
const handlerConnectionsMax = 10_000;

export class OperationsServer {
  readonly #options: OperationsServerOptions;
  #server: Server | undefined;
  /** Connections that have not sent a request. */
  readonly #silent = new Set<Socket>();
  #address: ListenAddress | undefined;

  constructor(options: OperationsServerOptions) {
    this.#options = options;
  }

  /** The address on which the server listens. Undefined if it does not listen. */
  get address(): ListenAddress | undefined {
    return this.#address;
  }

  async start(): Promise<void> {
    const { handler, timeouts } = this.#options;
    const options = {
      ...(handler === undefined ? limits : handlerLimits),
      ...timeouts,
      // Node's limit is for a whole body, however fast it arrives. `limitBodies` knows which body is late.
      ...(handler !== undefined && { requestTimeout: 0 }),
    };
    const server = createServer(options, (request, response) => this.#handle(request, response));
    answerUnreadable(server);
    if (handler !== undefined) limitBodies(server, timeouts?.requestTimeout ?? handlerBodyMs);
    server.maxConnections = handler === undefined ? connectionsMax : handlerConnectionsMax;
    if (handler !== undefined)
      server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#readProxies(server);
    server.on("connection", (socket) => {
      this.#silent.add(socket);
      socket.once("close", () => this.#silent.delete(socket));
    });
    const markActive = ({ socket }: IncomingMessage) => this.#silent.delete(socket);
    server.on("request", markActive);
    server.on("upgrade", markActive);
    this.#address = await this.#listen(server);
    this.#server = server;
    this.#options.logger.info("operations endpoints listening", {
      ...this.#address,
      paths: this.#options.routes.paths,
    });
  }

  /** Delays the handlers of a connection until a trusted proxy has named the client. */
  #readProxies(server: Server): void {
    const { proxies } = this.#options;
    if (proxies === undefined || proxies.trustedProxies.length === 0) return;
    const addresses = new ClientAddresses(proxies);
    const serving = server.listeners("connection");
    server.removeAllListeners("connection");
    server.on("connection", (socket: Socket) =>
      addresses.accept(socket, () => {
        for (const serve of serving) serve.call(server, socket);
      }),
    );
  }

  async stop(signal: AbortSignal): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    this.#address = undefined;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // They serve no request, but Node counts connections as running until their first request.
    for (const socket of this.#silent) socket.destroy();
    const closeConnections = (): void => server.closeAllConnections();
    if (signal.aborted) closeConnections();
    signal.addEventListener("abort", closeConnections, { once: true });
    await closed;
    signal.removeEventListener("abort", closeConnections);
  }

  #listen(server: Server): Promise<ListenAddress> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      server.once("error", (error) => reject(this.#listenError(error)));
      server.listen({ host, port }, () => {
        server.removeAllListeners("error");
        server.on("error", (error) => this.#options.logger.error("operations endpoints failed", { error }));
        const address = server.address();
        resolve({ host, port: typeof address === "object" && address !== null ? address.port : port });
      });
    });
  }

  #listenError(error: Error): Error {
    const { host, port, settings = { host: "operations.host", port: "operations.port" } } = this.#options;
    const code = "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") {
      return operationsErrors.portInUse({ host, port, setting: settings.port }, { cause: error });
    }
    const named = `${settings.host} and ${settings.port}`;
    return operationsErrors.listenRefused(
      { host, port, reason: error.message, settings: named },
      { cause: error },
    );
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { handler, routes } = this.#options;
    const [path = ""] = (request.url ?? "/").split("?", 1);
    const isOurs = handler === undefined || routes.paths.includes(path);
    const refused = hostProblem(request, isOurs && isLoopbackHost(this.#options.host));
    if (refused !== undefined) send(response, { ...refused, headers: { connection: "close" } });
    else if (isOurs) void this.#handleRequest(request, response);
    else handler.handle(request, response);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node no longer listens. Without a listener, the error of a reset connection ends the process.
    socket.on("error", () => {});
    const refused = hostProblem(request, false);
    if (refused === undefined) this.#options.handler?.upgrade(request, socket, head);
    else endWithAnswer(socket, refused);
  }

  async #handleRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url: path = "/" } = request;
    try {
      const { accept, authorization } = request.headers;
      const address = clientAddressOf(request);
      send(response, await this.#options.routes.handle({ method, path, accept, authorization, address }));
    } catch (error) {
      if (isTuttiError(error) && error.status === "UNAUTHENTICATED")
        return send(response, problem(error, { headers: { "www-authenticate": "Bearer" } }));
      if (isTuttiError(error) && error.status === "RESOURCE_EXHAUSTED")
        return send(
          response,
          problem(error, { headers: { "retry-after": `${Math.ceil(error.retryAfterMs / 1_000)}` } }),
        );
      this.#options.logger.error("operations endpoint failed", { path, error });
      send(response, problem(errorFromUnknown(error)));
    }
  }
}

/**
 * Returns the rejection of a request with a wrong `Host`. A web page can reach a loopback address under a name of its own
 * (DNS rebinding). The gateway checks its own requests.
 */
function hostProblem(
  { headersDistinct, httpVersion }: IncomingMessage,
  isLoopback: boolean,
): OperationsResponse | undefined {
  const { host: hosts = [] } = headersDistinct;
  // HTTP/1.0 has no Host.
  const isMissing = hosts.length === 0 && httpVersion === "1.1";
  if (hosts.length > 1 || isMissing) return problem(operationsErrors.hostsDiffer({ found: hosts.length }));
  const [host] = hosts;
  if (!isLoopback || host === undefined || isLoopbackHost(hostNameIn(host))) return undefined;
  return problem(operationsErrors.hostUnknown({ host }), { status: 421 });
}

function send(response: ServerResponse, answer: OperationsResponse): void {
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    ...answer.headers,
    ...safeHeaders,
    "content-type": answer.contentType,
    "content-length": body.length,
    "cache-control": "no-store",
  });
  // For a HEAD request, Node sends only the headers.
  response.end(body);
}
