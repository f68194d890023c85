import { defineSection, secret } from "@tutti/kernel";
import * as z from "zod";
import { receiversSchema } from "./alerts/receivers/settings.ts";

const prometheusSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "URL of a Prometheus from which metrics are read: `http://prometheus:9090`. Not set: metrics are read from the store of insight.",
    ),
  headers: z
    .record(z.string(), secret())
    .optional()
    .describe("Headers of every request to Prometheus, such as authorization. Each value is a reference."),
  match: z
    .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string())
    .default({ job: "tutti" })
    .describe(
      "Labels of this installation's series in Prometheus: those of `remoteWrite.labels`, or of the scrape.",
    ),
  stepMinMs: z
    .int()
    .min(1_000)
    .max(3_600_000)
    .default(10_000)
    .describe(
      "Minimum interval between values: `remoteWrite.intervalMs`, or two scrape intervals if Prometheus scrapes.",
    ),
  timeoutMs: z.int().min(100).max(300_000).default(10_000).describe("Timeout of a query."),
});

/** The keys of the service: `orchestration.insight.*`. */
export const insightSection = defineSection({
  scope: "orchestration",
  name: "insight",
  description: "The history of all metrics, and facts about runs, missions, sessions, agents and calls.",
  schema: z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Enables the recording of series. If false, metrics reach back only as far as the memory of each process.",
      ),
    dataDirectory: z
      .string()
      .min(1)
      .default("./.tutti")
      .describe("Folder of the series in a separate process. The platform uses `platform.dataDirectory`."),
    recordEveryMs: z
      .number()
      .int()
      .min(10_000)
      .max(300_000)
      .default(60_000)
      .describe(
        "Interval at which the samples of all processes are recorded. A killed process loses at most its samples of one interval.",
      ),
    factsEveryMs: z
      .number()
      .int()
      .min(5_000)
      .max(3_600_000)
      .default(60_000)
      .describe(
        "Interval at which facts are recorded. It grows up to tenfold while no work ends. A query also records new facts.",
      ),
    factsKeepDays: z
      .number()
      .min(1)
      .max(3_650)
      .default(90)
      .describe("Number of days that facts are stored after the end of their work."),
    receivers: receiversSchema,
    builtInReceivers: z
      .array(z.string().min(1))
      .max(32)
      .default([])
      .describe("Names of the receivers of built-in alert rules."),
    builtInEscalation: z
      .string()
      .max(200)
      .default("")
      .describe("Id of the escalation policy of built-in rules. Empty: none."),
    privateReceivers: z
      .boolean()
      .default(false)
      .describe("Allows receivers in private networks and without https."),
    dashboardUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("URL of the dashboard, for links in messages to receivers."),
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
