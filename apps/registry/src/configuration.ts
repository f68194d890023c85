import { defineSection } from "@tutti/kernel";
import * as z from "zod";

const milliseconds = z.number().int().min(1);

/** The keys of the registry: `integration.registry.*`. */
export const registrySection = defineSection({
  scope: "integration",
  name: "registry",
  schema: z.strictObject({
    store: z
      .enum(["memory", "nats"])
      .default("memory")
      .describe("Where entries are stored: in this process, or in NATS for several registries of a cluster."),
    leaseMs: milliseconds.default(15_000).describe("Default lease of an entry."),
    leaseMinMs: milliseconds.default(1_000).describe("Minimum lease."),
    sweepMs: milliseconds.default(500).describe("Interval at which expired leases are removed."),
    gatherMs: milliseconds
      .default(250)
      .describe("Renewals of all instances are aligned to multiples of this interval."),
    historyMax: z
      .number()
      .int()
      .min(1)
      .default(10_000)
      .describe("Number of changes retained, so watchers can resume without a new snapshot."),
    batchMs: milliseconds
      .default(20)
      .describe("How long changes are collected before they are sent to watchers."),
    watchIntervalMs: milliseconds
      .default(1_000)
      .describe("Interval at which the load of instances is sent to watchers that request it."),
    keepaliveMs: milliseconds.default(5_000).describe("Maximum interval between two messages to a watcher."),
    replicas: z
      .number()
      .int()
      .min(1)
      .max(5)
      .default(1)
      .describe("Copies of the entries in NATS. Use 3 in a cluster."),
  }),
});

export type RegistrySettings = ReturnType<(typeof registrySection)["schema"]["parse"]>;
