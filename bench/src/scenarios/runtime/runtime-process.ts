/** The runtime with its chains in a separate process: node runtime-process.ts DIRECTORY CODECS */
import { serveEngine } from "../chains/engine-process.ts";
import { type Codecs, serveChains } from "../chains/server.ts";
import { chain } from "./chain-machine.ts";
import { RuntimeEngine } from "./runtime-engine.ts";
import { openRuntime } from "./storage.ts";

const [directory = "", codecs = "by hand"] = process.argv.slice(2);
const { address } = await serveChains(codecs as Codecs, async (outbox) => {
  const engine = new RuntimeEngine(outbox);
  const { runtime } = await openRuntime(directory, "chains", { machines: [chain], effects: engine });
  engine.runtime = runtime;
  await runtime.start();
  return engine;
});
serveEngine(address);
