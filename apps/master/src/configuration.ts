import { defineSection } from "@tutti/kernel";
import * as z from "zod";

/** The keys of the service: `orchestration.master.*`. */
export const masterSection = defineSection({
  scope: "orchestration",
  name: "master",
  description: "Sessions and their shared resources.",
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
    adviceEveryMs: z
      .number()
      .int()
      .min(0)
      .default(3_600_000)
      .describe(
        "How often recorded runs are searched for advice about their workflows. 0: only when a caller asks.",
      ),
    modelEveryMs: z
      .number()
      .int()
      .min(0)
      .default(60_000)
      .describe(
        "How often models of durations are compared on newly recorded attempts. 0: only when a caller asks.",
      ),
    deadlockCheckMs: z
      .number()
      .int()
      .min(10)
      .default(1_000)
      .describe("How often sessions and the like are looked for that wait for each other's locks."),
  }),
});
