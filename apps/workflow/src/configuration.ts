import { defineSection } from "@tutti/kernel";
import { z } from "zod";

/** The keys of the workflow service: `engines.workflow.*`. */
export const workflowSection = defineSection({
  scope: "engines",
  name: "workflow",
  schema: z.strictObject({
    sharedPools: z
      .array(z.string())
      .default([])
      .describe(
        "Names of pools that the runs of all namespaces share: those of the namespace `default`. Others are each namespace's own.",
      ),
  }),
});
