/** Configuration of telemetry. */
import { defineSection, live, secret } from "@tutti/kernel";
import * as z from "zod";
import { proxyHeaders } from "./operations/client-address.ts";

const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export const logSection = defineSection({
  scope: "foundation",
  name: "log",
  description: "The log that a process writes to standard output.",
  schema: z.object({
    level: live(z.enum(levels).default("info")).describe("Minimum level of log entries."),
    format: z
      .enum(["auto", "json", "pretty"])
      .default("auto")
      .describe(
        "`json`: one object per line. `pretty`: lines for people. `auto`: pretty on a terminal, else json.",
      ),
  }),
});

export const metricsSection = defineSection({
  scope: "foundation",
  name: "metrics",
  description: "The metrics of a process.",
  schema: z.object({
    labelSetsMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(1000)
      .describe(
        "Maximum number of label sets per metric. Further label sets are counted under the value `other`.",
      ),
    ringMaxBytes: z
      .int()
      .min(0)
      .max(1024 * 1024 * 1024)
      .default(8 * 1024 * 1024)
      .describe("Maximum memory for recent samples, which the dashboard shows without Prometheus. 0: none."),
  }),
});

export const tracingSection = defineSection({
  scope: "foundation",
  name: "tracing",
  description: "Export of traces and metrics by OpenTelemetry.",
  schema: z.object({
    otlpEndpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "Address of an OpenTelemetry collector for OTLP over HTTP: `http://localhost:4318`. Not set: nothing is sent.",
      ),
    sampleRatio: live(z.number().min(0).max(1).default(1)).describe(
      "Share of recorded traces among those that start in this process. For other traces, the decision of the parent applies.",
    ),
    metricsIntervalMs: z
      .int()
      .min(1000)
      .max(3_600_000)
      .default(60_000)
      .describe("Interval at which metrics are sent to the collector."),
    headers: z
      .record(z.string(), secret())
      .optional()
      .describe(
        "Headers of every request to the collector, such as authorization. Each value is a reference.",
      ),
  }),
});

export const remoteWriteSection = defineSection({
  scope: "foundation",
  name: "remoteWrite",
  description: "Export of metrics to a Prometheus by remote write.",
  schema: z.object({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "URL of the remote write endpoint: `http://prometheus:9090/api/v1/write`. Not set: nothing is sent. The protocol has version 1.0.",
      ),
    headers: z
      .record(z.string(), secret())
      .optional()
      .describe("Headers of every request, such as authorization. Each value is a reference."),
    intervalMs: z
      .int()
      .min(1000)
      .max(300_000)
      .default(10_000)
      .describe("Interval at which metrics are read and sent. The times of samples are multiples of it."),
    queueMaxBytes: z
      .int()
      .min(65_536)
      .max(1024 * 1024 * 1024)
      .default(8 * 1024 * 1024)
      .describe(
        "Maximum memory for compressed samples that the server has not accepted yet. The oldest are dropped.",
      ),
    timeoutMs: z
      .int()
      .min(100)
      .max(300_000)
      .default(10_000)
      .describe("Timeout of a request. After that, it is sent again."),
    labels: z
      .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.string())
      .default({ job: "tutti" })
      .describe("Labels of all series. The label `instance` names the process."),
  }),
});

export const operationsSection = defineSection({
  scope: "foundation",
  name: "operations",
  description: "The HTTP endpoints for operators: /livez, /readyz, /metrics, /status.",
  schema: z.object({
    host: z.string().min(1).default("127.0.0.1").describe("Listen address. 0.0.0.0: all addresses."),
    port: z.int().min(0).max(65_535).default(7400).describe("Listen port. 0: the system chooses."),
    trustedProxies: z
      .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
      .default([])
      .describe(
        "Addresses and networks (CIDR) of trusted proxies in front of the port. The client address that they report is used.",
      ),
    proxyHeader: z
      .enum(proxyHeaders)
      .default("x-forwarded-for")
      .describe(
        "How these proxies pass the client address: in one of two headers, or by the PROXY protocol (version 1 or 2) on every connection.",
      ),
    key: secret()
      .optional()
      .describe(
        "The key for /metrics and /status if `host` is not a loopback address, sent as `Authorization: Bearer`: at least 32 characters. Without a key, other machines cannot read them.",
      ),
  }),
});
