/**
 * The swarm service, to which agents connect, in a separate process: node swarm-process.ts [FLAG …]. On request it
 * reports the processor time of the main thread.
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { services } from "@tutti/platform";
import { serveQuestions } from "../../processes/conversation.ts";
import type { HostAnswer } from "./swarm-messages.ts";

const flags = process.argv.slice(2);
const address = await startSwarm();

serveQuestions<object>({ address }, (): HostAnswer => {
  const { user, system } = process.threadCpuUsage();
  return { cpuUs: user + system };
});

async function startSwarm(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const swarm = services.filter(({ name }) => name === "swarm");
  const all = ["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=error", ...flags];
  const host = await ServiceHost.open({
    name: "swarm",
    version: "0.1.0",
    services: swarm,
    sources: memorySources({ arguments: all }),
    dataDirectory: () => directory,
  });
  await host.start();
  process.once("SIGTERM", () => void host.stop().then(() => process.exit(0)));
  return host.mesh.address;
}
