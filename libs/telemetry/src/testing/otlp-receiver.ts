/** A collector for tests: takes OTLP over HTTP on the loopback address and says what arrived. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { metricsOf, type ReceivedMetric, type ReceivedSpan, spansOf } from "./otlp-messages.ts";

export interface OtlpReceiver extends AsyncDisposable {
  /** What to set `tracing.otlpEndpoint` to. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** The metrics of each request. */
  readonly metrics: readonly (readonly ReceivedMetric[])[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** The status that every further request is answered with. 200 at first. Undefined: it is not answered. */
  answer: number | undefined;
  /** Resolves when a request has come since this was called. */
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
    for (const tell of waiting) tell();
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
