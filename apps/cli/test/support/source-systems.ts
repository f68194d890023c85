/** Real systems for all kinds of sources, each with a message to deliver and its event. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Producer } from "@platformatic/kafka";
import { until } from "@tutti/kernel/testing";
import { freePort } from "@tutti/nats/testing";
import { connect as connectAmqp } from "amqplib";
import { ImapFlow } from "imapflow";
import type { Redis } from "ioredis";
import type { Client } from "pg";
import { password as imapPassword, startDovecot } from "../../../../tools/dovecot.mjs";
import { startKafka } from "../../../../tools/kafka.mjs";
import { startNats } from "../../../../tools/nats.mjs";
import { startPrometheus } from "../../../../tools/prometheus.mjs";
import { startRabbitmq } from "../../../../tools/rabbitmq.mjs";
import { accessKey, secretKey, startS3 } from "../../../../tools/s3.mjs";
import { startSshd } from "../../../../tools/sshd.mjs";
import { workspaceFolder } from "./command.ts";

export interface SourceSystem {
  /** The name of the source and its file. Default: the key of the system. */
  readonly name?: string;
  /** The key of the system with its settings, as in a file. */
  readonly settings: Readonly<Record<string, object>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Part of the event's data, and its subject, if it is known. */
  readonly event: { readonly data: object; readonly subject: string | undefined };
  /** Prepares the check. */
  prepare?(): Promise<unknown>;
  deliver(): Promise<unknown>;
  /** Resolves when the source has started to read, if it receives only later messages. */
  ready?(): Promise<unknown>;
  close?(): Promise<unknown>;
}

type Start = (folder: string) => Promise<SourceSystem>;
const order = { article: "violin" };
const poll = "100ms";

/** Starts the systems that do not run yet. `folder` is an empty folder for them. */
export function startSystems(
  folder: string,
  programs: Readonly<Record<"dovecot" | "rabbitmqctl" | "python3-kafka" | "sshd" | "prometheus", string>>,
): Promise<readonly SourceSystem[]> {
  const starts: readonly Start[] = [
    natsSystem,
    () => amqpSystem(programs.rabbitmqctl),
    () => kafkaSystem(programs["python3-kafka"]),
    (own) => imapSystem(own, programs.dovecot),
    folderSystem,
    () => sftpSystem(programs.sshd),
    s3System,
    gitSystem,
    () => prometheusSystem(programs.prometheus),
  ];
  return Promise.all(
    starts.map((start, at) => {
      const own = join(folder, String(at));
      mkdirSync(own, { recursive: true });
      return start(own);
    }),
  );
}

async function natsSystem(folder: string): Promise<SourceSystem> {
  const port = await freePort();
  const server = await startNats(port, folder);
  const client = await connect({ servers: `127.0.0.1:${port}` });
  await (await jetstreamManager(client)).streams.add({ name: "ORDERS", subjects: ["orders.*"] });
  return {
    settings: { nats: { url: "env:SHOP_NATS", stream: "ORDERS", subjects: ["orders.*"] } },
    environment: { SHOP_NATS: `nats://127.0.0.1:${port}` },
    event: { data: order, subject: "orders.created" },
    deliver: () => jetstream(client).publish("orders.created", JSON.stringify(order)),
    close: async () => {
      await client.close();
      await server.stop();
    },
  };
}

