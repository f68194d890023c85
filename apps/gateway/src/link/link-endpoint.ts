/**
 * The link of agents over WebSocket, at `/v1/link`: the same protocol as over gRPC, for agents that reach only this
 * port, or only a browser. The caller was admitted before.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { agentLinkService, type Hello } from "@tutti/contracts/agent/v1";
import type { Guard } from "@tutti/host";
import { type CallContext, errorFromUnknown, type Foundation, type Principal } from "@tutti/kernel";
import type { Mesh } from "@tutti/mesh";
import { WebSocketServer } from "ws";
import { answerHandshakes } from "../front/refuse-upgrade.ts";
import { LinkedSocket } from "./linked-socket.ts";

export interface LinkEndpointParts {
  readonly mesh: Mesh;
  readonly foundation: Pick<Foundation, "logger" | "timers" | "tracer">;
  /** Absent where nothing is enforced. */
  readonly guard: Pick<Guard, "admitBytes" | "requireOngoing" | "onRulesChanged"> | undefined;
}

/** All streams of an agent end at the same host, which can resume its link, through any gateway. */
function affinityOf(hello: Hello | undefined): string {
  if (hello === undefined) return "";
  const { namespace, pool, agentId, incarnation } = hello;
  return `${namespace || "default"}/${pool || "default"}/${agentId || incarnation}`;
}

/** A frame has at most 4 MiB. As JSON its bytes are a third longer, plus field names. */
const messageBytesMax = 8 * 1024 * 1024;

export class LinkEndpoint {
  readonly #parts: LinkEndpointParts;
  readonly #links = new Map<LinkedSocket, Principal>();
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
  });

  constructor(parts: LinkEndpointParts) {
    this.#parts = parts;
    answerHandshakes(this.#server);
    parts.guard?.onRulesChanged(() => this.#review());
  }

  /** Number of agents that are linked through this gateway. */
  get size(): number {
    return this.#links.size;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, principal: Principal): void {
    const { mesh, foundation, guard } = this.#parts;
    const { logger, tracer } = foundation;
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const link = new LinkedSocket(webSocket, foundation, (bytes) => guard?.admitBytes(principal, bytes));
      this.#links.set(link, principal);
      const client = mesh.client(agentLinkService, { service: "swarm" });
      const trace = tracer.start({ name: "/v1/link", kind: "server" }).context;
      const running = link.run((frames, hello, signal) => {
        const context: CallContext = {
          principal,
          namespace: "default",
          deadlineMs: Number.POSITIVE_INFINITY,
          signal,
          trace,
          idempotencyKey: "",
          logger,
        };
        return client.link(frames, { context, affinity: affinityOf(hello) });
      });
      void running.finally(() => this.#links.delete(link));
    });
  }

  stop(): void {
    for (const link of this.#links.keys()) link.goAway();
    this.#server.close();
  }

  /** The host knows the revoked credentials. Only the gateway that saw a credential knows that its time is over. */
  #review(): void {
    for (const [link, principal] of this.#links)
      try {
        this.#parts.guard?.requireOngoing(principal);
      } catch (error) {
        link.refuse(errorFromUnknown(error));
      }
  }
}
