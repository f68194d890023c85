/**
 * `POST /mcp`: the Model Context Protocol over streamable HTTP. The protocol itself is loaded with the first request.
 *
 * 1. A response is one piece of JSON, or a stream of events if the client requested progress.
 * 2. Nothing is stored for a session: GET and DELETE get 405. The id of a session encodes that its client has forms.
 * 3. The answer of a client to a question arrives with a request of its own, at any process.
 */
import type { HostContext } from "@tutti/host";
import { errorFromUnknown, type Foundation } from "@tutti/kernel";
import { parseInTurns } from "@tutti/rest/json";
import type { Run } from "@tutti/rest/types";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type EdgeGuard, whenClosed } from "../access/edge.ts";
import { RequestContext } from "../calls/request-context.ts";
import type { GatewaySettings } from "../configuration.ts";
import { gatewayErrors } from "../errors.ts";
import { acceptBytes } from "../front/body.ts";
import { callerIn } from "../front/context.ts";
import { problemAnswer } from "../front/problems.ts";
import { AnswerEvents } from "../realtime/answer-events.ts";
import type { McpServer } from "./mcp-server.ts";
import type { Json, RpcError, RpcId, RpcRequest, RpcResponse } from "./protocol.ts";

export interface McpPluginParts {
  readonly host: Pick<HostContext, "mesh" | "version"> & { readonly guard: EdgeGuard | undefined };
  readonly foundation: Foundation;
  readonly settings: Pick<GatewaySettings, "callMs">;
  readonly stopping: AbortSignal;
}

/** Size of a message: the same limit as for the input of a run. */
const messageBytesMax = 1_048_576;
/** Requests that are answered at the same time, of all clients. */
const openMax = 1_000;

const loadProtocol = async () => ({
  ...(await import("./protocol.ts")),
  ...(await import("./mcp-server.ts")),
  ...(await import("../calls/route-calls.ts")),
});
type Protocol = Awaited<ReturnType<typeof loadProtocol>>;
interface Loaded {
  readonly protocol: Protocol;
  readonly server: McpServer;
}

export function mcpPlugin(parts: McpPluginParts): (app: FastifyInstance) => Promise<void> {
  const answers = new McpAnswers(parts);
  return async (app) => {
    acceptBytes(app, messageBytesMax, ({ caller }, bytes) => {
      if (caller !== undefined) parts.host.guard?.admitBytes(caller.principal, bytes);
    });
    app.post("/mcp", { bodyLimit: messageBytesMax }, (request, reply) =>
      answers.handleRequest(request, reply),
    );
    app.route({
      method: ["GET", "DELETE"],
      url: "/mcp",
      config: { reach: "open" },
      handler: async ({ method }, reply) => {
        reply.header("allow", "POST");
        throw gatewayErrors.methodUnknown({ method, path: "/mcp", allowed: "POST" });
      },
    });
  };
}

class McpAnswers {
  readonly #parts: McpPluginParts;
  #loading: Promise<Loaded> | undefined;
  #open = 0;

  constructor(parts: McpPluginParts) {
    this.#parts = parts;
  }

  async handleRequest(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.#loading ??= this.#load();
    const loaded = await this.#loading;
    const { RpcError, rpcCodes, readMessage, errorMessage } = loaded.protocol;
    try {
      if (this.#open >= openMax)
        throw new RpcError(rpcCodes.tooMany, "Too many requests are open", { status: 503 });
      this.#open++;
      whenClosed(reply.raw, () => this.#open--);
      const incoming = readMessage(await bodyOf(request, loaded.protocol), request.headers);
      if (incoming.kind === "ignored") await reply.code(202).send();
      else if (incoming.kind === "response") await this.#accept(loaded, request, reply, incoming);
      else await this.#send(loaded, request, reply, incoming);
    } catch (thrown) {
      const error = thrown instanceof RpcError ? thrown : internal(loaded.protocol, thrown, undefined);
      if (!reply.sent) await sendJson(reply, error.status, errorMessage(error));
    }
  }

  async #load(): Promise<Loaded> {
    const { mesh, version } = this.#parts.host;
    const protocol = await loadProtocol();
    const calls = new protocol.RouteCalls(mesh);
    const { clock } = this.#parts.foundation;
    return { protocol, server: new protocol.McpServer({ calls, clock, version }) };
  }

  #context(request: FastifyRequest, reply: FastifyReply): { context: RequestContext; namespace: string } {
    const { foundation, settings, stopping } = this.#parts;
    const caller = callerIn(request);
    const query = new URL(request.url, "http://gateway").searchParams;
    const context = new RequestContext({
      foundation,
      caller,
      query,
      callMs: settings.callMs,
      stopping,
      isWaitOnly: true,
      route: "/mcp",
      request: request.raw,
      response: reply.raw,
    });
    return {
      context,
      namespace: query.get("namespace") || caller.principal.credential?.namespace || "default",
    };
  }

