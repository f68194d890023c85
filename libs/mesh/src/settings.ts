import { defineSection } from "@tutti/kernel";
import * as z from "zod";

const milliseconds = z.number().int().min(1);
const hostAndPort = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, "expected host:port, such as 127.0.0.1:7401")
  .meta({ title: "host:port" });

const tls = z.strictObject({
  mode: z
    .enum(["off", "mutual"])
    .default("off")
    .describe("TLS between services. `mutual`: mutual TLS. `off`: no TLS."),
  ca: z.string().default("").describe("PEM file with the certificate authority that both sides trust."),
  cert: z.string().default("").describe("PEM file with this service's certificate."),
  key: z.string().default("").describe("PEM file with the certificate's private key."),
  refreshMs: milliseconds
    .default(10_000)
    .describe("Interval at which the files are checked for new certificates."),
});

const timeouts = z.strictObject({
  callMs: milliseconds.default(30_000).describe("Default timeout of a call. Streams have none."),
  discoveryMs: milliseconds
    .default(2_000)
    .describe(
      "How long a call waits for a first process of the service, or for another owner if the current owner cannot be reached.",
    ),
  drainMs: milliseconds.default(10_000).describe("Grace period for running calls when the server stops."),
});

const limits = z.strictObject({
  messageBytes: z
    .number()
    .int()
    .min(1_024)
    .max(1_073_741_824)
    .default(8_388_608)
    .describe("Maximum size of a message in either direction, in bytes."),
  inFlight: z
    .number()
    .int()
    .min(1)
    .default(10_000)
    .describe("Maximum number of concurrent calls. Further calls are rejected."),
  streams: z
    .number()
    .int()
    .min(1)
    .default(20_000)
    .describe("Maximum number of open streams. Further streams are rejected."),
});

const retry = z.strictObject({
  attempts: z.number().int().min(1).default(8).describe("Maximum number of attempts per call."),
  share: z.number().min(0).max(1).default(0.2).describe("Retry budget: retries per call, on average."),
  reserve: z.number().int().min(0).default(500).describe("Burst of the retry budget when a target fails."),
  perSec: z.number().min(0).default(10).describe("Minimum retries per second, however few calls there are."),
  backoffMs: milliseconds.default(25).describe("First backoff. It doubles each time, with jitter."),
  backoffMaxMs: milliseconds.default(1_000).describe("Maximum backoff."),
});

const breaker = z.strictObject({
  failureShare: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.5)
    .describe("Share of failed calls that opens the breaker."),
  volume: z
    .number()
    .int()
    .min(1)
    .default(20)
    .describe(
      "Minimum number of calls in the window before the breaker can open. The same number of consecutive failures opens it.",
    ),
  windowMs: z.number().int().min(100).default(10_000).describe("Window in which calls are counted."),
  openMs: milliseconds
    .default(5_000)
    .describe("How long the breaker stays open before it allows one call as a probe."),
});

const keepalive = z.strictObject({
  everyMs: milliseconds.default(30_000).describe("Interval of pings on an idle connection."),
  timeoutMs: milliseconds
    .default(10_000)
    .describe("Timeout of a ping. After that, the connection is closed."),
});

const schema = z.strictObject({
  transport: z
    .enum(["auto", "in-process", "grpc"])
    .default("auto")
    .describe(
      "`auto`: services of the same process are called directly, others over gRPC. `in-process`, `grpc`: all services are called this way.",
    ),
  listen: hostAndPort.default("127.0.0.1:7401").describe("Listen address of gRPC."),
  advertise: z
    .union([z.literal(""), hostAndPort])
    .default("")
    .describe("Address under which other processes reach this one. Default: the listen address."),
  allowUnprotected: z
    .boolean()
    .default(false)
    .describe("Serves without TLS on addresses that other machines can reach. For trusted networks only."),
  peers: z
    .record(z.string(), z.array(hostAndPort))
    .default({})
    .describe("Static addresses by service name, for services that the registry does not discover."),
  tls,
  timeouts,
  limits,
  retry,
  breaker,
  keepalive,
});

/** The part `mesh` of the configuration. */
export const meshSection = defineSection({
  scope: "integration",
  name: "mesh",
  description: "Calls between services: transport, TLS, limits and retries.",
  schema,
});

export type MeshSettings = z.output<typeof schema>;

// Fills in the defaults of each group if a mesh is created without the configuration.
const lenient = schema.extend({
  tls: tls.prefault({}),
  timeouts: timeouts.prefault({}),
  limits: limits.prefault({}),
  retry: retry.prefault({}),
  breaker: breaker.prefault({}),
  keepalive: keepalive.prefault({}),
});

export type MeshSettingsInput = z.input<typeof lenient>;

/** Fills in the defaults. Throws Zod's errors about the rest. */
export function resolveMeshSettings(input: MeshSettingsInput = {}): MeshSettings {
  return lenient.parse(input);
}
