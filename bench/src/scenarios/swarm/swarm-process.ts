/**
 * What agents are linked to, in a process of its own: node --expose-gc swarm-process.ts swarm|bare [FLAG …]. Asked, it says
 * how much memory is in use and how much processor time the main thread had.
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { HostFrame } from "@tutti/contracts/agent/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { services } from "@tutti/platform";
import { serveQuestions } from "../../processes/conversation.ts";
import { channelOptions, streams } from "../chains/chain.ts";
import type { HostAnswer, HostQuestion } from "./swarm-words.ts";

const [kind = "swarm", ...flags] = process.argv.slice(2);
const address = kind === "swarm" ? await startSwarm() : await startBare();

serveQuestions<HostQuestion>({ address }, ({ ask }): HostAnswer => {
  // The time first: what the collector takes for the other answer is not the tasks'.
  const { user, system } = process.threadCpuUsage();
  for (let round = 0; ask === "memory" && round < 3; round++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { usedBytes: heapUsed + external, cpuUs: user + system };
});

async function startSwarm(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const swarm = services.filter(({ name }) => name === "swarm");
  const all = ["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=error", ...flags];
  const host = await ServiceHost.open({
    ...{ name: "swarm", version: "0.1.0", services: swarm },
    sources: memorySources({ arguments: all }),
    dataDirectory: () => directory,
  });
  await host.start();
  process.once("SIGTERM", () => void host.stop().then(() => process.exit(0)));
  return host.mesh.address;
}

/** Streams that are accepted, answered once, and left alone. */
async function startBare(): Promise<string> {
  const server = new Server(channelOptions);
  const welcome = HostFrame.encode(
    HostFrame.fromPartial({ answer: { $case: "welcome", value: { linkId: "link", version: 1 } } }),
  ).finish();
  const accept = (stream: ServerDuplexStream<Uint8Array, Uint8Array>) => {
    stream.on("error", () => {});
    stream.once("data", () => stream.write(welcome));
    stream.resume();
  };
  server.addService({ link: streams.link }, { link: accept });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return `127.0.0.1:${port}`;
}
