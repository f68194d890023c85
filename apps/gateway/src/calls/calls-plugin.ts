/**
 * Rpcs over HTTP at `/v1/calls`, for SDKs that can reach only this port. Callers and limits are the same as at the gRPC
 * port.
 *
 * 1. A caller with a credential has its identity. Without one, the presented identity is accepted on a loopback address
 *    only.
 * 2. Rpcs with a REST route are offered, and a few whose routes have another form. Internal rpcs are not.
 * 3. The limits of calls apply to calls, and those of streams to streams.
 */
import type { ServerResponse } from "node:http";
import { blobService } from "@tutti/contracts/blob/v1";
import type { HostContext } from "@tutti/host";
import { errorFromUnknown, type Foundation } from "@tutti/kernel";
import { HttpEndpoint, readHeaders } from "@tutti/mesh";
import { routes } from "@tutti/rest";
import { extendBodyTimeout } from "@tutti/telemetry";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { admit, type EdgeGuard } from "../access/edge.ts";
import { callerIn } from "../front/context.ts";
import { dataHeaders } from "../front/headers.ts";
import { contracts } from "./contracts.ts";
import { RequestContext } from "./request-context.ts";

export interface CallsPluginParts {
  readonly host: Pick<HostContext, "mesh"> & { readonly guard: EdgeGuard | undefined };
  readonly foundation: Foundation;
  readonly settings: { readonly callMs: number };
  readonly stopping: AbortSignal;
}

/** Rpcs that clients need, and whose REST routes have another form. */
const inAnotherForm = [
  "tutti.blob.v1.BlobService/Get",
  "tutti.blob.v1.BlobService/Put",
  "tutti.blob.v1.BlobService/Stat",
  "tutti.runtime.v1.RuntimeService/GetHistory",
  "tutti.runtime.v1.RuntimeService/GetState",
  "tutti.runtime.v1.RuntimeService/WatchHistory",
];
const offered = new Set([
  ...routes.flatMap((route) => ("rpc" in route ? [route.rpc] : [])),
  ...inAnotherForm,
]);

const hosts = new Map(
  routes.flatMap((route) => ("rpc" in route && "service" in route ? [[route.rpc, route.service]] : [])),
);

export function callsPlugin(parts: CallsPluginParts): (app: FastifyInstance) => Promise<void> {
  const { host, foundation, settings, stopping } = parts;
  const endpoint = new HttpEndpoint({
    mesh: host.mesh,
    timers: foundation.timers,
    stopping,
    contracts: [...contracts.values(), blobService],
    isOffered: (rpc) => offered.has(rpc),
    hostOf: (rpc) => hosts.get(rpc),
  });
  const answer = async (request: FastifyRequest, response: ServerResponse) => {
    const caller = callerIn(request);
    const { presented } = readHeaders(request.headers);
    const principal = caller.by === "loopback" ? (presented ?? caller.principal) : caller.principal;
    const context = new RequestContext({
      foundation,
      stopping,
      callMs: settings.callMs,
      caller: { ...caller, principal },
      route: "/v1/calls/{contract}/{method}",
      query: new URLSearchParams(),
      request: request.raw,
      response,
    });
    const { contract, method } = request.params as { readonly contract: string; readonly method: string };
    const error = await endpoint.serve({
      rpc: `${contract}/${method}`,
      headers: request.headers,
      body: request.raw,
      response,
      context,
      admit: (isStream) => {
        admit(host.guard, principal, response, isStream);
        if (isStream) extendBodyTimeout(request.raw);
      },
      admitBytes: (bytes) => host.guard?.admitBytes(principal, bytes),
    });
    context.end(error);
  };
  return async (app) => {
    app.removeAllContentTypeParsers();
    // The call reads the body itself.
    app.addContentTypeParser("*", (_request, body, done) => done(null, body));
    app.setErrorHandler((error, _request, reply) => {
      endpoint.refuse(hijack(reply), errorFromUnknown(error));
    });
    app.post("/calls/:contract/:method", { config: { admits: "itself" } }, async (request, reply) => {
      await answer(request, hijack(reply));
    });
  };
}

/** The endpoint writes the answer. */
function hijack(reply: FastifyReply): ServerResponse {
  reply.hijack();
  for (const [name, value] of Object.entries(dataHeaders)) reply.raw.setHeader(name, value);
  return reply.raw;
}
