import { runHost } from "@tutti/host";
import { insightSection } from "./configuration.ts";
import { insight } from "./service.ts";

await runHost({
  name: "insight",
  services: [insight],
  dataDirectory: (configuration) => configuration.read(insightSection).dataDirectory,
  dataDirectorySetting: "insight.dataDirectory",
});
