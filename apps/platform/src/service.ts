import { gateway } from "@tutti/gateway";
import { governance, governanceSection } from "@tutti/governance";
import { instanceHealthOf, type ServiceModule } from "@tutti/host";
import { insight } from "@tutti/insight";
import type { Configuration } from "@tutti/kernel";
import { master } from "@tutti/master";
import { meshSection } from "@tutti/mesh";
import { registry } from "@tutti/registry";
import { swarm } from "@tutti/swarm";
import { workflow } from "@tutti/workflow";
import { AgentWorkers, namesModels } from "./agents.ts";
import { agentsSection, platformSection } from "./configuration.ts";
import { findClone } from "./demonstration/clone.ts";
import { Demonstration, demonstrationMark, linkAddress } from "./demonstration/demonstration.ts";
import { Extensions, openExtension } from "./extensions.ts";
import { printText } from "./welcome.ts";
import { WorkflowFiles } from "./workflow-files.ts";

const extensions: ServiceModule = {
  name: "extensions",
  sections: [platformSection],
  create: async (host) => {
    const { extensions: paths, extensionStartMs } = host.configuration.read(platformSection);
    const { foundation, version } = host;
    const opened = await Promise.all(paths.map((path) => openExtension(path, foundation)));
    for (const { orchestrator } of opened) {
      const { name, version: ownVersion } = orchestrator;
      const healthOf = () => instanceHealthOf(orchestrator);
      host.announcer.add(listedName(name), { version: ownVersion, healthOf });
      orchestrator.on("healthChanged", () => host.announcer.announce());
    }
    return new Extensions(opened, { foundation, version, startTimeoutMs: extensionStartMs });
  },
};

/** Returns the registry name of a user's orchestrator. Only the names of services have a fixed form. */
function listedName(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]+/g, "-")
      .slice(0, 100) || "extension"
  );
}

const demonstration: ServiceModule = {
  name: "demonstration",
  sections: [platformSection],
  isOutermost: true,
  create: ({ configuration, foundation, mesh, operations }) => {
    const { demonstration: isEnabled, pythons, dataDirectory } = configuration.read(platformSection);
    if (!isEnabled) return {};
    const clone = findClone();
    const isProtected = configuration.read(meshSection).tls.mode !== "off";
    // `npm start` enables the demonstration by default, so a missing requirement must not prevent the start.
    if (clone === undefined || isProtected) {
      const reason = isProtected ? "its workers have no certificates" : "it is in a clone only";
      foundation.logger.warn("demo skipped", { reason });
      return {};
    }
    const mark = demonstrationMark(dataDirectory);
    const location = { address: () => mesh.address, url: () => operations.url() };
    return new Demonstration({ foundation, clone, pythons, mark, print: printText, ...location });
  },
};

const workflowFiles: ServiceModule = {
  name: "workflow-files",
  sections: [platformSection],
  isOutermost: true,
  create: ({ configuration, foundation, mesh }) => {
    const { workflows: folder } = configuration.read(platformSection);
    if (folder === "") return {};
    if (configuration.read(meshSection).tls.mode !== "off") {
      foundation.logger.warn("workflow files are not registered: the mesh requires a certificate", {
        folder,
      });
      return {};
    }
    return new WorkflowFiles({
      foundation,
      folder,
      address: () => linkAddress(mesh.address),
      print: printText,
    });
  },
};

const agentWorkers: ServiceModule = {
  name: "agents",
  sections: [agentsSection],
  isOutermost: true,
  create: ({ configuration, foundation, mesh, operations }) => {
    const { run, ...settings } = configuration.read(agentsSection);
    const isNamed = Object.keys(settings.providers).length > 0 || namesModels(process.env);
    if (run === "off" || (run === "auto" && !isNamed)) return {};
    if (configuration.read(meshSection).tls.mode !== "off") {
      const reason = "the mesh requires a certificate: start a worker with `agents()` of @tutti/sdk/agents";
      foundation.logger.warn("tasks of the kind agent are not run here", { reason });
      return {};
    }
    const location = { address: () => linkAddress(mesh.address), url: () => operations.url() };
    return new AgentWorkers({ foundation, ...settings, ...location });
  },
};

/** Everything that runs in the process of the platform, in the order of its start. */
export const services: readonly ServiceModule[] = [
  registry,
  swarm,
  workflow,
  master,
  governance,
  insight,
  extensions,
  gateway,
  workflowFiles,
  agentWorkers,
  demonstration,
];

/** Returns the directory for durable data. */
export function dataDirectory(configuration: Configuration): string {
  return configuration.read(platformSection).dataDirectory;
}

/** Returns the directory of the platform's keys. Empty: the data directory. */
export function keysDirectory(configuration: Configuration): string {
  return configuration.read(governanceSection).keysDirectory;
}
