import { runHost } from "@tutti/host";
import { governanceSection } from "./configuration.ts";
import { governance } from "./service.ts";

await runHost({
  name: "governance",
  services: [governance],
  dataDirectory: (configuration) => configuration.read(governanceSection).dataDirectory,
  dataDirectorySetting: "governance.dataDirectory",
});
