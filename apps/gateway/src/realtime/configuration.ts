import { defineSection } from "@tutti/kernel";
import * as z from "zod";

const milliseconds = z.number().int().min(100).max(3_600_000);

/** The settings of streams: `realtime.*`. */
export const realtimeSection = defineSection({
  scope: "integration",
  name: "realtime",
  description: "How events and changes are delivered over HTTP.",
  schema: z.object({
    connectionsMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(2_000)
      .describe("Connections that may follow something at once. Further ones are refused for the moment."),
    bufferBytesMax: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(262_144)
      .describe("Bytes that may wait for one reader. Beyond that nothing more is fetched for it."),
    bufferEventsMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_024)
      .describe(
        "Events that a reader may lag behind besides. Beyond that the oldest are left out and counted.",
      ),
    heartbeatMs: milliseconds.default(10_000).describe("A reader hears something at least so often."),
    stallMs: milliseconds
      .default(30_000)
      .describe("A reader that takes nothing for so long, while something waits for it, is cut."),
  }),
});

export type RealtimeSettings = ReturnType<(typeof realtimeSection)["schema"]["parse"]>;
