import type { ServiceModule } from "@tutti/host";
import type { Configuration } from "@tutti/kernel";
import { registry } from "@tutti/registry";
import { swarm } from "@tutti/swarm";
import { workflow } from "@tutti/workflow";
import { platformSection } from "./configuration.ts";
import { Extensions, openExtension } from "./extensions.ts";

const extensions: ServiceModule = {
  name: "extensions",
  sections: [platformSection],
  create: async (host) => {
    const { extensions: paths, extensionStartMs } = host.configuration.read(platformSection);
    const { foundation, version } = host;
    const opened = await Promise.all(paths.map((path) => openExtension(path, foundation)));
    return new Extensions(opened, { foundation, version, startTimeoutMs: extensionStartMs });
  },
};

/** Everything that runs in the platform's one process, in the order of its start. */
export const services: readonly ServiceModule[] = [registry, swarm, workflow, extensions];

/** Where the platform keeps what must last. */
export function dataDirectory(configuration: Configuration): string {
  return configuration.read(platformSection).dataDirectory;
}
