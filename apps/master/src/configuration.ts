import { defineSection } from "@tutti/kernel";
import * as z from "zod";

/** The keys of the service: `orchestration.master.*`. */
export const masterSection = defineSection({
  scope: "orchestration",
  name: "master",
  description: "Sessions, and what they share.",
  schema: z.strictObject({
    dataDirectory: z
      .string()
      .min(1)
      .default("./.tutti")
      .describe(
        "Where everything is kept that must last, in a process of its own without a cluster. The platform has `platform.dataDirectory`.",
      ),
    planner: z
      .string()
      .min(1)
      .max(200)
      .default("tutti.plan")
      .describe("The capability that breaks goals of sessions down into tasks, where they name none."),
    deadlockCheckMs: z
      .number()
      .int()
      .min(10)
      .default(1_000)
      .describe("How often sessions and the like are looked for that wait for each other's locks."),
  }),
});
