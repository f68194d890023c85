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
  }),
});
