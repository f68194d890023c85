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
    .describe(`Bytes that ${subject} may have in NATS; -1 for no limit but that of the servers.`);

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
  blobBytesMax: bytesMax("large content of all services"),
  answerMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(2_000)
    .describe("After so long without an answer of NATS it is unknown whether a batch is durable."),
  copies: z
    .string()
    .min(1)
    .default("./.tutti/copies")
    .describe(
      "Where processes have copies of the archives that they serve, each in a folder of its own. What is lost is fetched again.",
    ),
  sparesEveryMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(15_000)
    .describe(
      "How often copies of the archives of other processes are updated, so that they are served soon when one of them dies. 0: never.",
    ),
  audited: z
    .boolean()
    .default(true)
    .describe(
      "Whether journals are cut only behind the records that the audit of the service `governance` has. Set false if none runs.",
    ),
  system: system.describe(
    "To see at the start whether a single server syncs before it acknowledges. Without it there is a warning.",
  ),
});

/** The section `cluster` of the configuration. */
export const clusterSection = defineSection({
  scope: "integration",
  name: "cluster",
  description:
    "Storage of machines that processes share: streams of NATS JetStream. For ownership.kind: leased.",
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
