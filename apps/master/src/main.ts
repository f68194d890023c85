import { runHost } from "@tutti/host";
import { masterSection } from "./configuration.ts";
import { master } from "./service.ts";

await runHost({
  name: "master",
  services: [master],
  dataDirectory: (configuration) => configuration.read(masterSection).dataDirectory,
  dataDirectorySetting: "master.dataDirectory",
});
