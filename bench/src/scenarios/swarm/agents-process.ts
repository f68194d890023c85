/**
 * Many agents of one slot each over real streams: node agents-process.ts ADDRESS COUNT FIRST. Their tasks contain the
 * time of the offer. Each agent returns the input immediately.
 */
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { AgentFrame, Result } from "@tutti/contracts/agent/v1";
import { FlatWriter, readHostFrame } from "@tutti/contracts/wire";
import { Latencies } from "../../measure/statistics.ts";
import { serveQuestions } from "../../processes/conversation.ts";
import { channelOptions, streams } from "../chains/chain.ts";
import { echoCapability } from "../chains/echo-agent.ts";
import { type AgentsAnswer, type AgentsQuestion, agoMs } from "./swarm-messages.ts";

const [address = "", count = "1", first = "0"] = process.argv.slice(2);
/** Maximum of streams on a connection. */
const streamsPerClient = 100;
const heartbeatMs = 4_000;
const nothing: Uint8Array = new Uint8Array();

let latencies = new Latencies();
const clients: Client[] = [];
const agents: Agent[] = [];

class Agent {
  readonly #link: ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly #writer = new FlatWriter(512);
  readonly #output = { $case: "inlineOutput" as const, value: nothing };
  readonly #result = Result.create({ outcome: this.#output, runMs: 0.01 });
  readonly welcomed: Promise<void>;
  #sequence = 0;
  #received = 0;

  constructor(client: Client, agentId: string) {
    const { path, requestSerialize, responseDeserialize } = streams.link;
    this.#link = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.welcomed = promise;
    this.#link.on("error", reject);
    this.#link.once("data", () => {
      resolve();
      this.#link.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    });
    const offering = { slots: 1, capabilities: [{ name: echoCapability, version: "1.0.0" }] };
    const hello = { versionMin: 1, versionMax: 1, agentId, incarnation: "1", offering };
    this.#link.write(AgentFrame.encode(AgentFrame.fromPartial({ hello })).finish());
  }

  send(frame: Parameters<typeof AgentFrame.fromPartial>[0]): void {
    const numbered = { ...frame, sequence: ++this.#sequence, acknowledged: this.#received };
    this.#link.write(AgentFrame.encode(AgentFrame.fromPartial(numbered)).finish());
  }

  #receive(bytes: Uint8Array): void {
    const { assignments, sequence } = readHostFrame(bytes);
    this.#received = sequence;
    if (assignments.length === 0) return;
    const writer = this.#writer;
    writer.uint32(tags.sequence).uint32(++this.#sequence);
    writer.uint32(tags.acknowledged).uint32(sequence);
    for (const { token, input } of assignments) {
      this.#output.value = input?.$case === "inlineInput" ? input.value : nothing;
      latencies.add(agoMs(this.#output.value));
      this.#result.token = token;
      Result.encode(this.#result, writer.uint32(tags.results).fork()).join();
    }
    writer.uint32(tags.credit).uint32(assignments.length);
    this.#link.write(writer.finish());
  }
}

for (let number = 0; number < Number(count); number++) {
  if (number % streamsPerClient === 0)
    clients.push(new Client(address, credentials.createInsecure(), channelOptions));
  const client = clients.at(-1);
  if (client !== undefined) agents.push(new Agent(client, `agent-${Number(first) + number}`));
}
await Promise.all(agents.map(({ welcomed }) => welcomed));
setInterval(() => {
  for (const agent of agents) agent.send({ heartbeat: { freeSlots: 1, attempts: 0 } });
}, heartbeatMs).unref();

serveQuestions<AgentsQuestion>({}, ({ ask }): AgentsAnswer => {
  switch (ask) {
    case "begin":
      for (const agent of agents) agent.send({ credit: 1 });
      return {};
    case "forget":
      latencies = new Latencies();
      return {};
    case "latencies":
      return latencies.quantiles();
  }
});

const tags = { sequence: 8, acknowledged: 16, results: 50, credit: 56 } as const;
