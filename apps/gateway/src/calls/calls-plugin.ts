/**
 * Calls of programs that speak the contracts, at `/v1/calls`: for SDKs that reach this port alone. An rpc, a caller and
 * a limit are here what they are at the port of gRPC.
 *
 * 1. A caller with a credential has its identity. One without is believed whom it presents on a loopback address alone.
 * 2. Only rpcs that have a route, and a few whose routes have another form, are offered. None of those that processes of
 *    the installation call among themselves.
 * 3. A call counts as a call, and a stream as a stream.
 */
import type { ServerResponse } from "node:http";
import { blobService } from "@tutti/contracts/blob/v1";
import type { HostContext } from "@tutti/host";
import { errorFromUnknown, type Foundation } from "@tutti/kernel";
import { HttpDoor, readHeaders } from "@tutti/mesh";
import { routes } from "@tutti/rest";
import { letBodyTakeTime } from "@tutti/telemetry";
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

/** What clients need, and routes give in another form. */
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

export function callsPlugin(parts: CallsPluginParts): (app: FastifyInstance) => Promise<void> {
  const { host, foundation, settings, stopping } = parts;
  const door = new HttpDoor({
    mesh: host.mesh,
    timers: foundation.timers,
    stopping,
    contracts: [...contracts.values(), blobService],
    isOffered: (rpc) => offered.has(rpc),
  });
  const answer = async (request: FastifyRequest, response: ServerResponse) => {
    const caller = callerIn(request);
    const { presented } = readHeaders(request.headers);
    const principal = caller.by === "loopback" ? (presented ?? caller.principal) : caller.principal;
    const asked = new RequestContext({
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
    const error = await door.answer({
      rpc: `${contract}/${method}`,
      headers: request.headers,
      body: request.raw,
      response,
      context: asked,
      admit: (isStream) => {
        admit(host.guard, principal, response, isStream);
        if (isStream) letBodyTakeTime(request.raw);
      },
      admitBytes: (bytes) => host.guard?.admitBytes(principal, bytes),
    });
    asked.end(error);
  };
  return async (app) => {
    app.removeAllContentTypeParsers();
    // A body is read as far as its call takes it.
    app.addContentTypeParser("*", (_request, body, done) => done(null, body));
    app.setErrorHandler((error, _request, reply) => {
      door.refuse(takenOver(reply), errorFromUnknown(error));
    });
    app.post("/calls/:contract/:method", { config: { admits: "itself" } }, async (request, reply) => {
      await answer(request, takenOver(reply));
    });
  };
}

/** The door writes the answer. */
function takenOver(reply: FastifyReply): ServerResponse {
  reply.hijack();
  for (const [name, value] of Object.entries(dataHeaders)) reply.raw.setHeader(name, value);
  return reply.raw;
}
