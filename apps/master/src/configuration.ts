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
        "Data directory of a separate process without a cluster. The platform uses `platform.dataDirectory`.",
      ),
    planner: z
      .string()
      .min(1)
      .max(200)
      .default("tutti.plan")
      .describe("Default capability that plans the tasks of sessions with a goal."),
    adviceEveryMs: z
      .number()
      .int()
      .min(0)
      .default(3_600_000)
      .describe(
        "Interval at which recorded runs are analyzed for advice about their workflows. 0: only on request.",
      ),
    adviceSpanMs: z
      .number()
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(300_000)
      .describe(
        "Duration for which a pool on trial keeps each of both strategies. A span counts if 5 tasks started in it.",
      ),
    modelEveryMs: z
      .number()
      .int()
      .min(0)
      .default(60_000)
      .describe(
        "Interval at which duration models are compared on newly recorded attempts. 0: only on request.",
      ),
    deadlockCheckMs: z
      .number()
      .int()
      .min(10)
      .default(1_000)
      .describe("Interval at which the locks of sessions and other holders are checked for deadlocks."),
  }),
});
