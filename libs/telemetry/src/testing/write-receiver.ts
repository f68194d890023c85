/** A server for tests that accepts remote write on the loopback address and keeps the received samples. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { doubleAt, messagesAt, numberAt, textAt } from "../otlp/protobuf-reader.ts";
import { snappyRead } from "./snappy-reader.ts";

export interface ReceivedSample {
  /** In the order of the request. */
  readonly labels: readonly (readonly [string, string])[];
  readonly timeMs: number;
  readonly value: number;
}

export interface WriteReceiver extends AsyncDisposable {
  readonly url: string;
  /** The samples of each accepted request. */
  readonly requests: readonly (readonly ReceivedSample[])[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** The reply to further requests. 204 at first. If undefined, requests get no reply. */
  answer:
    | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
    | undefined;
  /** Resolves at the next request after this call. */
  nextRequest(): Promise<void>;
}

export async function writeReceiver(): Promise<WriteReceiver> {
  const requests: ReceivedSample[][] = [];
  const headers: IncomingHttpHeaders[] = [];
  let waiting: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    headers.push(request.headers);
    const { answer } = receiver;
    if (answer !== undefined && answer.status < 300) requests.push(samplesOf(snappyRead(body)));
    if (answer !== undefined) response.writeHead(answer.status, answer.headers).end(answer.body);
    for (const notify of waiting) notify();
    waiting = [];
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const receiver: WriteReceiver = {
    url: `http://127.0.0.1:${port}/api/v1/write`,
    requests,
    headers,
    answer: { status: 204 },
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  return receiver;
}

function samplesOf(request: Uint8Array): ReceivedSample[] {
  return messagesAt(request, 1).flatMap((series) => {
    const labels = messagesAt(series, 1).map((label) => [textAt(label, 1), textAt(label, 2)] as const);
    return messagesAt(series, 2).map((sample) => ({
      ...{ labels, value: doubleAt(sample, 1), timeMs: numberAt(sample, 2) },
    }));
  });
}
