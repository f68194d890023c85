/** The server for the agent and the client of a measurement: two streams of bare grpc-js in front of an engine. */
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { AgentFrame, HostFrame, type Result } from "@tutti/contracts/agent/v1";
import { readAgentFrame } from "@tutti/contracts/wire";
import { type StartItem, StartRunsRequest } from "@tutti/contracts/workflow/v1";
import { channelOptions, streams } from "./chain.ts";
import { Outbox } from "./outbox.ts";

/** Starts chains and advances them. It puts messages into the outbox, and flushes it. */
export interface ChainEngine {
  /** Starts chains. The first one has this number on its stream, the others follow. */
  start(items: readonly StartItem[], firstNumber: number): void;
  /** Handles results of steps. The messages are views of a frame, and valid only during the call. */
  results(results: readonly Result[]): void;
}

/** Readers of frames: the generated decoders, or the handwritten ones of the product. */
export type Codecs = "generated" | "by hand";

type Stream = ServerDuplexStream<Uint8Array, Uint8Array>;

/** Serves one agent and one client at a time, on a free port. */
export async function serveChains(
  codecs: Codecs,
  engineFor: (outbox: Outbox) => Promise<ChainEngine>,
): Promise<{ readonly address: string }> {
  const read = codecs === "generated" ? (bytes: Uint8Array) => AgentFrame.decode(bytes) : readAgentFrame;
  let link: Stream | undefined;
  let client: Stream | undefined;
  const outbox = new Outbox(
    (frame) => link?.write(frame),
    (frame) => client?.write(frame),
  );
  const engine = await engineFor(outbox);
  const handlers = {
    link: (stream: Stream) => {
      link = stream;
      accept(stream, (bytes) => {
        const frame = read(bytes);
        outbox.acknowledged = frame.sequence;
        if (frame.hello !== undefined) stream.write(welcome);
        if (frame.results.length > 0) engine.results(frame.results);
      });
    },
    startRuns: (stream: Stream) => {
      client = stream;
      let number = 1;
      accept(stream, (bytes) => {
        const { items } = StartRunsRequest.decode(bytes);
        engine.start(items, number);
        number += items.length;
      });
    },
  };
  const server = new Server(channelOptions);
  server.addService(streams, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}` };
}

function accept(stream: Stream, receive: (bytes: Uint8Array) => void): void {
  stream.on("data", receive);
  stream.on("end", () => stream.end());
  // It ends with the process that opened it.
  stream.on("error", () => {});
}

const welcome = HostFrame.encode(
  HostFrame.fromPartial({ answer: { $case: "welcome", value: { linkId: "link", version: 1 } } }),
).finish();
