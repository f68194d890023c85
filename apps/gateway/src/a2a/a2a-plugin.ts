/**
 * The Agent2Agent protocol over HTTP: agent cards, JSON-RPC at the address of an agent, and HTTP+JSON below it. The
 * protocol itself is loaded with the first request.
 *
 * 1. An answer is one piece of JSON, or a stream of events.
 * 2. An event waits until the client has read the one before it.
 */

import type { HostContext } from "@tutti/host";
import { errorFromUnknown, type Foundation } from "@tutti/kernel";
import { parseInTurns } from "@tutti/rest/json";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "../access/access.ts";
import type { EdgeGuard } from "../access/edge.ts";
import { RequestContext } from "../calls/request-context.ts";
import { cardKeysPath, type GatewaySettings } from "../configuration.ts";
import { acceptBytes } from "../front/body.ts";
import { callerIn } from "../front/context.ts";
import { problemAnswer } from "../front/problems.ts";
import { AnswerEvents } from "../realtime/answer-events.ts";
import type { A2aAnswer, A2aServer } from "./a2a-server.ts";
import type { AgentAddress, CardParts } from "./card.ts";
import type { CardSignatures } from "./card-signer.ts";
import type { A2aError, Json, RpcId } from "./protocol.ts";
import type { PushAgent } from "./push/push-agent.ts";

export interface A2aPluginParts {
  readonly host: Pick<HostContext, "mesh" | "version"> & { readonly guard: EdgeGuard | undefined };
  readonly foundation: Foundation;
  readonly settings: Pick<GatewaySettings, "callMs" | "url" | "agentCardKey">;
  readonly push: Pick<PushAgent, "notifications">;
  readonly access: Pick<Access, "isLoopback">;
  readonly stopping: AbortSignal;
}

/** Size of a message: the same limit as for the input of a run. */
const messageBytesMax = 1_048_576;
/** Requests that are answered at the same time, of all clients. */
const openMax = 1_000;

const cardPath = "/.well-known/agent-card.json";
/** Addresses of agents: `pathOf` of the card writes them. */
const bases = ["/a2a", "/a2a/namespaces/:namespace", "/a2a/workflows/:namespace/:workflow"];

const loadProtocol = async () => ({
  ...(await import("./protocol.ts")),
  ...(await import("./card.ts")),
  ...(await import("./a2a-server.ts")),
  ...(await import("./push/push-operations.ts")),
  ...(await import("../calls/route-calls.ts")),
});
type Protocol = Awaited<ReturnType<typeof loadProtocol>>;
interface Loaded {
  readonly protocol: Protocol;
  readonly server: A2aServer;
}

/** How a binding writes answers and errors. */
interface Binding {
  readonly type: string;
  readonly result: (result: Json) => Json;
  readonly error: (error: A2aError) => { readonly status: number; readonly body: Json };
}

type Read = (request: FastifyRequest, loaded: Loaded) => Promise<{ method: string; params: Json }>;

export function a2aPlugin(parts: A2aPluginParts): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    const key = await parts.settings.agentCardKey?.reveal();
    const signatures =
      key === undefined ? undefined : new (await import("./card-signer.ts")).CardSignatures(key);
    const answers = new A2aAnswers(parts, signatures);
    acceptBytes(app, messageBytesMax, ({ caller }, bytes) => {
      if (caller !== undefined) parts.host.guard?.admitBytes(caller.principal, bytes);
    });
    const open = { config: { reach: "open" } } as const;
    app.get(cardPath, open, (request, reply) => answers.publicCard(request, reply));
    app.get(cardKeysPath, open, async (_request, reply) => {
      const keys = signatures === undefined ? [] : [signatures.publicKey];
      await reply.header("cache-control", "public, max-age=60").send({ keys });
    });
    for (const base of bases) addAgent(app, base, answers);
  };
}

