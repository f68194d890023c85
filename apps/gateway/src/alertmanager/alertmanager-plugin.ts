/**
 * The API v2 of Alertmanager below `/alertmanager`, for amtool, Prometheus and dashboards that know it. The handlers
 * are loaded with the first request.
 *
 * 1. A request has the rights of its caller: each response is made of routes of REST.
 * 2. Errors are a text in JSON, as in Alertmanager.
 */
import type { HostContext } from "@tutti/host";
import { errorFromUnknown, type Foundation } from "@tutti/kernel";
import { parseInTurns } from "@tutti/rest/json";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { EdgeGuard } from "../access/edge.ts";
import { RequestContext } from "../calls/request-context.ts";
import type { GatewaySettings } from "../configuration.ts";
import { acceptBytes } from "../front/body.ts";
import { callerIn } from "../front/context.ts";
import { problemAnswer } from "../front/problems.ts";
import type { Alertmanager, AlertmanagerCall } from "./alertmanager.ts";

export interface AlertmanagerPluginParts {
  readonly host: Pick<HostContext, "mesh" | "version"> & { readonly guard: EdgeGuard | undefined };
  readonly foundation: Foundation;
  readonly settings: Pick<GatewaySettings, "callMs">;
  readonly stopping: AbortSignal;
}

/** Size of a request with alerts. Prometheus sends 64 at a time. */
const bodyBytesMax = 4_194_304;
const bases = ["/alertmanager", "/alertmanager/namespaces/:namespace"];

const load = async () => ({
  ...(await import("./alertmanager.ts")),
  ...(await import("./shapes.ts")),
  ...(await import("../calls/route-calls.ts")),
});
type Loaded = Awaited<ReturnType<typeof load>> & { readonly alertmanager: Alertmanager };
type Answer = (alertmanager: Alertmanager, call: AlertmanagerCall) => Promise<unknown>;

export function alertmanagerPlugin(parts: AlertmanagerPluginParts): (app: FastifyInstance) => Promise<void> {
  const answers = new AlertmanagerAnswers(parts);
  return async (app) => {
    acceptBytes(app, bodyBytesMax, ({ caller }, bytes) => {
      if (caller !== undefined) parts.host.guard?.admitBytes(caller.principal, bytes);
    });
    for (const base of bases) {
      const add = (method: "GET" | "POST" | "DELETE", path: string, answer: Answer) =>
        app.route({
          method,
          url: `${base}/api/v2/${path}`,
          bodyLimit: bodyBytesMax,
          handler: (request, reply) => answers.handleRequest(request, reply, answer),
        });
      add("GET", "status", (to, call) => to.status(call));
      add("GET", "receivers", (to, call) => to.receivers(call));
      add("GET", "alerts", (to, call) => to.alerts(call));
      add("POST", "alerts", (to, call) => to.report(call));
      add("GET", "alerts/groups", (to, call) => to.groups(call));
      add("GET", "silences", (to, call) => to.silences(call));
      add("POST", "silences", (to, call) => to.createSilence(call));
      add("GET", "silence/:id", (to, call) => to.silence(call));
      add("DELETE", "silence/:id", (to, call) => to.endSilence(call));
    }
  };
}

class AlertmanagerAnswers {
  readonly #parts: AlertmanagerPluginParts;
  #loading: Promise<Loaded> | undefined;

  constructor(parts: AlertmanagerPluginParts) {
    this.#parts = parts;
  }

  async handleRequest(request: FastifyRequest, reply: FastifyReply, handleRequest: Answer): Promise<void> {
    this.#loading ??= this.#load();
    const { alertmanager, AlertmanagerError } = await this.#loading;
    const search = new URL(request.url, "http://gateway").searchParams;
    const { foundation, settings, stopping } = this.#parts;
    const caller = callerIn(request);
    const context = new RequestContext({
      foundation,
      caller,
      query: search,
      callMs: settings.callMs,
      stopping,
      route: (request.routeOptions.url ?? "").replaceAll(/:(\w+)/g, "{$1}"),
      request: request.raw,
      response: reply.raw,
    });
    try {
      const { namespace = "", id = "" } = request.params as {
        readonly namespace?: string;
        readonly id?: string;
      };
      const body = request.method === "POST" ? await bodyOf(request, AlertmanagerError) : undefined;
      const found = {
        context,
        search,
        body,
        id,
        namespace: namespace || caller.principal.credential?.namespace || "",
      };
      await send(reply, 200, await handleRequest(alertmanager, found));
      context.end();
    } catch (thrown) {
      context.end(thrown);
      const isOurs = thrown instanceof AlertmanagerError;
      const { status, headers } = isOurs
        ? { status: thrown.status, headers: {} }
        : problemAnswer(errorFromUnknown(thrown));
      const { "content-type": _, ...others } = headers as Readonly<Record<string, string>>;
      await send(reply.headers(others), status, errorFromUnknown(thrown).message);
    }
  }

  async #load(): Promise<Loaded> {
    const { host, foundation } = this.#parts;
    const loaded = await load();
    const { version } = host;
    const calls = new loaded.RouteCalls(host.mesh);
    const now = () => foundation.clock.now();
    return { ...loaded, alertmanager: new loaded.Alertmanager({ calls, version, now }) };
  }
}

async function send(reply: FastifyReply, status: number, body: unknown): Promise<void> {
  reply.code(status);
  if (body === undefined) await reply.send();
  else await reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

async function bodyOf(
  { body }: FastifyRequest,
  AlertmanagerError: Loaded["AlertmanagerError"],
): Promise<unknown> {
  try {
    return await parseInTurns(utf8.decode(body instanceof Uint8Array ? body : new Uint8Array()));
  } catch {
    throw new AlertmanagerError(400, "the body is not JSON in UTF-8, or is nested too deeply");
  }
}
