/**
 * Metrics by OTLP over HTTP, in protobuf or JSON: `/v1/otlp` is the endpoint of an exporter, which adds `/v1/metrics`.
 *
 * 1. A request has the rights of its caller, as `POST /v1/metrics/measures` has.
 * 2. A body has 4 MiB at most, also after it is decompressed.
 * 3. Points that are not recorded are counted in the reply, as OTLP has it.
 */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { metricService } from "@tutti/contracts/insight/v1";
import type { HostContext } from "@tutti/host";
import { errorFromUnknown, type Foundation } from "@tutti/kernel";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { EdgeGuard } from "../access/edge.ts";
import { RequestContext } from "../calls/request-context.ts";
import type { GatewaySettings } from "../configuration.ts";
import { gatewayErrors } from "../errors.ts";
import { acceptBytes } from "../front/body.ts";
import { callerIn } from "../front/context.ts";
import { problemAnswer } from "../front/problems.ts";

export interface OtlpPluginParts {
  readonly host: Pick<HostContext, "mesh"> & { readonly guard: EdgeGuard | undefined };
  readonly foundation: Foundation;
  readonly settings: Pick<GatewaySettings, "callMs">;
  readonly stopping: AbortSignal;
}

interface Rejected {
  readonly rejectedDataPoints: number;
  readonly reason: string;
}

const bodyBytesMax = 4_194_304;
const paths = ["/v1/otlp/v1/metrics", "/v1/otlp/namespaces/:namespace/v1/metrics"];
const protobuf = "application/x-protobuf";
const json = "application/json";
const unzip = promisify(gunzip);

export function otlpPlugin(parts: OtlpPluginParts): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    acceptBytes(app, bodyBytesMax, ({ caller }, bytes) => {
      if (caller !== undefined) parts.host.guard?.admitBytes(caller.principal, bytes);
    });
    for (const path of paths)
      app.post(path, { bodyLimit: bodyBytesMax }, (request, reply) => record(parts, request, reply));
  };
}

async function record(
  { host, foundation, settings, stopping }: OtlpPluginParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { searchParams: query } = new URL(request.url, "http://gateway");
  const caller = callerIn(request);
  const context = new RequestContext({
    foundation,
    caller,
    query,
    callMs: settings.callMs,
    stopping,
    route: (request.routeOptions.url ?? "").replaceAll(/:(\w+)/g, "{$1}"),
    request: request.raw,
    response: reply.raw,
  });
  try {
    const { namespace = "" } = request.params as { readonly namespace?: string };
    const isJson = mediaTypeOf(request) === json;
    const rejected = await host.mesh.client(metricService).recordOtlpMetrics(
      {
        namespace: namespace || caller.principal.credential?.namespace || "",
        body: await bytesOf(request),
        json: isJson,
      },
      { context, timeoutMs: context.callMs },
    );
    const answer = isJson ? JSON.stringify(answerInJson(rejected)) : answerInProtobuf(rejected);
    await reply
      .code(200)
      .type(isJson ? json : protobuf)
      .send(answer);
    context.end();
  } catch (thrown) {
    context.end(thrown);
    const { status, headers, body } = problemAnswer(errorFromUnknown(thrown));
    await reply.code(status).headers(headers).send(body);
  }
}

function mediaTypeOf({ headers }: FastifyRequest): string {
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  const found = type.trim().toLowerCase();
  if (found !== protobuf && found !== json)
    throw gatewayErrors.mediaTypeUnknown({ found: found === "" ? "none" : found });
  return found;
}

async function bytesOf({ headers, body }: FastifyRequest): Promise<Uint8Array> {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const { "content-encoding": encoding = "identity" } = headers;
  if (encoding === "identity") return bytes;
  if (encoding !== "gzip") throw gatewayErrors.mediaTypeUnknown({ found: `Content-Encoding: ${encoding}` });
  try {
    return await unzip(bytes, { maxOutputLength: bodyBytesMax });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw gatewayErrors.bodyTooLarge({ most: bodyBytesMax });
    throw gatewayErrors.mediaTypeUnknown({ found: "Content-Encoding: gzip, of bytes that are not gzip" });
  }
}

function answerInJson({ rejectedDataPoints, reason }: Rejected): object {
  if (rejectedDataPoints === 0) return {};
  return { partialSuccess: { rejectedDataPoints: String(rejectedDataPoints), errorMessage: reason } };
}

/** An ExportMetricsServiceResponse. */
function answerInProtobuf({ rejectedDataPoints, reason }: Rejected): Buffer {
  if (rejectedDataPoints === 0) return Buffer.alloc(0);
  const text = Buffer.from(reason);
  const partial = [0x08, ...varint(rejectedDataPoints), 0x12, ...varint(text.length), ...text];
  return Buffer.from([0x0a, ...varint(partial.length), ...partial]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return [...bytes, rest];
}
