/**
 * Workflows and runs as resources, over the routes of REST.
 *
 * 1. A list has all workflows and the newest runs. Every other run is read by its address.
 * 2. A subscription follows runs until they end. It is a stream of its own, and ends with that stream.
 * 3. A client that does not read gets no further notifications until it reads again: the next one is about all
 *    changes since.
 */
import { isTuttiError } from "@tutti/kernel";
import type { Run } from "@tutti/rest/types";
import type { RequestContext } from "../calls/request-context.ts";
import type { RouteCalls } from "../calls/route-calls.ts";
import { type Json, objectIn, RpcError, type RpcRequest, rpcCodes } from "./protocol.ts";
import { progressOf, statusOf } from "./run-tasks.ts";

export interface ResourceCall {
  readonly request: RpcRequest;
  readonly context: RequestContext;
  readonly namespace: string;
  /** Sends a notification to the client. Without a method it keeps the connection alone. Resolves when there is room for more. */
  readonly notify: (method?: string, params?: Json) => Promise<void> | undefined;
}

type Address =
  | { readonly kind: "workflow"; readonly name: string }
  | { readonly kind: "run" | "result" | "why"; readonly id: string };

const pageSize = "100";
const runsSize = "50";
const subscriptionsMax = 50;
const pollMs = 10_000;
const mimeType = "application/json";

export const resourceTemplates: readonly Json[] = [
  {
    uriTemplate: "tutti://workflows/{name}",
    name: "workflow",
    mimeType,
    description: "A workflow: its schemas and tasks.",
  },
  {
    uriTemplate: "tutti://runs/{id}",
    name: "run",
    mimeType,
    description: "A run: its status, input and outcome.",
  },
  {
    uriTemplate: "tutti://runs/{id}/result",
    name: "result",
    mimeType,
    description: "The output or the error of a run.",
  },
  {
    uriTemplate: "tutti://runs/{id}/why",
    name: "why",
    mimeType,
    description: "Why a run waits, failed or is slow.",
  },
];

