import { runHost } from "@tutti/host";
import { workflowSection } from "./configuration.ts";
import { workflow } from "./service.ts";

await runHost({
  name: "workflow",
  services: [workflow],
  dataDirectory: (configuration) => configuration.read(workflowSection).dataDirectory,
  dataDirectorySetting: "workflow.dataDirectory",
});
