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
        "Where everything is kept that must last, in a process of its own without a cluster. The platform has `platform.dataDirectory`.",
      ),
    sharedPools: z
      .array(z.string())
      .default([])
      .describe(
        "Names of pools that the runs of all namespaces share: those of the namespace `default`. Others are each namespace's own.",
      ),
    cacheBytes: z
      .number()
      .int()
      .min(0)
      .default(1_073_741_824)
      .describe(
        "Maximum size of the cached outputs of a namespace. Above it, outputs that save least time per byte are evicted.",
      ),
    cacheBytesOf: z
      .record(z.string().min(1).max(200), z.number().int().min(0))
      .default({})
      .meta({ title: "namespace → bytes" })
      .describe("The same for single namespaces, in place of `cacheBytes`."),
  }),
});
