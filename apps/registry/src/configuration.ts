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
      .describe("Where entries are kept: in this process, or in NATS for several registries of a cluster."),
    leaseMs: milliseconds
      .default(15_000)
      .describe("How long an entry lives without renewal when the instance names no time."),
    leaseMinMs: milliseconds.default(1_000).describe("The shortest lease granted."),
    sweepMs: milliseconds.default(500).describe("How often leases that ran out are looked for."),
    gatherMs: milliseconds
      .default(250)
      .describe("Renewals are asked to come together, at moments this far apart."),
    historyMax: z
      .number()
      .int()
      .min(1)
      .default(10_000)
      .describe("Changes remembered, so that watchers can resume without a new snapshot."),
    batchMs: milliseconds
      .default(20)
      .describe("How long changes are gathered before they are sent to watchers."),
    figuresMs: milliseconds
      .default(1_000)
      .describe("How often the load of instances is sent to watchers that want it."),
    signOfLifeMs: milliseconds.default(5_000).describe("Watchers hear something at least this often."),
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