async function amqpSystem(program: string): Promise<SourceSystem> {
  const server = await startRabbitmq(program);
  const client = await connectAmqp(server.url);
  const channel = await client.createConfirmChannel();
  await channel.assertQueue("orders");
  return {
    settings: { amqp: { url: "env:SHOP_AMQP", queue: "orders" } },
    environment: { SHOP_AMQP: server.url },
    event: { data: order, subject: "orders" },
    deliver: async () => {
      channel.sendToQueue("orders", Buffer.from(JSON.stringify(order)), { messageId: "m-7" });
      await channel.waitForConfirms();
    },
    close: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function kafkaSystem(program: string): Promise<SourceSystem> {
  const cluster = await startKafka(program);
  await cluster.topic("orders");
  const producer = new Producer({ clientId: "shop", bootstrapBrokers: [cluster.address] });
  return {
    settings: { kafka: { url: "env:SHOP_KAFKA", topic: "orders" } },
    environment: { SHOP_KAFKA: cluster.url },
    event: { data: order, subject: "order-7" },
    deliver: () =>
      producer.send({
        messages: [
          { topic: "orders", key: Buffer.from("order-7"), value: Buffer.from(JSON.stringify(order)) },
        ],
      }),
    close: async () => {
      await producer.close();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** Starts an IMAP server. A user with an own certificate authority passes its certificate to Node. */
async function imapSystem(folder: string, program: string): Promise<SourceSystem> {
  const certs = join(workspaceFolder, "tools/certs.mjs");
  const args = [certs, "--out", folder, "--services", "mail", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { ca, services } = JSON.parse(stdout);
  const server = await startDovecot(program, services.mail);
  const mail = "From: ada@example.com\r\nSubject: A violin\r\nMessage-ID: <1@x>\r\n\r\nOne, please\r\n";
  return {
    settings: { imap: { url: "env:SHOP_IMAP", moveTo: "Done", poll } },
    environment: {
      SHOP_IMAP: `imap://ada:${imapPassword}@localhost:${server.port}`,
      NODE_EXTRA_CA_CERTS: ca,
    },
    event: { data: { subject: "A violin", from: ["ada@example.com"] }, subject: "A violin" },
    deliver: async () => {
      const client = new ImapFlow({
        ...{ host: "localhost", port: server.port, secure: false, logger: false },
        ...{ tls: { ca: readFileSync(ca) }, auth: { user: "ada", pass: imapPassword } },
      });
      await client.connect();
      await client.append("INBOX", mail);
      client.close();
    },
    close: () => server[Symbol.asyncDispose](),
  };
}

async function folderSystem(folder: string): Promise<SourceSystem> {
  mkdirSync(join(folder, "inbox"));
  return {
    settings: { folder: { path: folder, poll } },
    environment: {},
    event: { data: { name: "a7", size: 6 }, subject: "a7" },
    deliver: () => writeFile(join(folder, "inbox", "a7"), "violin"),
  };
}

async function sftpSystem(program: string): Promise<SourceSystem> {
  const server = await startSshd(program);
  // The server runs as another user than this test.
  mkdirSync(join(server.files, "inbox"));
  await chmod(join(server.files, "inbox"), 0o777);
  return {
    settings: {
      sftp: { url: "env:SHOP_SFTP", hostKeys: [server.fingerprint], privateKey: "env:SHOP_KEY", poll },
    },
    environment: { SHOP_SFTP: server.urlOf(), SHOP_KEY: server.keys.known },
    event: { data: { name: "b7", size: 6 }, subject: "b7" },
    deliver: () => writeFile(join(server.files, "inbox", "b7"), "violin"),
    close: () => server[Symbol.asyncDispose](),
  };
}

async function s3System(): Promise<SourceSystem> {
  const server = await startS3("orders");
  return {
    settings: {
      s3: {
        ...{ url: server.url, bucket: "orders", prefix: "shop", poll },
        ...{ accessKey: "env:SHOP_ACCESS", secretKey: "env:SHOP_SECRET" },
      },
    },
    environment: { SHOP_ACCESS: accessKey, SHOP_SECRET: secretKey },
    event: { data: { name: "c7", size: 6 }, subject: "c7" },
    deliver: async () => {
      server.objects.set("shop/inbox/c7", { bytes: Buffer.from("violin"), atMs: Date.now() });
    },
    close: () => server[Symbol.asyncDispose](),
  };
}

async function gitSystem(folder: string): Promise<SourceSystem> {
  const [remote, copy] = [join(folder, "shop.git"), join(folder, "copy")];
  const author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
  const git = (...args: string[]) =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const commit = (subject: string) => {
    git("-C", copy, ...author, "commit", "--quiet", "--allow-empty", "-m", subject);
    git("-C", copy, "push", "--quiet", "origin", "main");
  };
  git("init", "--quiet", "--bare", "--initial-branch=main", remote);
  git("clone", "--quiet", remote, copy);
  git("-C", copy, "checkout", "--quiet", "-B", "main");
  commit("The first");
  return {
    settings: { git: { url: "env:SHOP_GIT", poll } },
    environment: { SHOP_GIT: pathToFileURL(remote).href },
    event: { data: { author: "Ada", subject: "Sell a violin" }, subject: undefined },
    ready: () =>
      until("the mark of the source", () => git("-C", remote, "for-each-ref", "refs/tutti") !== ""),
    deliver: async () => commit("Sell a violin"),
  };
}

async function prometheusSystem(program: string): Promise<SourceSystem> {
  const rules = [
    { alert: "Always", expr: "vector(7)", labels: { team: "shop" } },
    { alert: "Other", expr: "vector(1)" },
  ];
  const server = await startPrometheus(
    program,
    { global: { evaluation_interval: "100ms" }, rule_files: ["rules.yml"] },
    { groups: [{ name: "shop", rules }] },
  );
  return {
    settings: { prometheus: { url: server.url, labels: { team: "shop" }, poll } },
    environment: {},
    event: { data: { name: "Always", state: "firing", value: 7 }, subject: "Always" },
    deliver: async () => {},
    close: () => server[Symbol.asyncDispose](),
  };
}

/** Returns the outbox of a running database: `SHOP_DB`. */
export function outboxSystem(database: Client): SourceSystem {
  return {
    settings: { postgres: { url: "env:SHOP_DB", table: "outbox", channel: "outbox", poll } },
    environment: {},
    event: { data: { id: 1, ...order }, subject: undefined },
    prepare: () =>
      database.query(
        "CREATE TABLE outbox (id bigserial PRIMARY KEY, article text, started_at timestamptz, failure text)",
      ),
    deliver: () => database.query("INSERT INTO outbox (article) VALUES ('violin')"),
  };
}

/** Returns the stream of a running server: `SHOP_REDIS`. */
export function streamSystem(redis: Redis): SourceSystem {
  return {
    settings: { redis: { url: "env:SHOP_REDIS", stream: "orders" } },
    environment: {},
    event: { data: order, subject: undefined },
    deliver: () => redis.xadd("orders", "*", "article", "violin"),
  };
}

/** Returns the list of the same server. */
export function listSystem(redis: Redis): SourceSystem {
  return {
    ...{ name: "list", settings: { redis: { url: "env:SHOP_REDIS", list: "jobs" } } },
    environment: {},
    event: { data: order, subject: undefined },
    deliver: () => redis.rpush("jobs", JSON.stringify(order)),
  };
}

/** Returns the channel of the same server. */
export function channelSystem(redis: Redis): SourceSystem {
  const listeners = async () => ((await redis.call("PUBSUB", "NUMSUB", "news")) as [string, number])[1];
  return {
    ...{ name: "channel", settings: { redis: { url: "env:SHOP_REDIS", channel: "news" } } },
    environment: {},
    event: { data: order, subject: undefined },
    ready: () => until("the source listens", async () => (await listeners()) > 0),
    deliver: () => redis.publish("news", JSON.stringify(order)),
  };
}

/** Writes one file per system, with the source of the same name. */
export function writeSources(folder: string, systems: readonly SourceSystem[]): readonly string[] {
  return systems.map(({ settings, name = Object.keys(settings)[0] ?? "" }) => {
    // JSON is YAML.
    writeFileSync(join(folder, `${name}.yaml`), JSON.stringify({ source: name, ...settings }));
    return name;
  });
}
