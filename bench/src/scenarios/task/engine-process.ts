/**
 * All services in a separate process, as with `npm start`, with the definitions of the scenarios:
 * node engine-process.ts DIRECTORY CODECS KEEP_MS [GOVERNED [FLAG …]]
 */
import { definitionService } from "@tutti/contracts/workflow/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { services } from "@tutti/platform";
import { serveEngine } from "../chains/engine-process.ts";
import { definitions } from "./definitions.ts";
import { flagsOf, type Governed, govern } from "./governing.ts";

const [directory = "", , keepMs = "0", mode = "", ...more] = process.argv.slice(2);
/** Undefined: as in a new installation, in which no caller has a key. */
const governed = mode === "" ? undefined : (mode as Governed);
const flags = [
  "--mesh.listen=127.0.0.1:0",
  "--operations.port=0",
  "--log.level=error",
  `--durable.retention.keepMs=${keepMs}`,
  ...(governed === undefined ? [] : flagsOf(governed)),
  ...more,
];
const host = await ServiceHost.open({
  name: "platform",
  version: "0.1.0",
  services: governed === "not" ? services.filter(({ name }) => name !== "governance") : services,
  sources: memorySources({ arguments: flags }),
  dataDirectory: () => directory,
});
await host.start();
for (const text of definitions)
  await host.mesh.client(definitionService).registerDefinition({
    namespace: "",
    versionLabels: [],
    keepLatest: false,
    source: { format: 1, text, fileName: "" },
  });
process.once("SIGTERM", () => void host.stop().then(() => process.exit(0)));
const key = governed === undefined || governed === "not" ? "" : await govern(host, governed);
serveEngine(host.mesh.address ?? "", key);
