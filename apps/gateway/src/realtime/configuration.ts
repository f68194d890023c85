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
      .describe(
        "Maximum number of streaming connections. Further connections are rejected until one closes.",
      ),
    bufferBytesMax: z
      .int()
      .min(1_024)
      .max(67_108_864)
      .default(262_144)
      .describe(
        "Maximum number of buffered bytes per reader. A reader with a full buffer receives no further data until it catches up.",
      ),
    bufferEventsMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_024)
      .describe(
        "Maximum number of buffered events per reader of an event stream, in addition to `bufferBytesMax`. The oldest events are dropped and counted.",
      ),
    heartbeatMs: milliseconds
      .default(10_000)
      .describe("Maximum interval between two messages to a reader. Idle streams send keep-alives."),
    stallMs: milliseconds
      .default(30_000)
      .describe("Time after which a reader that reads none of its pending data is disconnected."),
  }),
});

export type RealtimeSettings = ReturnType<(typeof realtimeSection)["schema"]["parse"]>;
