/**
 * The HTTP server behind the port of the host: every route of the table, the page and the streams, as one Fastify
 * instance that does not listen itself.
 *
 * 1. Every route needs a caller, except those that state that they are open or a page. The decision reads the route
 *    that matched, never the address: the router decodes addresses, so one route has many spellings.
 * 2. A route has one spelling. Escaped names of the API, absolute addresses and fragments are refused.
 * 3. Errors are answered with a problem document that contains no internals.
 */

import type { ServerResponse } from "node:http";
import { edgeActions, type HostContext } from "@tutti/host";
import { type Clock, errorFromUnknown, type Foundation, type Metrics, type TuttiError } from "@tutti/kernel";
import { heavyBytes, markHeavy } from "@tutti/mesh";
import { type Route, type RouteName, routeNamed, routes } from "@tutti/rest";
import { Mapping, type Message, restErrors, schema, writeInTurns } from "@tutti/rest/json";
import { extendBodyTimeout } from "@tutti/telemetry";
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from "fastify";
import type { Access, Caller } from "../access/access.ts";
import { admit, type EdgeGuard, recordOversize, requireAllowed } from "../access/edge.ts";
import { acceptUploads, blobAnswer, stored } from "../calls/blob.ts";
import { type Called, calledBy } from "../calls/contracts.ts";
import { postedBody } from "../calls/posted-events.ts";
import { type CallsFor, RequestContext } from "../calls/request-context.ts";
import { type Answer, answered, followed, optionsOf, type RpcRoute } from "../calls/rpc-route.ts";
import type { GatewaySettings } from "../configuration.ts";
import { gatewayErrors } from "../errors.ts";
import type { OwnHandler } from "../own/own-handler.ts";
import { ownHandlers, refuseUnknownParameters } from "../own/own-routes.ts";
import { findDocs } from "../pages/docs.ts";
import { findPage, page, servePages } from "../pages/pages.ts";
import type { Realtime } from "../realtime/realtime.ts";
import { acceptBodies } from "./body.ts";
import { callerIn } from "./context.ts";
import { dataHeaders } from "./headers.ts";
import { problemAnswer } from "./problems.ts";
import { patternOf, RouteTable } from "./route-table.ts";
import { isOfProtocol, refuseUnknown } from "./unknown.ts";

export interface FrontParts {
  readonly host: Pick<HostContext, "mesh" | "operations" | "version" | "guard" | "calls">;
  readonly foundation: Foundation;
  readonly settings: GatewaySettings;
  readonly access: Access;
  readonly realtime: Realtime;
  /** Plugins with routes of their own, under `/v1`. */
  readonly rooms: readonly ((app: FastifyInstance) => Promise<void>)[];
  /** Protocols of agents, with paths of their own. */
  readonly protocols: readonly ((app: FastifyInstance) => Promise<void>)[];
  /** Aborted when the process is about to stop. */
  readonly stopping: AbortSignal;
  /** Routes that the rooms answer. */
  readonly answeredByRooms: readonly RouteName[];
}

declare module "fastify" {
  interface FastifyRequest {
    /** Undefined on open routes and pages only: `callerIn` gives it elsewhere. */
    caller: Caller | undefined;
    /** Closes when its answer is given, or when the client has left. */
    answer: ServerResponse | undefined;
  }
  interface FastifyContextConfig {
    /** The callers that may use the route. A route that does not state it needs a caller. */
    reach?: Reach;
    /** `itself`: counts its calls against the limit of their caller. Default: each request is a call. */
    admits?: "itself";
  }
}

/** Routes of the gateway itself read a few short fields. */
const ownBodyBytesMax = 65_536;

/** Ids are shorter. */
const parameterCharsMax = 1_000;
/** So large a body is read to its end and dropped, although it is refused. */
const droppedBytesMax = 16_777_216;

/** `open`: a route of the API without a caller. `page`: a document for browsers. */
type Reach = "open" | "page";

