import { type MembersShape, type Shape, shapes } from "./shape.ts";

/** Location of a value on this machine. */
type LocalReference = `env:${string}` | `file:${string}`;

/** The file of a source, with the settings of one system. */
export interface SourceDocument {
  readonly source: string;
  /** The type of its events. Default: `source.NAME`. */
  readonly event?: string;
  readonly postgres?: PolledSettings & {
    readonly url: LocalReference;
    readonly table: string;
    readonly channel?: string;
    readonly idColumn?: string;
    readonly afterStart?: "mark" | "delete";
  };
  readonly redis?: {
    readonly url: LocalReference;
    readonly stream?: string;
    readonly list?: string;
    readonly channel?: string;
    readonly take?: "first" | "last";
    readonly group?: string;
    readonly failures?: string;
    readonly afterStart?: "keep" | "delete";
  };
  readonly nats?: {
    readonly url: LocalReference;
    readonly credentials?: LocalReference;
    readonly stream: string;
    readonly subjects?: readonly string[];
    readonly consumer?: string;
    readonly failures?: string;
  };
  readonly amqp?: {
    readonly url: LocalReference;
    readonly queue: string;
    readonly failures?: string;
  };
  readonly kafka?: {
    readonly url: LocalReference;
    readonly ca?: LocalReference;
    readonly topic: string;
    readonly group?: string;
    readonly from?: "earliest" | "latest";
    readonly idHeader?: string;
    readonly failures?: string;
  };
  readonly imap?: PolledSettings & {
    readonly url: LocalReference;
    readonly mailbox?: string;
    readonly moveTo?: string;
    readonly failures?: string;
  };
  readonly folder?: FolderSettings & { readonly path: string };
  readonly sftp?: FolderSettings & {
    readonly url: LocalReference;
    readonly hostKeys: readonly string[];
    readonly privateKey?: LocalReference;
  };
  readonly s3?: FolderSettings & {
    readonly url: string;
    readonly bucket: string;
    readonly prefix?: string;
    readonly region?: string;
    readonly accessKey: LocalReference;
    readonly secretKey: LocalReference;
  };
  readonly git?: PolledSettings & {
    readonly url: LocalReference;
    readonly branch?: string;
    readonly privateKey?: LocalReference;
  };
  readonly prometheus?: PolledSettings & {
    readonly url: string;
    readonly bearer?: LocalReference;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

interface PolledSettings {
  /** A duration. */
  readonly poll?: string;
}

interface FolderSettings extends PolledSettings {
  readonly inbox?: string;
  readonly taken?: string;
  readonly failures?: string;
}

/** Keys of the systems. A source has exactly one. */
export const sourceKinds = [
  "postgres",
  "redis",
  "nats",
  "amqp",
  "kafka",
  "imap",
  "folder",
  "sftp",
  "s3",
  "git",
  "prometheus",
] as const;

const { choice, duration, list, map, members, text } = shapes;

const reference = (label: string) => text(`${label}: \`env:NAME\` or \`file:/path\`.`, "localReference");
const poll = duration("Interval of polls.");
const folders: Readonly<Record<string, Shape>> = {
  inbox: text("Where new files are. Default: `inbox`."),
  taken: text("Folder to which files are moved before their events. Default: `taken`."),
  failures: text("The folder of files whose events cannot be posted. Default: `failed`."),
  poll,
};

function system(
  name: string,
  doc: string,
  required: readonly string[],
  of: Readonly<Record<string, Shape>>,
  oneOf: readonly (readonly string[])[] = [],
): MembersShape {
  return members(of, { name, doc, required, oneOf });
}

export const source: MembersShape = members(
  {
    source: text("The name of the source. It starts the ids of its events.", "name", 100),
    event: text("The type of its events. Default: `source.NAME`.", "name", 200),
    postgres: system("postgres", "Rows of an outbox table of PostgreSQL.", ["url", "table"], {
      url: reference("Its address with the password"),
      table: text("`outbox`, or with its schema `shop.outbox`."),
      channel: text("The channel of NOTIFY that announces rows."),
      idColumn: text("Unique and never used twice. Default: `id`."),
      afterStart: choice("What happens to a row. Default: the column `started_at` is set.", "mark", "delete"),
      poll,
    }),
    redis: system(
      "redis",
      "Entries of a stream, a list or a channel of Redis.",
      ["url"],
      {
        url: reference("Its address with the password"),
        stream: text("The key of a stream."),
        list: text("The key of a list."),
        channel: text("A channel. Its messages are lost while no process of the source runs."),
        take: choice("Which member of a list comes next. Default: the first.", "first", "last"),
        group: text("The group of consumers. Default: `tutti`."),
        failures: text("The stream of entries whose events cannot be posted."),
        afterStart: choice("What happens to an entry of a stream. Default: keep.", "keep", "delete"),
      },
      [["stream", "list", "channel"]],
    ),
    nats: system("nats", "Messages of a JetStream stream.", ["url", "stream"], {
      url: reference("Its address"),
      credentials: reference("The content of a `.creds` file"),
      stream: text("The name of the stream."),
      subjects: list(text("A subject."), 100, "Subjects of the stream, such as `orders.*`. Default: all."),
      consumer: text("The durable consumer. Default: the name of the source."),
      failures: text("The subject of messages whose events cannot be posted."),
    }),
    amqp: system(
      "amqp",
      "Messages of a queue of RabbitMQ, or of another broker of AMQP 0-9-1.",
      ["url", "queue"],
      {
        url: reference("Its address with the password"),
        queue: text("The name of the queue."),
        failures: text("The queue of messages whose events cannot be posted. Default: they are rejected."),
      },
    ),
    kafka: system("kafka", "Records of a topic of Kafka.", ["url", "topic"], {
      url: reference("Its address with the password"),
      ca: reference("The certificates of the authorities that sign the brokers' certificates"),
      topic: text("The name of the topic."),
      group: text("The consumer group. Default: the name of the source."),
      from: choice("Where a new group starts. Default: earliest.", "earliest", "latest"),
      idHeader: text("The header that has the id of a record. Default: the place of the record is its id."),
      failures: text("The topic of records whose events cannot be posted. Default: they are skipped."),
    }),
    imap: system("imap", "Mails of a mailbox.", ["url"], {
      url: reference("Its address with the password"),
      mailbox: text("Default: `INBOX`."),
      moveTo: text("The mailbox for mails after their events. Default: they are marked as seen."),
      failures: text("The mailbox of mails whose events cannot be posted."),
      poll,
    }),
    folder: system("folder", "Files of a folder of this machine.", ["path"], {
      path: text("The folder. The other folders are in it.", undefined, 4_096),
      ...folders,
    }),
    sftp: system("sftp", "Files of an SFTP server.", ["url", "hostKeys"], {
      url: reference("Its address, with the password or with `privateKey`"),
      hostKeys: list(text("A fingerprint."), 10, "Fingerprints of its keys, such as `SHA256:4Bs…`.", 1),
      privateKey: reference("The private key"),
      ...folders,
    }),
    s3: system("s3", "Files of a bucket of S3.", ["url", "bucket", "accessKey", "secretKey"], {
      url: text("The endpoint without the bucket."),
      bucket: text("The name of the bucket."),
      prefix: text("The folders are below it. Default: none."),
      region: text("Default: `us-east-1`."),
      accessKey: reference("The access key"),
      secretKey: reference("The secret key"),
      ...folders,
    }),
    git: system("git", "Commits of a branch of a git repository.", ["url"], {
      url: reference("Its address with the token"),
      branch: text("Default: `main`."),
      privateKey: reference("The private key of `ssh://`"),
      poll,
    }),
    prometheus: system("prometheus", "Alerts of a Prometheus that fire.", ["url"], {
      url: text("Its address, such as `http://prometheus:9090`."),
      bearer: reference("The token of its proxy"),
      labels: map("word", text("Its value."), 20, "Labels that an alert must have. Default: none."),
      poll,
    }),
  },
  {
    name: "source",
    required: ["source"],
    oneOf: [sourceKinds],
    doc: "A source of Tutti: messages of another system that become events.",
  },
);