/** Undefined if no resource has this address. */
export function addressIn(uri: string): Address | undefined {
  const [, kind, encoded = "", part] =
    /^tutti:\/\/(workflows|runs)\/([^/?#]+)(?:\/(result|why))?$/.exec(uri) ?? [];
  let name: string;
  try {
    name = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  if (kind === "workflows" && part === undefined) return { kind: "workflow", name };
  if (kind !== "runs" || !/^\w[\w.:-]*$/.test(name)) return undefined;
  return { kind: part === "result" || part === "why" ? part : "run", id: name };
}

export class Resources {
  readonly #calls: RouteCalls;

  constructor(calls: RouteCalls) {
    this.#calls = calls;
  }

  /** The runs come after the last page of workflows. */
  async list({ request, context, namespace }: ResourceCall): Promise<Json> {
    const { cursor } = request.params;
    if (cursor !== undefined && typeof cursor !== "string")
      throw new RpcError(rpcCodes.params, "`cursor`: expected a string", { id: request.id });
    const query = { namespace, size: pageSize, token: cursor };
    const { definitions, nextToken = "" } = await permitted(
      this.#calls.call("workflows.list", context, { query }),
      { definitions: [], nextToken: "" },
    );
    const { runs } =
      nextToken === ""
        ? await permitted(this.#calls.call("runs.list", context, { query: { namespace, size: runsSize } }), {
            runs: [],
          })
        : { runs: [] };
    const workflows = definitions
      .filter(({ archived = false }) => !archived)
      .map(({ name, description = "" }) => ({
        uri: `tutti://workflows/${encodeURIComponent(name)}`,
        name,
        mimeType,
        description: description === "" ? `The workflow ${name}.` : description,
      }));
    const newest = runs.map((run) => ({
      uri: `tutti://runs/${encodeURIComponent(run.runId)}`,
      name: run.runId,
      mimeType,
      description: `Run of ${run.spec?.definition?.name ?? "a workflow"}: ${progressOf(run)}`,
    }));
    return { resources: [...workflows, ...newest], ...(nextToken !== "" && { nextCursor: nextToken }) };
  }

  async read(call: ResourceCall): Promise<Json> {
    const { uri } = call.request.params;
    const value = await this.#valueOf(call, typeof uri === "string" ? uri : "");
    return { contents: [{ uri, mimeType, text: JSON.stringify(value, undefined, 2) }] };
  }

  async #valueOf(call: ResourceCall, uri: string): Promise<unknown> {
    const { request, context, namespace } = call;
    const unknown = notFound(request, uri);
    const address = addressIn(uri);
    if (address === undefined) throw unknown;
    const query = { namespace };
    try {
      if (address.kind === "workflow")
        return await this.#calls.call("workflows.get", context, { params: { name: address.name }, query });
      const params = { id: address.id };
      if (address.kind === "why") return await this.#calls.call("runs.why", context, { params, query });
      const run = await this.#calls.call("runs.get", context, { params, query });
      if (address.kind === "run") return run;
      const { completed, ...failed } = run.outcome ?? {};
      return { status: run.status, output: completed ?? null, ...failed };
    } catch (error) {
      throw isUnknown(error) ? unknown : error;
    }
  }

  /** Until all runs have ended, the client closes the stream, or the process stops. */
  async listen(call: ResourceCall): Promise<Json> {
    const { request, notify } = call;
    const { resourceSubscriptions: listed = [] } = objectIn(request.params["notifications"]);
    const uris = Array.isArray(listed) ? [...new Set(listed.map(String))] : [];
    if (!Array.isArray(listed) || uris.length > subscriptionsMax) {
      const message = `\`resourceSubscriptions\`: expected at most ${subscriptionsMax} addresses`;
      throw new RpcError(rpcCodes.params, message, { id: request.id });
    }
    const followed: { readonly uri: string; readonly run: Run }[] = [];
    for (const uri of uris) {
      const address = addressIn(uri);
      // Changes of workflows are not followed, so their addresses are left out of the reply.
      if (address?.kind === "workflow") continue;
      if (address === undefined) throw notFound(request, uri);
      followed.push({ uri, run: await this.#run(call, address.id, uri) });
    }
    const meta = { "io.modelcontextprotocol/subscriptionId": request.id };
    const notifications = { resourceSubscriptions: followed.map(({ uri }) => uri) };
    await notify("notifications/subscriptions/acknowledged", { _meta: meta, notifications });
    const update = (uri: string) => notify("notifications/resources/updated", { _meta: meta, uri });
    await Promise.all(followed.map(({ uri, run }) => this.#follow(call, run, () => update(uri))));
    return { _meta: meta };
  }

  async #follow(
    { context, namespace, notify }: ResourceCall,
    first: Run,
    changed: () => Promise<void> | undefined,
  ): Promise<void> {
    let run = first;
    while (statusOf(run) === "working" && !context.signal.aborted && !context.stopping.aborted) {
      const query = { namespace, waitMs: String(pollMs), afterEvent: String(run.eventCount ?? 0) };
      const next = await this.#calls.call("runs.result", context, { params: { id: run.runId }, query });
      await (next.eventCount === run.eventCount ? notify() : changed());
      run = next;
    }
  }

  async #run({ request, context, namespace }: ResourceCall, id: string, uri: string): Promise<Run> {
    try {
      return await this.#calls.call("runs.get", context, { params: { id }, query: { namespace } });
    } catch (error) {
      throw isUnknown(error) ? notFound(request, uri) : error;
    }
  }
}

function notFound({ id, stateless }: RpcRequest, uri: string): RpcError {
  // Versions with a handshake have a code of their own.
  const code = stateless ? rpcCodes.params : rpcCodes.resource;
  return new RpcError(code, "Resource not found", { id, status: stateless ? 400 : 200, data: { uri } });
}

const isUnknown = (error: unknown): boolean =>
  isTuttiError(error) && (error.status === "NOT_FOUND" || error.status === "INVALID_ARGUMENT");

/** A caller that may not list one kind gets the other. */
async function permitted<T>(listed: Promise<T>, fallback: T): Promise<T> {
  try {
    return await listed;
  } catch (error) {
    if (isTuttiError(error) && error.status === "PERMISSION_DENIED") return fallback;
    throw error;
  }
}
