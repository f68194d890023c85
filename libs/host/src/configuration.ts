import {
  Configuration,
  type ConfigurationSources,
  defineSection,
  type Section,
  systemSources,
} from "@tutti/kernel";
import { meshSection } from "@tutti/mesh";
import { natsSection } from "@tutti/nats/settings";
import { ownershipSection, ownershipSettings } from "@tutti/runtime/ownership";
import {
  logSection,
  metricsSection,
  operationsSection,
  remoteWriteSection,
  tracingSection,
} from "@tutti/telemetry";
import * as z from "zod";
import { accessSection } from "./guard/settings.ts";
import type { ServiceModule } from "./service-module.ts";
import { clusterSection } from "./storage/cluster/settings.ts";
import { durableSection } from "./storage/settings.ts";

export const busSection = defineSection({
  scope: "integration",
  name: "bus",
  description: "The event bus.",
  schema: z.object({
    transport: z
      .enum(["memory", "nats"])
      .default("memory")
      .describe("`memory`: within this process. `nats`: NATS JetStream, for several processes."),
    replicas: z.int().min(1).max(5).default(1).describe("Copies of the events in NATS. Use 3 in a cluster."),
  }),
});

/** The sections of every process, for all services. */
export const hostSections: readonly Section[] = [
  logSection,
  metricsSection,
  tracingSection,
  remoteWriteSection,
  operationsSection,
  natsSection,
  busSection,
  meshSection,
  accessSection,
  ownershipSection,
  durableSection,
  clusterSection,
];

/** Sections that only some processes have. The others ignore them, so one file or command line serves all. */
export const servicesSections = [
  ...["agents", "audit", "gateway", "governance", "insight", "master", "platform", "realtime", "registry"],
  ...["retry", "swarm", "workflow"],
];

/** Returns the sections of a process with these services. */
export function sectionsOf(services: readonly Pick<ServiceModule, "sections">[]): readonly Section[] {
  return [...new Set([...hostSections, ...services.flatMap(({ sections }) => sections)])];
}

/**
 * Returns the configuration of a process with these services.
 *
 * @param sources default: this directory without flags, for tools
 */
export function loadConfiguration(
  services: readonly Pick<ServiceModule, "sections">[],
  sources: ConfigurationSources = { ...systemSources(), arguments: [] },
): Configuration {
  return Configuration.load({ sections: sectionsOf(services), sources, otherSections: servicesSections });
}

/** Returns the number of partitions of each service. */
export function partitionsIn(configuration: Configuration): number {
  return ownershipSettings(configuration.read(ownershipSection)).partitions;
}
