/** The ceiling in a separate process: node ceiling-process.ts DIRECTORY CODECS */
import { join } from "node:path";
import { serveEngine } from "../chains/engine-process.ts";
import { type Codecs, serveChains } from "../chains/server.ts";
import { CeilingEngine } from "./ceiling-engine.ts";
import { openCeilingLog } from "./log.ts";

const [directory = "", codecs = "generated"] = process.argv.slice(2);
const { address } = await serveChains(codecs as Codecs, async (outbox) => {
  const engine = new CeilingEngine(outbox);
  engine.log = await openCeilingLog(join(directory, "ceiling.log"), () => engine.durable());
  return engine;
});
serveEngine(address);
