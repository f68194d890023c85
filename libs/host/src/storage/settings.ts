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
    "Commands that may wait for one partition. Further ones are refused with a delay.",
  ),
  loadedMax: count(runtimeLimits.loadedMax, 10_000_000).describe(
    "Machines in memory per partition, as far as they can be put away.",
  ),
  idleMs: milliseconds(runtimeLimits.idleMs).describe(
    "A machine without anything to do leaves memory after this long.",
  ),
  tailBytesMax: count(runtimeLimits.tailBytesMax, 2 ** 40).describe(
    "Bytes of the journal, per partition, that a restart may have to read.",
  ),
  indexEveryMs: z
    .int()
    .min(1)
    .max(1_000)
    .default(runtimeLimits.indexEveryMs)
    .describe("How often what searches find is brought up to date."),
  eventsMax: count(runtimeLimits.eventsMax, 100_000_000).describe("Events that one machine may have."),
  stateBytesMax: count(runtimeLimits.stateBytesMax, 2 ** 30).describe(
    "Bytes that the state of one may have.",
  ),
  keysKeptMs: milliseconds(runtimeLimits.keysKeptMs).describe(
    "How long a repetition under the same idempotency key is answered like the first time.",
  ),
});

const retention = z.strictObject({
  keepMs: milliseconds(7 * dayMs).describe(
    "From the end of a machine to its removal with all its history. 0: removed at once.",
  ),
  idKeptMs: milliseconds(dayMs).describe("From then on, how long an id that a caller chose stays taken."),
  kinds: z
    .record(z.string(), z.int().min(0))
    .default({})
    .describe("The same as keepMs, for machines of one kind: run: 86400000."),
});

const s3 = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "Endpoint of a server with the interface of S3, without the bucket. It must support conditional writes. Not set: the data directory, or NATS in a cluster.",
    ),
  bucket: z.string().max(255).default("").describe("Bucket that has large content."),
  prefix: z.string().max(500).default("").describe("Names of objects start with it."),
  region: z.string().max(100).default("us-east-1").describe("Region that requests are signed for."),
  accessKey: secret().optional().describe("Key that may read, write, delete and list objects."),
  secretKey: secret().optional().describe("Secret of that key."),
  sessionToken: secret().optional().describe("Token of a temporary key."),
  bucketIn: z
    .enum(["path", "host"])
    .default("path")
    .describe("Whether the bucket is a part of the path or of the host name."),
  timeoutMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe("How long one request of at most 4 MiB may take."),
});

const blobs = z.strictObject({
  s3,
  keepMs: z
    .int()
    .min(1)
    .max(100 * 365 * dayMs)
    .default(dayMs)
    .describe(
      "How long large content is kept after it was put, or after the last machine that names it is gone.",
    ),
  sweepMs: z
    .int()
    .min(1)
    .max(365 * dayMs)
    .default(3_600_000)
    .describe("How often it is looked whether large content is no longer to be kept."),
  bytesMax: z
    .int()
    .min(0)
    .default(1024 * 1024 * 1024)
    .describe("Bytes that one blob may have."),
});

export const durableSection = defineSection({
  scope: "foundation",
  name: "durable",
  description: "Storage of machines: limits, and the retention of ended instances.",
  schema: z.object({
    limits,
    retention,
    blobs,
    purgeMs: z.int().min(10).max(dayMs).default(10_000).describe("How often expired data is looked for."),
    freeBytesMin: z
      .int()
      .min(0)
      .default(256 * 1024 * 1024)
      .describe("With less room on the disk than this the process says that it is degraded."),
    pause: z
      .string()
      .max(64)
      .default("")
      .describe(
        "Name of a pause to start with, as incident-7: work is inspected first, and done when `tutti release` says so. A partition that has had this pause continues where it was, so the key may stay.",
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
