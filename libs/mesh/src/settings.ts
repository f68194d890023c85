import { defineSection } from "@tutti/kernel";
import * as z from "zod";

const milliseconds = z.number().int().min(1);
const hostAndPort = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, "expected host:port, such as 127.0.0.1:7401")
  .meta({ title: "host:port" });

const tls = z.strictObject({
  mode: z.enum(["off", "mutual"]).default("off").describe("Mutual TLS between services, or none."),
  ca: z.string().default("").describe("PEM file with the authority that both sides trust."),
  cert: z.string().default("").describe("PEM file with this service's certificate."),
  key: z.string().default("").describe("PEM file with the certificate's private key."),
  refreshMs: milliseconds.default(10_000).describe("How often the files are looked at for new certificates."),
});

const timeouts = z.strictObject({
  callMs: milliseconds
    .default(30_000)
    .describe("Time for a call that names none. Streams have no limit of their own."),
  discoveryMs: milliseconds
    .default(2_000)
    .describe(
      "How long a call waits for a first instance to be known, or for another owner where the one of what it is about cannot be reached.",
    ),
  drainMs: milliseconds.default(10_000).describe("How long calls in work may take when the server stops."),
});

const limits = z.strictObject({
  messageBytes: z
    .number()
    .int()
    .min(1_024)
    .max(1_073_741_824)
    .default(8_388_608)
    .describe("Greatest size of one message, either way."),
  inFlight: z.number().int().min(1).default(10_000).describe("Calls in work at once. More are refused."),
  streams: z.number().int().min(1).default(20_000).describe("Streams open at once. More are refused."),
});

const retry = z.strictObject({
  attempts: z.number().int().min(1).default(8).describe("How often one call is tried at most."),
  share: z.number().min(0).max(1).default(0.2).describe("Retries allowed per call made, on average."),
  reserve: z.number().int().min(0).default(500).describe("Retries allowed at once when a target fails."),
  perSec: z.number().min(0).default(10).describe("Retries allowed per second however few calls there are."),
  backoffMs: milliseconds.default(25).describe("First pause. It doubles each time, with jitter."),
  backoffMaxMs: milliseconds.default(1_000).describe("Longest pause."),
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
    .describe("Calls in the window before it can open. So many failures in a row open it."),
  windowMs: z.number().int().min(100).default(10_000).describe("Window over which calls are counted."),
  openMs: milliseconds
    .default(5_000)
    .describe("How long it stays open before one call is let through as a probe."),
});

const keepalive = z.strictObject({
  everyMs: milliseconds.default(30_000).describe("How often an idle connection is pinged."),
  timeoutMs: milliseconds
    .default(10_000)
    .describe("A connection whose ping is not answered in time is closed."),
});

const schema = z.strictObject({
  transport: z
    .enum(["auto", "in-process", "grpc"])
    .default("auto")
    .describe(
      "auto calls services of the same process directly and others over gRPC. The others force one of the two.",
    ),
  listen: hostAndPort.default("127.0.0.1:7401").describe("Where gRPC is served."),
  advertise: z
    .union([z.literal(""), hostAndPort])
    .default("")
    .describe("The address told to others. The one listened on unless set."),
  allowUnprotected: z
    .boolean()
    .default(false)
    .describe("Serve without TLS on addresses that other machines reach. For trusted networks only."),
  peers: z
    .record(z.string(), z.array(hostAndPort))
    .default({})
    .describe("Addresses of services that are not found by the registry, by service name."),
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
  description: "How services call each other: transport, protection, limits and retries.",
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
