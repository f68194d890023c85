import { DataDirectory, type HostContext, type ServiceModule } from "@tutti/host";
import { Orchestrator } from "@tutti/kernel";
import { registry } from "@tutti/registry";
import { platformSection } from "./configuration.ts";
import { openExtension } from "./extensions.ts";

const data: ServiceModule = {
  name: "data",
  sections: [platformSection],
  create: ({ configuration, foundation }) =>
    new DataDirectory(configuration.read(platformSection).dataDirectory, foundation),
};

/** The orchestrators of the user. Without one of them the platform is not ready, and all the others go on. */
class Extensions extends Orchestrator {
  constructor({ foundation, version }: HostContext, extensions: readonly Orchestrator[]) {
    super("extensions", foundation, { version });
    for (const extension of extensions) this.register(extension.name, extension, { whenFailed: "stay" });
  }
}

const extensions: ServiceModule = {
  name: "extensions",
  sections: [platformSection],
  create: async (host) => {
    const paths = host.configuration.read(platformSection).extensions;
    return new Extensions(host, await Promise.all(paths.map((path) => openExtension(path, host.foundation))));
  },
};

/** Everything that runs in the platform's one process, in the order of its start. */
export const services: readonly ServiceModule[] = [data, registry, extensions];
