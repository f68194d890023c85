/** Settings of the storage of machines. Partitions are a setting of ownership. */
import type { S3Settings } from "@tutti/journal/objects";
import { defineSection, kernelErrors, secret } from "@tutti/kernel";
import { type Retention, type RuntimeLimits, runtimeLimits } from "@tutti/runtime/options";
import * as z from "zod";

const dayMs = 24 * 3_600_000;
const count = (value: number, max: number) => z.int().min(1).max(max).default(value);
const milliseconds = (value: number) =>
  z
    .int()
    .min(0)
    .max(100 * 365 * dayMs)
    .default(value);

const limits = z.strictObject({
  inboxMax: count(runtimeLimits.inboxMax, 1_000_000).describe(
    "Maximum number of queued commands per partition. Further commands are rejected with a retry delay.",
  ),
  loadedMax: count(runtimeLimits.loadedMax, 10_000_000).describe(
    "Maximum number of instances in memory per partition. Instances that cannot be evicted stay in memory even above it.",
  ),
  idleMs: milliseconds(runtimeLimits.idleMs).describe(
    "Idle time after which an instance is evicted from memory.",
  ),
  tailBytesMax: count(runtimeLimits.tailBytesMax, 2 ** 40).describe(
    "Maximum size in bytes of the journal that a restart reads, per partition.",
  ),
  indexEveryMs: z
    .int()
    .min(1)
    .max(1_000)
    .default(runtimeLimits.indexEveryMs)
    .describe("Interval at which the search index is updated."),
  eventsMax: count(runtimeLimits.eventsMax, 100_000_000).describe("Maximum number of events per instance."),
  stateBytesMax: count(runtimeLimits.stateBytesMax, 2 ** 30).describe(
    "Maximum size of an instance's state in bytes.",
  ),
  keysKeptMs: milliseconds(runtimeLimits.keysKeptMs).describe(
    "How long a repeated request with the same idempotency key gets the first reply. Keys that a client makes for one call, `call_…`: 15 min at most.",
  ),
});

const retention = z.strictObject({
  keepMs: milliseconds(7 * dayMs).describe(
    "Time from the end of an instance to its deletion with all its history. 0: immediately.",
  ),
  idKeptMs: milliseconds(dayMs).describe(
    "How long an id that a caller chose stays reserved after the deletion.",
  ),
  kinds: z
    .record(z.string(), z.int().min(0))
    .default({})
    .describe("Overrides `keepMs` by kind of instance, such as `run: 86400000`."),
});

const s3 = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "Endpoint of an S3-compatible server, without the bucket. It must support conditional writes. Not set: the data directory, or NATS in a cluster.",
    ),
  bucket: z.string().max(255).default("").describe("Bucket of the blobs."),
  prefix: z.string().max(500).default("").describe("Prefix of object names."),
  region: z.string().max(100).default("us-east-1").describe("Region for request signatures."),
  accessKey: secret()
    .optional()
    .describe("Access key with the rights to read, write, delete and list objects."),
  secretKey: secret().optional().describe("Secret of the access key."),
  sessionToken: secret().optional().describe("Session token of a temporary access key."),
  bucketIn: z
    .enum(["path", "host"])
    .default("path")
    .describe("Where the bucket is in the URL: in the path or in the host name."),
  timeoutMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe("Timeout of one request of at most 4 MiB."),
});

const blobs = z.strictObject({
  s3,
  keepMs: z
    .int()
    .min(1)
    .max(100 * 365 * dayMs)
    .default(dayMs)
    .describe(
      "How long a blob is stored after its upload, or after the deletion of the last instance that refers to it.",
    ),
  sweepMs: z
    .int()
    .min(1)
    .max(365 * dayMs)
    .default(3_600_000)
    .describe("Interval at which expired blobs are deleted."),
  bytesMax: z
    .int()
    .min(0)
    .default(1024 * 1024 * 1024)
    .describe("Maximum size of a blob in bytes."),
});

export const durableSection = defineSection({
  scope: "foundation",
  name: "durable",
  description: "Storage of instances: limits, and the retention of ended instances.",
  schema: z.object({
    limits,
    retention,
    blobs,
    purgeMs: z
      .int()
      .min(10)
      .max(dayMs)
      .default(10_000)
      .describe("Interval at which expired data is deleted."),
    freeBytesMin: z
      .int()
      .min(0)
      .default(256 * 1024 * 1024)
      .describe("Free disk space in bytes below which the process reports that it is degraded."),
    pause: z
      .string()
      .max(64)
      .default("")
      .describe(
        "Name of a pause, such as incident-7. The partitions of workflow, swarm and master start paused. Inspect the work, then continue with `tutti release`. A partition that already had this pause is not paused again, so the setting can stay.",
      ),
  }),
});

export interface BlobSettings {
  readonly keepMs: number;
  readonly sweepMs: number;
  readonly bytesMax: number;
  /** The bucket of the blobs. Undefined if the storage of the process has them. */
  readonly s3: S3Settings | undefined;
}

export interface DurableSettings {
  readonly limits: RuntimeLimits;
  readonly purgeMs: number;
  readonly freeBytesMin: number;
  readonly blobs: BlobSettings;
  readonly pause: string;
  retentionOf(kind: string): Retention;
}

type Values = z.output<(typeof durableSection)["schema"]>;

export function durableSettings(values: Values): DurableSettings {
  const { keepMs, idKeptMs, kinds } = values.retention;
  return {
    limits: { ...runtimeLimits, ...values.limits },
    purgeMs: values.purgeMs,
    freeBytesMin: values.freeBytesMin,
    blobs: { ...values.blobs, s3: bucketOf(values.blobs.s3) },
    pause: values.pause,
    retentionOf: (kind) => ({ keepMs: kinds[kind] ?? keepMs, idKeptMs }),
  };
}

function bucketOf({
  url,
  accessKey,
  secretKey,
  sessionToken,
  ...rest
}: Values["blobs"]["s3"]): S3Settings | undefined {
  if (url === undefined) return undefined;
  for (const [name, value] of Object.entries({ bucket: rest.bucket, accessKey, secretKey }))
    if (value === undefined || value === "")
      throw kernelErrors.configurationInvalid({
        problems: [`durable.blobs.s3.${name}: expected a value, because durable.blobs.s3.url is set`],
      });
  const credentials = async () => ({
    accessKey: (await accessKey?.reveal()) ?? "",
    secretKey: (await secretKey?.reveal()) ?? "",
    sessionToken: (await sessionToken?.reveal()) ?? "",
  });
  return { ...rest, url, credentials };
}
