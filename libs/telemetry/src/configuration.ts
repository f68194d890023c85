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
    level: live(z.enum(levels).default("info")).describe("The least level that is written."),
    format: z
      .enum(["auto", "json", "pretty"])
      .default("auto")
      .describe("One JSON object per line, or lines for people. With auto, pretty on a terminal only."),
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
      .describe("How many label sets one metric may have. Further ones are counted under the value other."),
    ringMaxBytes: z
      .int()
      .min(0)
      .max(1024 * 1024 * 1024)
      .default(8 * 1024 * 1024)
      .describe("Memory for recent samples, at most, which the pages show without Prometheus. 0: none."),
  }),
});

export const tracingSection = defineSection({
  scope: "foundation",
  name: "tracing",
  description: "The destination of traces and metrics.",
  schema: z.object({
    otlpEndpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "An OpenTelemetry collector's address for OTLP over HTTP: http://localhost:4318. Nothing is sent without.",
      ),
    sampleRatio: live(z.number().min(0).max(1).default(1)).describe(
      "The share of the traces with their root here that is recorded. For other traces, the root decides.",
    ),
    metricsIntervalMs: z
      .int()
      .min(1000)
      .max(3_600_000)
      .default(60_000)
      .describe("How often metrics are sent to the collector."),
    headers: z
      .record(z.string(), secret())
      .optional()
      .describe(
        "Headers of every request to the collector, such as authorization, each a reference to its value.",
      ),
  }),
});

export const remoteWriteSection = defineSection({
  scope: "foundation",
  name: "remoteWrite",
  description: "A Prometheus that the process sends its metrics to, by remote write.",
  schema: z.object({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        "Where samples are sent: http://prometheus:9090/api/v1/write. Nothing is sent without. Version 1.0 of the protocol.",
      ),
    headers: z
      .record(z.string(), secret())
      .optional()
      .describe("Headers of every request, such as authorization, each a reference to its value."),
    intervalMs: z
      .int()
      .min(1000)
      .max(300_000)
      .default(10_000)
      .describe("How often metrics are read and sent. Samples have times that are multiples of it."),
    queueMaxBytes: z
      .int()
      .min(65_536)
      .max(1024 * 1024 * 1024)
      .default(8 * 1024 * 1024)
      .describe(
        "Memory for samples that the server has not accepted yet, compressed. The oldest are dropped.",
      ),
    timeoutMs: z
      .int()
      .min(100)
      .max(300_000)
      .default(10_000)
      .describe("How long a request may take before it is sent again."),
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
    host: z.string().min(1).default("127.0.0.1").describe("The address to listen on. 0.0.0.0: all."),
    port: z.int().min(0).max(65_535).default(7400).describe("The port to listen on. 0: the system chooses."),
    trustedProxies: z
      .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
      .default([])
      .describe(
        "Addresses and networks (CIDR) of proxies in front of the port. They are believed who the client is.",
      ),
    proxyHeader: z
      .enum(proxyHeaders)
      .default("x-forwarded-for")
      .describe(
        "How these proxies name the client: by one of two headers, or by the PROXY protocol (version 1 or 2), which they then have to send on every connection.",
      ),
    key: secret()
      .optional()
      .describe(
        "The key for /metrics and /status if host is no loopback address, as `Authorization: Bearer`: at least 32 characters. Without it, other machines cannot read them.",
      ),
  }),
});
