/**
 * The operations endpoints on an HTTP server of their own. In a process with a gateway they share it: what is no
 * endpoint of theirs goes to the front door.
 *
 * 1. A caller that can reach the port can cost little: few connections, short headers, short waits, no bodies. A front
 *    door has more of each, and bounds what it takes by itself.
 * 2. It answers until it is stopped, while the service drains too: that is when `/readyz` has to say no.
 * 3. Stopping ends idle connections at once, lets answers under way finish, and cuts the others when time is up.
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

// Not by `import`: that reads every export of the module, WebSocket among them, and so loads the whole of undici, which
// takes 3 MiB of each process without a use here.
const { createServer } = process.getBuiltinModule("node:http");

/** What answers everything on the port that is no operations endpoint. */
export interface FrontDoor {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Takes over a connection that asks for another protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface OperationsServerOptions {
  readonly door?: FrontDoor | undefined;
  readonly routes: OperationsRoutes;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logger: Logger;
  /** Without them, clients have the addresses of their connections. */
  readonly proxies?: ProxySettings | undefined;
  /** What to change when the address cannot be used. */
  readonly settings?: { readonly host: string; readonly port: string };
  /** How long headers and whole requests may take, and how often that is checked. */
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
  // Checked here, where the answer is a problem document.
  requireHostHeader: false,
  // Clients that offer HTTP/2 on each request (`Upgrade: h2c`) are answered over HTTP/1.1.
  shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === "websocket",
};
const connectionsMax = 256;

/** Addresses contain cursors, bodies take their time, and clients keep their connections. */
const doorLimits = { ...limits, maxHeaderSize: 32_768, keepAliveTimeout: 65_000 };
const doorBodyMs = 60_000;
/** Of a body that its handler lets take its time. */
const patientMs = 3_600_000;
const doorConnectionsMax = 10_000;

export class OperationsServer {
  readonly #options: OperationsServerOptions;
  #server: Server | undefined;
  /** Connections without a request yet. */
  readonly #silent = new Set<Socket>();
  #address: ListenAddress | undefined;

  constructor(options: OperationsServerOptions) {
    this.#options = options;
  }

  /** Where it listens. Undefined while it does not. */
  get address(): ListenAddress | undefined {
    return this.#address;
  }

  async start(): Promise<void> {
    const { door, timeouts } = this.#options;
    const options = {
      ...(door === undefined ? limits : doorLimits),
      ...timeouts,
      ...(door !== undefined && { requestTimeout: patientMs }),
    };
    const server = createServer(options, (request, response) => this.#take(request, response));
    answerUnreadable(server);
    if (door !== undefined) limitBodies(server, timeouts?.requestTimeout ?? doorBodyMs);
    server.maxConnections = door === undefined ? connectionsMax : doorConnectionsMax;
    if (door !== undefined)
      server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#readProxies(server);
    server.on("connection", (socket) => {
      this.#silent.add(socket);
      socket.once("close", () => this.#silent.delete(socket));
    });
    const speaks = ({ socket }: IncomingMessage) => this.#silent.delete(socket);
    server.on("request", speaks);
    server.on("upgrade", speaks);
    this.#address = await this.#listen(server);
    this.#server = server;
    this.#options.logger.info("operations endpoints listening", {
      ...this.#address,
      paths: this.#options.routes.paths,
    });
  }

  /** What serves a connection waits until a proxy has said who is behind it. */
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
    // They serve no request, but Node takes them for connections running until their first request.
    for (const socket of this.#silent) socket.destroy();
    const cut = (): void => server.closeAllConnections();
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    await closed;
    signal.removeEventListener("abort", cut);
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

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { door, routes } = this.#options;
    const [path = ""] = (request.url ?? "/").split("?", 1);
    const isOurs = door === undefined || routes.paths.includes(path);
    const refused = hostProblem(request, isOurs && isLoopbackHost(this.#options.host));
    if (refused !== undefined) send(response, { ...refused, headers: { connection: "close" } });
    else if (isOurs) void this.#answer(request, response);
    else door.handle(request, response);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node no longer listens. Without a listener the error of a reset connection ends the process.
    socket.on("error", () => {});
    const refused = hostProblem(request, false);
    if (refused === undefined) this.#options.door?.upgrade(request, socket, head);
    else endWithAnswer(socket, refused);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
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
 * The refusal of a request whose `Host` is wrong: a web page can reach a loopback address under a name of its own (DNS
 * rebinding). The door checks its own requests.
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
  // To a HEAD Node sends the headers alone.
  response.end(body);
}
