/** Starts runs from messages and executes their tasks: `source-worker.ts ADDRESS AGENT KIND`, the system at SHOP_URL. */
import { silentLogger } from "@tutti/kernel";
import { connect, Worker } from "@tutti/sdk";
import {
  type Adapter,
  addAdapter,
  amqpSource,
  imapSource,
  kafkaSource,
  natsAdapter,
  natsSource,
  redisAdapter,
  redisSource,
  type Source,
  sqliteAdapter,
} from "@tutti/sdk/adapters";

const [, , address = "", agentId = "", kind = ""] = process.argv;
const url = "env:SHOP_URL";
const [name, workflow] = ["shop-orders", "order"];

function redisFrom(from: Parameters<typeof redisSource>[0]["from"]): readonly [Adapter, Source] {
  const operations = { count: { command: "HINCRBY effects {n} 1" } };
  return [
    redisAdapter({ name: "shop", url, operations }),
    redisSource({
      ...{ name, url, from, claimMs: 1_000, failures: "failures" },
      start: ({ fields }) => ({ workflow, input: { n: fields["value"] } }),
    }),
  ];
}

function natsFrom(): readonly [Adapter, Source] {
  const operations = { count: { subject: "effects.{n}" } };
  return [
    natsAdapter({ name: "shop", url, operations }),
    natsSource({
      ...{ name, url, stream: "ORDERS", ackWaitMs: 2_000, failures: "failures" },
      start: ({ text }) => ({ workflow, input: { n: text } }),
    }),
  ];
}

/** Returns an adapter whose tasks write to a file, for systems that do not count effects themselves. */
function fileOfEffects(): Adapter {
  const operations = { count: { sql: "INSERT INTO effects (n) VALUES (:n)" } };
  return sqliteAdapter({ name: "shop", file: process.env["SHOP_FILE"] ?? "", operations });
}

function amqpFrom(): readonly [Adapter, Source] {
  return [
    fileOfEffects(),
    amqpSource({
      ...{ name, url, queue: "orders", failures: "failures" },
      start: ({ text }) => ({ workflow, input: { n: text } }),
    }),
  ];
}

function kafkaFrom(): readonly [Adapter, Source] {
  return [
    fileOfEffects(),
    kafkaSource({
      ...{ name, url, topic: "orders", failures: "failures" },
      start: ({ text }) => ({ workflow, input: { n: text } }),
    }),
  ];
}

function imapFrom(): readonly [Adapter, Source] {
  return [
    fileOfEffects(),
    imapSource({
      ...{ name, url, ca: "env:SHOP_CA", failures: "Failed" },
      start: ({ subject }) => ({ workflow, input: { n: subject } }),
    }),
  ];
}

const kinds: Readonly<Record<string, () => readonly [Adapter, Source]>> = {
  "redis-stream": () => redisFrom({ stream: "orders" }),
  "redis-list": () => redisFrom({ list: "orders" }),
  "redis-channel": () => redisFrom({ channel: "orders" }),
  amqp: amqpFrom,
  kafka: kafkaFrom,
  nats: natsFrom,
  imap: imapFrom,
};
const [adapter, source] = kinds[kind]?.() ?? [];
if (adapter === undefined || source === undefined) throw new Error(`no kind ${kind}`);
const worker = new Worker(
  { address, agentId, slots: 50, secrets: [url, "env:SHOP_CA"], handleSignals: false },
  { logger: silentLogger },
);
addAdapter(worker, adapter);
addAdapter(worker, source);
const tutti = await connect({ address });
await worker.start();
console.log("linked");
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const logger = { ...silentLogger, warn: (...args: readonly unknown[]) => console.log(...args) };
await source.run({ tutti, signal: stop.signal, logger });
await worker.stop();
await tutti.close();
console.log("stopped");
