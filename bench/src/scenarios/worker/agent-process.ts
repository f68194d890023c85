/** An agent that gives back what it is given: node agent-process.ts ADDRESS worker|echo SLOTS */
import { Client, credentials } from "@grpc/grpc-js";
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { serveQuestions } from "../../processes/conversation.ts";
import { channelOptions, streams } from "../chains/chain.ts";
import { EchoAgent } from "../chains/echo-agent.ts";
import { echoCapability } from "./task-host.ts";

const [address = "", kind = "worker", given = "1"] = process.argv.slice(2);
const slots = Number(given);
if (kind === "worker") await startWorker();
else startEcho();

serveQuestions({}, () => {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system };
});

async function startWorker(): Promise<void> {
  const worker = new Worker({ address, slots, handleSignals: false }, { logger: silentLogger });
  worker.handle(echoCapability, async (input) => input);
  await worker.start();
}

/** What no agent can do without. */
function startEcho(): void {
  const { path, requestSerialize, responseDeserialize } = streams.link;
  const client = new Client(address, credentials.createInsecure(), channelOptions);
  const link = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const agent = new EchoAgent("by hand", (frame) => link.write(frame));
  link.on("error", () => {});
  // The first frame is the welcome.
  link.once("data", () => link.on("data", (bytes: Uint8Array) => agent.take(bytes)));
  agent.greet(slots);
}