export async function openFront(parts: FrontParts): Promise<FastifyInstance> {
  const { settings, access } = parts;
  const app = fastify({
    bodyLimit: settings.bodyBytesMax,
    exposeHeadRoutes: false,
    logger: false,
    // The host owns the port. Nothing listens here.
    forceCloseConnections: false,
    routerOptions: { maxParamLength: parameterCharsMax },
    schemaController: { compilersFactory: noCompilers },
    frameworkErrors: ({ code }, request, reply) => {
      const isTooLong = code === "FST_ERR_MAX_PARAM_LENGTH";
      const tooLong = gatewayErrors.parameterTooLong({ most: parameterCharsMax });
      const malformed = gatewayErrors.addressMalformed({ path: request.url.slice(0, 200) });
      sendProblem(reply, isTooLong ? tooLong : malformed);
    },
  });
  app.decorateRequest("caller", undefined);
  app.decorateRequest("answer", undefined);
  app.decorateRequest("found", undefined);
  const table = new RouteTable<TableEntry>();
  acceptBodies(
    app,
    (request) => entryOf(request)?.bodyBytesMax ?? settings.bodyBytesMax,
    ({ caller }, bytes) => {
      if (caller !== undefined) parts.host.guard?.admitBytes(caller.principal, bytes);
    },
  );
  guard(app, access, parts.host.guard, table);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = errorOf(error, request, settings);
    if (gatewayErrors.bodyTooLarge.is(known)) {
      recordOversize(parts.host.guard, request, known);
      // A sender whose connection is closed in the middle of its body would not get the reason.
      if (Number(request.headers["content-length"]) <= droppedBytesMax) reply.removeHeader("connection");
    }
    return sendProblem(reply, known);
  });
  const pages = { root: findPage(settings.page), docs: findDocs(settings.docs) };
  app.setNotFoundHandler((request, reply) => {
    const isPage = !isOfApi(request.url) && (request.method === "GET" || request.method === "HEAD");
    return isPage ? page(pages, request, reply) : refuseUnknown(request, reply);
  });
  await servePages(app, { access, ...pages });
  const open = { config: { reach: "open" } } as const;
  for (const path of otherPlaces)
    app.get(path, open, (_request, reply) => reply.redirect(routeNamed("openapi").path, 308));
  for (const room of parts.rooms) await app.register(room, { prefix: "/v1" });
  for (const protocol of parts.protocols) await app.register(protocol);
  const routing = new Routing(app, parts, table);
  for (const route of routes) if (!parts.answeredByRooms.includes(route.name)) routing.add(route);
  routing.serve();
  await app.ready();
  return app;
}

/** Paths at which tools and people look for the description of the API. */
const otherPlaces = ["/openapi.json", "/openapi", "/swagger.json", "/v1/openapi"];

/** The mapping reads and writes bodies. Fastify's own serializers take several megabytes, and have no effect. */
const noCompilers = {
  buildValidator: (): never => {
    throw new Error("expected no route with a schema of Fastify's: the mapping checks requests");
  },
  buildSerializer: (): never => {
    throw new Error("expected no route with a schema of Fastify's: the mapping writes answers");
  },
};

/** Establishes the origin and the caller of each request, or refuses it. */
function guard(
  app: FastifyInstance,
  access: Access,
  edge: EdgeGuard | undefined,
  table: RouteTable<TableEntry>,
): void {
  app.addHook("onRequest", async (request, reply) => {
    request.answer = reply.raw;
    const { config } = request.routeOptions;
    const found = config?.isInTable === true ? routeOf(request, table) : undefined;
    const pattern = patternOf(request);
    const reach = reachOf(request.url, pattern, found?.reach ?? config?.reach);
    if (reach !== "page") reply.headers(dataHeaders);
    requirePlainAddress(request.url, pattern);
    access.refuseStrangers(request.headers, { isPage: reach === "page" });
    if (reach === undefined) {
      request.caller = await access.callerOf(request.raw);
      access.track(request.caller, reply.raw);
      if (config?.admits === undefined) admit(edge, request.caller.principal, reply.raw);
      // A body with a `Content-Length` is refused before it is read.
      edge?.admitBytes(request.caller.principal, Number(request.headers["content-length"] ?? 0));
    }
    refuseUnknownParameters(request.method, pattern, request.url);
  });
}

/** A route of the table, with what a request needs before it is answered. */
interface TableEntry {
  readonly reach: Reach | undefined;
  readonly bodyBytesMax: number;
  readonly handler: Handler;
}

/** Finds the route of a request, and gives its parameters their names. */
function routeOf(request: FastifyRequest, table: RouteTable<TableEntry>): TableEntry | undefined {
  const found = table.find(request.method, Object.values(request.params as Record<string, string>));
  if (found === undefined) return undefined;
  request.found = found;
  request.params = found.params;
  return found.value;
}

