import { runHost } from "@tutti/host";
import { dataDirectory, keysDirectory, services } from "./service.ts";
import { killedBefore, welcome } from "./welcome.ts";

let killed: string | undefined;
await runHost({
  name: "platform",
  services,
  dataDirectory(configuration) {
    const directory = dataDirectory(configuration);
    // From here on the directory says that this process has it.
    killed = killedBefore(directory);
    return directory;
  },
  keysDirectory,
  ready: (host) => welcome(host, killed),
});