  async #accept(
    { server }: Loaded,
    request: FastifyRequest,
    reply: FastifyReply,
    response: RpcResponse,
  ): Promise<void> {
    const { context, namespace } = this.#context(request, reply);
    try {
      await server.acceptResponse(response, { context, namespace });
      await reply.code(202).send();
      context.end();
    } catch (thrown) {
      context.end(thrown);
      throw thrown;
    }
  }

  async #send(
    { protocol, server }: Loaded,
    request: FastifyRequest,
    reply: FastifyReply,
    message: RpcRequest,
  ): Promise<void> {
    const { context, namespace } = this.#context(request, reply);
    const { id, progressToken, hasForms, stateless } = message;
    const hasQuestions = hasForms && !stateless;
    const stream = new EventStream(reply, progressToken);
    try {
      const report = stream.report.bind(stream);
      const sendRequest = hasQuestions ? stream.sendRequest.bind(stream) : undefined;
      const notify = stream.notify.bind(stream);
      const session = message.method === "initialize" ? protocol.sessionOf(message.params) : undefined;
      if (session !== undefined && !stateless) reply.header("mcp-session-id", session);
      const result = await server.handleCall({
        request: message,
        context,
        namespace,
        report,
        sendRequest,
        notify,
      });
      const answered = protocol.resultMessage(id, result);
      if (!stream.end(answered)) await sendJson(reply, 200, answered);
      context.end();
    } catch (thrown) {
      context.end(thrown);
      const error = thrown instanceof protocol.RpcError ? thrown : internal(protocol, thrown, id);
      if (!stream.end(protocol.errorMessage(error))) throw error;
    }
  }
}

const json = /^application\/json\s*(;|$)/i;
const utf8 = new TextDecoder("utf-8", { fatal: true });

async function bodyOf({ headers, body }: FastifyRequest, { RpcError, rpcCodes }: Protocol): Promise<unknown> {
  if (!json.test(headers["content-type"] ?? ""))
    throw new RpcError(rpcCodes.request, "`Content-Type`: expected application/json", { status: 415 });
  try {
    return await parseInTurns(utf8.decode(body instanceof Uint8Array ? body : new Uint8Array()));
  } catch {
    throw new RpcError(rpcCodes.parse, "Parse error: the body is not JSON in UTF-8, or is nested too deeply");
  }
}

function internal({ RpcError, rpcCodes }: Protocol, thrown: unknown, id: RpcId | undefined): RpcError {
  const error = errorFromUnknown(thrown);
  const { status } = problemAnswer(error);
  // An error without a code of the catalogue may contain internals.
  return new RpcError(rpcCodes.internal, error.message, {
    status,
    data: { code: error.code },
    ...(id !== undefined && { id }),
  });
}

async function sendJson(reply: FastifyReply, status: number, body: Json): Promise<void> {
  await reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(body));
}

/** An answer after progress and questions. It becomes a stream with the first of them. */
class EventStream {
  readonly #events: AnswerEvents;
  readonly #raw: FastifyReply["raw"];
  readonly #token: RpcId | undefined;
  #progress = -1;

  constructor(reply: FastifyReply, token: RpcId | undefined) {
    this.#events = new AnswerEvents(reply, "event: message\n");
    this.#raw = reply.raw;
    this.#token = token;
  }

  report({ eventCount = 0 }: Run, message: string): void {
    if (!this.#events.isOpen && this.#token === undefined) return;
    // A client that does not read gets no progress, but its response.
    if (this.#raw.writableNeedDrain) return;
    // Progress has to grow. Without an event, a comment keeps the connection.
    if (this.#token === undefined || eventCount <= this.#progress) {
      this.#events.heartbeat();
      return;
    }
    this.#progress = eventCount;
    const params = { progressToken: this.#token, progress: eventCount, message };
    this.#events.send({ jsonrpc: "2.0", method: "notifications/progress", params });
  }

  /** A request of the server. It is written in any case: the run waits for its answer. */
  sendRequest(id: string, method: string, params: Json): void {
    this.#events.send({ jsonrpc: "2.0", id, method, params });
  }

  /** Without a method, a comment keeps the connection. Resolves when the client has room for more. */
  notify(method?: string, params: Json = {}): Promise<void> | undefined {
    if (method !== undefined) this.#events.send({ jsonrpc: "2.0", method, params });
    else if (!this.#raw.writableNeedDrain) this.#events.heartbeat();
    return this.#events.room();
  }

  /** Returns whether the answer was a stream. */
  end(message: Json): boolean {
    return this.#events.end(message);
  }
}
