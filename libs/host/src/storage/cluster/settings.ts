/** Settings of the storage of machines in a cluster. */
import { defineSection, kernelErrors, secret } from "@tutti/kernel";
import type { ConnectionSettings } from "@tutti/nats";
import { connectionSettings, type NatsSectionValues } from "@tutti/nats/settings";
import * as z from "zod";

const bytesMax = (subject: string) =>
  z
    .int()
    .min(-1)
    .default(-1)
    .describe(`Maximum size of ${subject} in NATS in bytes. -1: only the limit of the servers.`);

const system = z
  .strictObject({
    user: z.string().optional().describe("User of the system account, together with `password`."),
    password: secret().optional().describe("Password of that user."),
    credentials: secret().optional().describe("Content of a `.creds` file of the system account."),
  })
  .optional();

const schema = z.strictObject({
  replicas: z
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe("Copies of journals, archives and blobs in NATS. Use 3 in a cluster."),
  journalBytesMax: bytesMax("the journal of a partition"),
  archiveBytesMax: bytesMax("the archive of a partition, or the objects of a service,"),
  blobBytesMax: bytesMax("the blobs of all services"),
  answerMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(2_000)
    .describe("Timeout of an append to NATS. After that, it is unknown whether a batch is durable."),
  copies: z
    .string()
    .min(1)
    .default("./.tutti/copies")
    .describe(
      "Folder of the copies of archives, with a subfolder per process. Lost copies are fetched again.",
    ),
  sparesEveryMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(15_000)
    .describe(
      "Interval at which copies of other processes' archives are updated, for a fast takeover. 0: never.",
    ),
  audited: z
    .boolean()
    .default(true)
    .describe(
      "Truncates journals only up to the records that governance has audited. Set to false if governance does not run.",
    ),
  system: system.describe(
    "Credentials of the system account. With them, the start checks that a single server syncs to disk before it acknowledges. Not set: a warning is logged.",
  ),
});

/** The section `cluster` of the configuration. */
export const clusterSection = defineSection({
  scope: "integration",
  name: "cluster",
  description: "Shared storage of instances in NATS JetStream. For `ownership.kind: leased`.",
  schema,
});

export interface ClusterSettings {
  readonly replicas: number;
  readonly journalBytesMax: number;
  readonly archiveBytesMax: number;
  readonly blobBytesMax: number;
  readonly answerMs: number;
  readonly copies: string;
  readonly sparesEveryMs: number;
  readonly audited: boolean;
  /** Settings of the connection of the system account, if there is one. */
  readonly system: ConnectionSettings | undefined;
}

type Values = z.output<typeof schema>;

export function clusterSettings({ system, ...values }: Values, nats: NatsSectionValues): ClusterSettings {
  const { user, password, credentials } = system ?? {};
  const problems: string[] = [];
  if ((user === undefined) !== (password === undefined)) {
    problems.push("expected cluster.system.user and cluster.system.password together, got only one of them");
  }
  if (credentials !== undefined && user !== undefined) {
    problems.push("expected one way to authenticate in cluster.system, got user and credentials");
  }
  if (problems.length > 0) throw kernelErrors.configurationInvalid({ problems });
  if (user === undefined && credentials === undefined) return { ...values, system: undefined };
  const own = { user, password, credentials, token: undefined, nkey: undefined };
  return { ...values, system: connectionSettings({ ...nats, ...own }) };
}
