import { runHost } from "@tutti/host";
import { swarmSection } from "./configuration.ts";
import { swarm } from "./service.ts";

await runHost({
  name: "swarm",
  services: [swarm],
  dataDirectory: (configuration) => configuration.read(swarmSection).dataDirectory,
  dataDirectorySetting: "swarm.dataDirectory",
});