function addAgent(app: FastifyInstance, base: string, answers: A2aAnswers): void {
  const limit = { bodyLimit: messageBytesMax };
  const rest = (read: (request: FastifyRequest) => { readonly method: string; readonly params: Json }) => {
    return (request: FastifyRequest, reply: FastifyReply) =>
      answers.rest(request, reply, async () => read(request));
  };
  const paramsOf = ({ params, query }: FastifyRequest): Json => ({ ...(query as Json), ...(params as Json) });
  app.post(base, limit, (request, reply) => answers.rpc(request, reply));
  app.get(
    `${base}${cardPath}`,
    rest(() => ({ method: "GetExtendedAgentCard", params: {} })),
  );
  app.get(
    `${base}/extendedAgentCard`,
    rest(() => ({ method: "GetExtendedAgentCard", params: {} })),
  );
  app.get(
    `${base}/tasks`,
    rest((request) => ({ method: "ListTasks", params: paramsOf(request) })),
  );
  // A colon within a part of a path is a parameter to the router: these are distinguished here.
  app.post(`${base}/:action`, limit, (request, reply) =>
    answers.rest(request, reply, async (loaded) => {
      const { action } = request.params as { readonly action: string };
      const method = { "message:send": "SendMessage", "message:stream": "SendStreamingMessage" }[action];
      return { method: method ?? action, params: await answers.bodyOf(request, loaded) };
    }),
  );
  const ofTask = rest((request) => {
    const { task } = request.params as { readonly task: string };
    const [, id = "", verb = ""] = /^(.*?)(?::(cancel|subscribe))?$/s.exec(task) ?? [];
    const isPost = request.method === "POST";
    const verbs = { cancel: isPost ? "CancelTask" : "", subscribe: "SubscribeToTask" };
    const method = verbs[verb as keyof typeof verbs] ?? (isPost ? "" : "GetTask");
    return { method, params: { ...paramsOf(request), id } };
  });
  app.get(`${base}/tasks/:task`, ofTask);
  app.post(`${base}/tasks/:task`, limit, ofTask);
  const configs = `${base}/tasks/:taskId/pushNotificationConfigs`;
  app.post(configs, limit, (request, reply) =>
    answers.rest(request, reply, async (loaded) => ({
      method: "CreateTaskPushNotificationConfig",
      params: { ...(await answers.bodyOf(request, loaded)), ...paramsOf(request) },
    })),
  );
  app.get(
    configs,
    rest((request) => ({ method: "ListTaskPushNotificationConfigs", params: paramsOf(request) })),
  );
  app.get(
    `${configs}/:id`,
    rest((request) => ({ method: "GetTaskPushNotificationConfig", params: paramsOf(request) })),
  );
  app.delete(
    `${configs}/:id`,
    rest((request) => ({ method: "DeleteTaskPushNotificationConfig", params: paramsOf(request) })),
  );
}

class A2aAnswers {
  readonly #parts: A2aPluginParts;
  readonly #signatures: CardSignatures | undefined;
  #loading: Promise<Loaded> | undefined;
  #open = 0;

  constructor(parts: A2aPluginParts, signatures: CardSignatures | undefined) {
    this.#parts = parts;
    this.#signatures = signatures;
  }

