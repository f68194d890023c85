import { defineSection, secret } from "@tutti/kernel";
import * as z from "zod";
import { receiversSchema } from "./alerts/receivers/settings.ts";

const prometheusSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "A Prometheus that metrics are read from: http://prometheus:9090. Without it they are read from the store of insight.",
    ),
  headers: z
    .record(z.string(), secret())
    .optional()
    .describe("Headers of every request to it, such as authorization, each a reference to its value."),
  match: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string())
    .default({ job: "tutti" })
    .describe(
      "Labels that its series of this installation have: those of `remoteWrite.labels`, or of the scrape.",
    ),
  stepMinMs: z
    .int()
    .min(1_000)
    .max(3_600_000)
    .default(10_000)
    .describe(
      "The least distance of values: `remoteWrite.intervalMs`, or two scrape intervals if Prometheus scrapes.",
    ),
  timeoutMs: z.int().min(100).max(300_000).default(10_000).describe("How long it may take to answer."),
});

/** The keys of the service: `orchestration.insight.*`. */
export const insightSection = defineSection({
  scope: "orchestration",
  name: "insight",
  description: "The past: series of all metrics, and facts about all work.",
  schema: z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Whether this process records series. Without it, metrics reach back as far as the memory of each process.",
      ),
    dataDirectory: z
      .string()
      .min(1)
      .default("./.tutti")
      .describe(
        "The folder of the series in a process of its own. The platform has `platform.dataDirectory`.",
      ),
    recordEveryMs: z
      .number()
      .int()
      .min(10_000)
      .max(300_000)
      .default(60_000)
      .describe(
        "How often the samples of all processes are recorded. A process that is killed loses at most this much of its own.",
      ),
    factsEveryMs: z
      .number()
      .int()
      .min(5_000)
      .max(3_600_000)
      .default(60_000)
      .describe(
        "How often facts are recorded. Up to ten times less often while no work ends. A query has them recorded as well.",
      ),
    factsKeepDays: z
      .number()
      .min(1)
      .max(3_650)
      .default(90)
      .describe("How many days facts are kept after the end of their work."),
    receivers: receiversSchema,
    builtInReceivers: z
      .array(z.string().min(1))
      .max(32)
      .default([])
      .describe("Names of receivers that hear of alerts of built-in rules."),
    builtInEscalation: z
      .string()
      .max(200)
      .default("")
      .describe("Id of the escalation policy of built-in rules. Empty: none."),
    privateReceivers: z
      .boolean()
      .default(false)
      .describe("Whether receivers may be in private networks, and be called without https."),
    dashboardUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Where people open the dashboard. Messages to receivers link to it."),
    chromium: z
      .string()
      .default("")
      .describe("Path of Chromium, which prints reports as PDF. Empty: the one in PATH."),
    prometheus: prometheusSchema,
    seriesMax: z
      .number()
      .int()
      .min(100)
      .max(1_000_000)
      .default(20_000)
      .describe("Maximum number of series in use. Further label values of a metric share one series."),
    seriesOfMetricMax: z
      .number()
      .int()
      .min(10)
      .max(1_000_000)
      .default(2_000)
      .describe("Maximum number of series in use of one metric. Further label values share one series."),
  }),
});
