/** Collectors for tests. They accept OTLP over HTTP or gRPC on the loopback address and keep the received telemetry. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { metricsOf, type ReceivedMetric, type ReceivedSpan, spansOf } from "./otlp-messages.ts";

export interface OtlpReceiver extends AsyncDisposable {
  /** The value for `tracing.otlpEndpoint`. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** The metrics of each request. */
  readonly metrics: readonly (readonly ReceivedMetric[])[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** Status of further replies. 200 at first. If undefined, requests get no reply. */
  answer: number | undefined;
  /** Resolves at the next request after this call. */
  nextRequest(): Promise<void>;
}

export async function otlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics: (readonly ReceivedMetric[])[] = [];
  const headers: IncomingHttpHeaders[] = [];
  let waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const message = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    headers.push(request.headers);
    if (receiver.answer === 200) {
      if (request.url === "/v1/traces") spans.push(...spansOf(message));
      else metrics.push(metricsOf(message));
    }
    for (const notify of waiting) notify();
    waiting = [];
    if (receiver.answer === undefined) return;
    response.writeHead(receiver.answer, { "content-type": "application/x-protobuf" }).end();
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const receiver: OtlpReceiver = {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    metrics,
    headers,
    answer: 200,
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  return receiver;
}

const frameHeaderBytes = 5;

/** The same over gRPC. Each request is one message behind its frame. */
export async function otlpGrpcReceiver(): Promise<Omit<OtlpReceiver, "answer">> {
  const spans: ReceivedSpan[] = [];
  const metrics: (readonly ReceivedMetric[])[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const sessions = new Set<ServerHttp2Session>();
  let waiting: (() => void)[] = [];
  const server = createHttp2Server();
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", async (stream, sent) => {
    const frame = await buffer(stream);
    const isCompressed = frame[0] === 1;
    const body = frame.subarray(frameHeaderBytes);
    const message = isCompressed ? gunzipSync(body) : body;
    headers.push(sent);
    if (String(sent[":path"]).endsWith("TraceService/Export")) spans.push(...spansOf(message));
    else metrics.push(metricsOf(message));
    stream.respond({ ":status": 200, "content-type": "application/grpc+proto" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(frameHeaderBytes));
    for (const notify of waiting) notify();
    waiting = [];
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    metrics,
    headers,
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