function entryOf({ found }: FastifyRequest): TableEntry | undefined {
  return found?.value as TableEntry | undefined;
}

/**
 * Returns the reach of a request. An address without a route belongs to the dashboard, which has its own routes, or
 * is unknown in the API.
 */
function reachOf(url: string, pattern: string | undefined, reach: Reach | undefined): Reach | undefined {
  return pattern === undefined && !isOfApi(url) ? "page" : reach;
}

/** Routes of the table as routes of Fastify. */
class Routing {
  readonly #app: FastifyInstance;
  readonly #parts: FrontParts;
  readonly #mapping = new Mapping(schema);
  readonly #own: Readonly<Partial<Record<RouteName, OwnHandler>>>;
  readonly #instruments: FrontInstruments;
  readonly #table: RouteTable<TableEntry>;

  constructor(app: FastifyInstance, parts: FrontParts, table: RouteTable<TableEntry>) {
    this.#app = app;
    this.#parts = parts;
    this.#table = table;
    const { access, host, foundation } = parts;
    const { operations, version } = host;
    this.#own = ownHandlers({ access, operations, version, guard: host.guard });
    this.#instruments = frontInstruments(foundation.metrics, foundation.clock);
  }

  add(route: Route & { readonly name: RouteName }): void {
    if (route.name === "blobs.put") {
      acceptUploads(this.#app, route.path, (request, reply) => this.#upload(request, reply));
      return;
    }
    if (route.rpc === undefined && route.name !== "blobs.get" && this.#own[route.name] === undefined)
      throw new Error(`route ${route.name} has no handler`);
    // Made for the first request: a process has some 400 routes and uses a few.
    let handler: Handler | undefined;
    const { bodyBytesMax } = this.#parts.settings;
    const value: TableEntry = {
      reach: route.open ? "open" : undefined,
      bodyBytesMax: route.rpc === undefined ? Math.min(ownBodyBytesMax, bodyBytesMax) : bodyBytesMax,
      handler: async (request, reply) => {
        this.#count(route.name, request, reply);
        handler ??= this.#handlerOf(route);
        await handler(request, reply);
      },
    };
    this.#table.add({ method: route.method, path: route.path, value });
  }

  /** Answers the requests of all added routes. */
  serve(): void {
    const handler: Handler = (request, reply) =>
      entryOf(request)?.handler(request, reply) ?? refuseUnknown(request, reply);
    for (const { method, path } of this.#table.shapes)
      this.#app.route({ method, url: path, config: { isInTable: true }, handler });
  }

  /** In the metrics, and in the facts with its caller. */
  #count(route: string, request: FastifyRequest, reply: FastifyReply): void {
    const { foundation, host } = this.#parts;
    const end = this.#instruments.start(route);
    const startMs = foundation.clock.monotonic();
    reply.raw.once("finish", () => {
      const { statusCode } = reply.raw;
      end(statusCode);
      const principal = request.caller?.principal;
      if (principal === undefined) return;
      const query = request.query as Readonly<Record<string, unknown>>;
      const named = typeof query["namespace"] === "string" ? query["namespace"] : "";
      host.calls.add({
        source: "http",
        route,
        identity: principal.id,
        code: String(statusCode),
        namespace: named || principal.credential?.namespace || "default",
        durationMs: foundation.clock.monotonic() - startMs,
      });
    });
  }

  async #upload(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.#count("blobs.put", request, reply);
    const { foundation, host } = this.#parts;
    const { mesh, guard } = host;
    extendBodyTimeout(request.raw);
    await this.#context(request, reply, async (context, query) => {
      const requireSize = (bytes: number) => guard?.admitBytes(callerIn(request).principal, bytes);
      const parts = { mesh, timers: foundation.timers, requireSize };
      await sendJson(reply, { status: 201, body: await stored(parts, request, context, query) });
    });
  }

  #handlerOf({ rpc, ...route }: Route & { readonly name: RouteName }): Handler {
    if (rpc !== undefined) return this.#rpcHandler({ ...route, rpc });
    const { host } = this.#parts;
    if (route.name === "blobs.get") {
      const answer = blobAnswer(host.mesh);
      return (request, reply) =>
        this.#context(request, reply, (context, query) => answer(request, reply, context, query));
    }
    const own = this.#own[route.name];
    if (own === undefined) throw new Error(`route ${route.name} has no handler`);
    const { name } = route;
    return async (request, reply) => {
      const caller = route.open ? request.caller : callerIn(request);
      if (caller !== undefined && isGuarded(name)) requireAllowed(host.guard, caller.principal, name);
      const body = await own({ request, reply, caller });
      await sendJson(reply, { status: body === undefined ? 204 : 200, body });
    };
  }

  #rpcHandler(route: Route & { readonly rpc: string }): Handler {
    const { mesh } = this.#parts.host;
    const mapping = this.#mapping;
    const plan = mapping.planOf(route);
    const rpcRoute: RpcRoute = { plan, mapping, called: calledBy(mesh, route.rpc, route.service) };
    const answer = route.reply === undefined ? answered : this.#pastAnswer();
    const isPosting = route.name === "events.publish";
    return async (request, reply) => {
      try {
        await this.#context(request, reply, async (context, query) => {
          const parts = {
            params: request.params as Readonly<Record<string, string>>,
            query,
            body: isPosting ? postedBody(request.headers, request.body) : request.body,
            idempotencyKey: context.idempotencyKey,
          };
          const isLarge = Number(request.headers["content-length"]) > heavyBytes;
          const message = isLarge ? await mapping.requestInTurns(plan, parts) : mapping.request(plan, parts);
          if (isLarge) markHeavy(message);
          const { realtime } = this.#parts;
          if (route.stream === "events")
            await followed(rpcRoute, message, context, { realtime, request, reply });
          else await sendJson(reply, await answer(rpcRoute, message, context));
        });
      } catch (thrown) {
        if (reply.sent) return;
        const error = this.#errorOf(thrown);
        // Mistakes of the request itself already have its own names.
        if (restErrors.requestInvalid.is(error)) sendProblem(reply, error);
        else sendProblem(reply, error, (field) => mapping.nameOf(plan, field));
      }
    };
  }

  /** A caller that waits while the process stops gets a retryable error, not `CANCELLED`. */
  #errorOf(thrown: unknown): TuttiError {
    const error = errorFromUnknown(thrown);
    const isAborted = error.status === "CANCELLED" && this.#parts.stopping.aborted;
    return isAborted ? gatewayErrors.notReady({ state: "stopping" }, { retryAfterMs: 1_000 }) : error;
  }

  #pastAnswer(): typeof answered {
    const getRun = calledBy(this.#parts.host.mesh, "tutti.workflow.v1.RunService/GetRun", undefined);
    return (tasks, message, context) => pastOf({ tasks, getRun }, message, context);
  }

  async #context(
    request: FastifyRequest,
    reply: FastifyReply,
    work: (context: RequestContext, query: URLSearchParams) => Promise<void>,
  ): Promise<void> {
    const { foundation, settings, stopping } = this.#parts;
    const caller = callerIn(request);
    const query = new URL(request.url, "http://gateway").searchParams;
    const context = new RequestContext({
      foundation,
      caller,
      query,
      callMs: settings.callMs,
      stopping,
      route: (patternOf(request) ?? "").replaceAll(/:(\w+)/g, "{$1}"),
      request: request.raw,
      response: reply.raw,
    });
    try {
      await work(context, query);
      context.end();
    } catch (thrown) {
      context.end(thrown);
      // Services log their refusals. This request reached none, and its caller has the trace id.
      if (restErrors.requestInvalid.is(thrown))
        foundation.logger.info("request refused", {
          traceId: context.trace.traceId,
          route: patternOf(request) ?? "",
          error: errorFromUnknown(thrown),
        });
      throw thrown;
    }
  }
}

