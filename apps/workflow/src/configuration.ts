import { defineSection } from "@tutti/kernel";
import * as z from "zod";

/** The keys of the workflow service: `workflow.*`. */
export const workflowSection = defineSection({
  scope: "engines",
  name: "workflow",
  schema: z.strictObject({
    dataDirectory: z
      .string()
      .min(1)
      .default("./.tutti")
      .describe(
        "Data directory of a separate process without a cluster. The platform uses `platform.dataDirectory`.",
      ),
    sharedPools: z
      .array(z.string())
      .default([])
      .describe(
        "Names of pools in the namespace `default` that the runs of all namespaces share. Other pools belong to one namespace.",
      ),
    cacheBytes: z
      .number()
      .int()
      .min(0)
      .default(1_073_741_824)
      .describe(
        "Maximum size of the cached outputs of a namespace in bytes. Above it, outputs that save the least time per byte are evicted.",
      ),
    cacheBytesOf: z
      .record(z.string().min(1).max(200), z.number().int().min(0))
      .default({})
      .meta({ title: "namespace → bytes" })
      .describe("Overrides `cacheBytes` for individual namespaces."),
  }),
});