  async publicCard(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { protocol } = await this.#loaded();
    await this.#sendCard(
      request,
      reply,
      this.#signed(request, protocol.publicCard(this.#cardParts(request))),
    );
  }

  async rpc(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    let id: RpcId = null;
    const binding: Binding = {
      type: "application/json; charset=utf-8",
      result: (result) => ({ jsonrpc: "2.0", id, result }),
      error: ({ status, code, message, details }) => ({
        // Errors of the protocol are answers. Refusals are seen by proxies too.
        status: [401, 403, 429, 503].includes(status) ? status : 200,
        body: { jsonrpc: "2.0", id, error: { code, message, data: details } },
      }),
    };
    await this.#handleRequest(request, reply, binding, async (_request, { protocol }) => {
      const body = await this.#parsed(request, protocol);
      id = protocol.rpcIdIn(body);
      return protocol.rpcRequestIn(body);
    });
  }

  async rest(
    request: FastifyRequest,
    reply: FastifyReply,
    read: (loaded: Loaded) => Promise<{ readonly method: string; readonly params: Json }>,
  ): Promise<void> {
    const binding: Binding = {
      type: "application/a2a+json; charset=utf-8",
      result: (result) => result,
      error: ({ status, reason, message, details }) => ({
        status,
        body: { error: { code: status, status: reason, message, details } },
      }),
    };
    await this.#handleRequest(request, reply, binding, (_request, loaded) => read(loaded));
  }

  /** The body of a request of HTTP+JSON. Empty is an empty object. */
  async bodyOf(request: FastifyRequest, { protocol }: Loaded): Promise<Json> {
    const body = await this.#parsed(request, protocol);
    if (!protocol.isObject(body)) throw new protocol.A2aError("INVALID_PARAMS", "Expected an object");
    return body;
  }

  async #handleRequest(
    request: FastifyRequest,
    reply: FastifyReply,
    binding: Binding,
    read: Read,
  ): Promise<void> {
    const loaded = await this.#loaded();
    const { A2aError, requireVersion, refused } = loaded.protocol;
    const stream = new AnswerEvents(reply);
    const { context, version: inQuery } = this.#context(request, reply);
    try {
      if (this.#open >= openMax) throw new A2aError("TOO_MANY_REQUESTS", "Too many requests are open");
      // A client that left while the code was loaded has closed already.
      if (!reply.raw.closed) {
        this.#open++;
        reply.raw.once("close", () => this.#open--);
      }
      const { method, params: input } = await read(request, loaded);
      const params = loaded.protocol.jsonNames(input);
      const { "a2a-version": version } = request.headers;
      requireVersion(typeof version === "string" ? version : (inQuery ?? undefined));
      const { address, namespace } = addressOf(request, params);
      const card = this.#cardParts(request);
      const call = { method, params, address, namespace, card, context };
      const answer = await loaded.server.handleCall(call);
      const isCard = method === "GetExtendedAgentCard";
      if (isStream(answer)) await writeEvents(reply, stream, binding, answer);
      else if (isCard && request.method === "GET")
        await this.#sendCard(request, reply, this.#signed(request, answer));
      else if (isCard) await sendJson(reply, binding, 200, binding.result(this.#signed(request, answer)));
      else await sendJson(reply, binding, 200, binding.result(answer));
      context.end();
    } catch (thrown) {
      context.end(thrown);
      const known = errorFromUnknown(thrown);
      const error =
        thrown instanceof A2aError
          ? thrown
          : known.code === ""
            ? new A2aError("INTERNAL", known.message, { status: problemAnswer(known).status })
            : refused(known);
      const { status, body } = binding.error(error);
      if (stream.end(body) || reply.sent) return;
      if (status === 401) reply.header("www-authenticate", 'Bearer realm="tutti"');
      await sendJson(reply, binding, status, body);
    }
  }

  #loaded(): Promise<Loaded> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Loaded> {
    const { host, foundation, push: agent } = this.#parts;
    const protocol = await loadProtocol();
    const calls = new protocol.RouteCalls(host.mesh);
    const push = new protocol.PushOperations({ push: agent, guard: host.guard });
    return { protocol, server: new protocol.A2aServer({ calls, push, clock: foundation.clock }) };
  }

  #context(
    request: FastifyRequest,
    reply: FastifyReply,
  ): { readonly context: RequestContext; readonly version: string | null } {
    const { foundation, settings, stopping } = this.#parts;
    const query = new URL(request.url, "http://gateway").searchParams;
    const version = query.get("A2A-Version");
    const context = new RequestContext({
      foundation,
      caller: callerIn(request),
      query,
      callMs: settings.callMs,
      stopping,
      isWaitOnly: true,
      route: (request.routeOptions.url ?? "").replaceAll(/:(\w+)/g, "{$1}"),
      request: request.raw,
      response: reply.raw,
    });
    return { context, version };
  }

  #signed(request: FastifyRequest, card: Json): Json {
    return this.#signatures?.signed(card, this.#cardParts(request).origin) ?? card;
  }

  #cardParts({ headers }: FastifyRequest): CardParts {
    const { settings, host, access } = this.#parts;
    const origin = settings.url === "" ? `http://${headers.host ?? "127.0.0.1"}` : settings.url;
    return { origin: origin.replace(/\/$/, ""), version: host.version, needsKey: !access.isLoopback };
  }

  async #sendCard(request: FastifyRequest, reply: FastifyReply, card: Json): Promise<void> {
    const text = JSON.stringify(card);
    const { createHash } = await import("node:crypto");
    const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
    const isOpen = request.routeOptions.url === cardPath;
    reply.header("cache-control", `${isOpen ? "public" : "private"}, max-age=60`).header("etag", etag);
    if (request.headers["if-none-match"] === etag) await reply.code(304).send();
    else await reply.type("application/json; charset=utf-8").send(text);
  }

  async #parsed({ headers, body }: FastifyRequest, { A2aError }: Protocol): Promise<unknown> {
    const bytes = body instanceof Uint8Array ? body : new Uint8Array();
    if (!json.test(headers["content-type"] ?? ""))
      throw new A2aError("CONTENT_TYPE_NOT_SUPPORTED", "`Content-Type`: expected application/json", {
        status: 415,
      });
    try {
      return await parseInTurns(utf8.decode(bytes));
    } catch {
      throw new A2aError(
        "PARSE",
        "Invalid JSON payload: the body is not JSON in UTF-8, or is nested too deeply",
      );
    }
  }
}

const json = /^application\/(a2a\+)?json\s*(;|$)/i;
const utf8 = new TextDecoder("utf-8", { fatal: true });

const isStream = (answer: A2aAnswer): answer is AsyncGenerator<Json | undefined, void> =>
  typeof answer[Symbol.asyncIterator as never] === "function";

function addressOf(request: FastifyRequest, { tenant }: Json): { address: AgentAddress; namespace: string } {
  const { namespace, workflow } = request.params as Partial<Record<"namespace" | "workflow", string>>;
  const ofCaller = callerIn(request).principal.credential?.namespace;
  const stated = typeof tenant === "string" && tenant !== "" ? tenant : undefined;
  return { address: { namespace, workflow }, namespace: namespace ?? stated ?? ofCaller ?? "default" };
}

async function sendJson(reply: FastifyReply, { type }: Binding, status: number, body: Json): Promise<void> {
  await reply.code(status).type(type).send(JSON.stringify(body));
}

/** Writes events as fast as the client reads them. */
async function writeEvents(
  reply: FastifyReply,
  stream: AnswerEvents,
  binding: Binding,
  events: AsyncGenerator<Json | undefined, void>,
): Promise<void> {
  const { raw } = reply;
  for await (const event of events) {
    if (raw.destroyed) return;
    if (event === undefined) stream.heartbeat();
    else stream.send(binding.result(event));
    await stream.room();
  }
  if (stream.isOpen) raw.end();
}
