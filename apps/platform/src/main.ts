import { runHost } from "@tutti/host";
import { dataDirectory, keysDirectory, services } from "./service.ts";
import { killedBefore, welcome } from "./welcome.ts";

let killed: string | undefined;
// The bundle is a script, which cannot wait.
void runHost({
  name: "platform",
  services,
  dataDirectory(configuration) {
    const directory = dataDirectory(configuration);
    // Must run before the directory records this process as its holder.
    killed = killedBefore(directory);
    return directory;
  },
  keysDirectory,
  ready: (host) => welcome(host, killed),
});
