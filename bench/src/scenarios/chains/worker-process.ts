/** The agent and the client of a measurement, in one process: node worker-process.ts ADDRESS CODECS KEY */
import { type ClientDuplexStream, credentials, Metadata, makeGenericClientConstructor } from "@grpc/grpc-js";
import { serveQuestions } from "../../processes/conversation.ts";
import { channelOptions, streams } from "./chain.ts";
import { ChainClient, type ChainFigures } from "./chain-client.ts";
import { EchoAgent } from "./echo-agent.ts";
import type { Codecs } from "./server.ts";

export interface WorkerQuestion {
  readonly concurrency: number;
  readonly seconds: number;
}

const [address = "", codecs = "generated", key = ""] = process.argv.slice(2);
const Client = makeGenericClientConstructor(streams, "chains");
const metadata = new Metadata();
if (key !== "") metadata.set("authorization", `Bearer ${key}`);
const channel = new Client(address, credentials.createInsecure(), channelOptions);

function open({ path, requestSerialize, responseDeserialize }: (typeof streams)["link" | "startRuns"]) {
  const stream: ClientDuplexStream<Uint8Array, Uint8Array> = channel.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    metadata,
  );
  return stream;
}

/** Maximum of concurrent chains. */
const slots = 1_024;

const link = open(streams.link);
const agent = new EchoAgent(codecs as Codecs, (frame) => link.write(frame));
const welcomed = new Promise<void>((resolve) => {
  link.once("data", () => {
    link.on("data", (bytes) => agent.receive(bytes));
    resolve();
  });
});
agent.greet(slots);
await welcomed;
agent.start(slots);
setInterval(() => agent.heartbeat(), 1_000);

const starts = open(streams.startRuns);
const client = new ChainClient((frame) => starts.write(frame));
starts.on("data", (bytes) => client.receive(bytes));

serveQuestions<WorkerQuestion>(
  {},
  async ({ concurrency, seconds }): Promise<ChainFigures> => client.measure(concurrency, seconds),
);
