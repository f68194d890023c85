import { DataDirectory, type ServiceModule } from "@tutti/host";
import { registry } from "@tutti/registry";
import { platformSection } from "./configuration.ts";
import { Extensions, openExtension } from "./extensions.ts";

const data: ServiceModule = {
  name: "data",
  sections: [platformSection],
  create: ({ configuration, foundation }) =>
    new DataDirectory(configuration.read(platformSection).dataDirectory, foundation),
};

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
export const services: readonly ServiceModule[] = [data, registry, extensions];