function isGuarded(name: string): name is keyof typeof edgeActions {
  return Object.hasOwn(edgeActions, name);
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

async function sendJson(
  reply: FastifyReply,
  { status, body, isHeavy }: Omit<Answer, "body"> & { readonly body: Answer["body"] | unknown },
) {
  if (body === undefined) {
    await reply.code(status).send();
    return;
  }
  // Not by Fastify: numbers keep the digits that they came with.
  const text = isHeavy ? await writeInTurns(body as object) : JSON.stringify(body);
  await reply.code(status).type("application/json; charset=utf-8").send(text);
}

function sendProblem(
  reply: FastifyReply,
  error: TuttiError,
  nameOf?: (field: string) => string,
): FastifyReply {
  const { status, headers, body } = problemAnswer(error, nameOf);
  return reply
    .code(status)
    .headers({ ...dataHeaders, ...headers })
    .send(body);
}

/** Translates the refusals of Fastify itself. */
function errorOf(
  error: FastifyError,
  request: FastifyRequest,
  { bodyBytesMax }: GatewaySettings,
): TuttiError {
  if (error.code === "FST_STATIC_FORBIDDEN_PATH")
    return gatewayErrors.pathUnknown({ path: request.url.slice(0, 200), hint: "" });
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return gatewayErrors.bodyTooLarge({ most: entryOf(request)?.bodyBytesMax ?? bodyBytesMax });
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE" || error.code === "FST_ERR_CTP_INVALID_CONTENT_LENGTH")
    return gatewayErrors.mediaTypeUnknown({ found: error.message });
  return errorFromUnknown(error);
}

interface Past {
  readonly tasks: RpcRoute;
  readonly getRun: Called;
}

/**
 * A run and its tasks as they were after one of its events, in one answer.
 *
 * @param message the request for the tasks: it names the run and the event
 */
async function pastOf({ tasks, getRun }: Past, message: Message, context: CallsFor): Promise<Answer> {
  const { mapping, called } = tasks;
  const { namespace, runId, atEvent } = message;
  const options = optionsOf(tasks, message, context);
  // A run that continues between the two reads would have newer tasks, so the second read names the event of the
  // first.
  const { run } = await getRun.unary({ namespace, runId, atEvent }, options);
  const snapshot = mapping.message("tutti.workflow.v1.Run", run as Message);
  const event = Number(atEvent) || Number(snapshot["eventCount"] ?? 0);
  const listed = await called.unary({ ...message, atEvent: event }, options);
  return { status: 200, body: { event, run: snapshot, ...mapping.reply(tasks.plan, listed) } };
}

/**
 * Whether an address, as the client wrote it, was meant for the API. Decides the form of an answer without a route, never
 * the access.
 */
function isOfApi(url: string): boolean {
  if (isOfProtocol(url.split("?", 1)[0] ?? "")) return true;
  return /^(\/|%2f|\\|%5c)*(v|%76|%56)(\d|%3\d)($|[/?#;.\\]|%2f|%5c)/i.test(url);
}

/**
 * Throws if an address is not the one spelling of its route. The variable parts may have escapes: ids may need them. Escapes
 * that are no UTF-8 are refused: `URLSearchParams` would read another character without a word.
 *
 * @param pattern of the route that matched, `/v1/runs/:runId/cancel`. Undefined if none did
 */
function requirePlainAddress(url: string, pattern: string | undefined): void {
  const shortened = url.slice(0, 200);
  // A client sends the absolute form to a proxy alone.
  if (!url.startsWith("/")) throw gatewayErrors.addressNotPlain({ path: shortened, expected: "/v1/…" });
  if (pattern === undefined) return;
  if (!isDecodable(url)) throw gatewayErrors.addressMalformed({ path: shortened });
  const found = (url.split("?", 1)[0] ?? "").split("/");
  const expected = pattern.split("/");
  const isPlain =
    found.length === expected.length &&
    expected.every((part, at) =>
      part.startsWith(":") ? !/[#\\;]/.test(found[at] ?? "") : part === found[at],
    );
  if (!isPlain)
    throw gatewayErrors.addressNotPlain({ path: shortened, expected: pattern.replaceAll(/:(\w+)/g, "{$1}") });
}

function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

interface FrontInstruments {
  /** An answer starts. The returned function is called with its status when it ends. */
  start(route: string): (status: number) => void;
}

/** By route and by the first digit of the status: `2xx`. */
function frontInstruments(metrics: Metrics, clock: Clock): FrontInstruments {
  const requests = metrics.counter({
    name: "tutti_gateway_requests_total",
    help: "Requests by route and status class.",
    labels: ["route", "status"],
  });
  const seconds = metrics.histogram({
    name: "tutti_gateway_request_seconds",
    help: "Duration of requests until the answer by route. For streams, until they open.",
    labels: ["route"],
  });
  return {
    start(route) {
      const startedMs = clock.monotonic();
      const duration = seconds.with({ route });
      return (status) => {
        requests.with({ route, status: `${Math.floor(status / 100)}xx` }).add();
        duration.observe((clock.monotonic() - startedMs) / 1000);
      };
    },
  };
}
