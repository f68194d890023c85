/**
 * Records of a topic of Kafka start runs.
 *
 * 1. The id of a run is derived from the partition, the offset and the time of its record, or from a configured header. A
 *    record that is read again starts the same run. The time distinguishes records of a recreated topic with the same
 *    name.
 * 2. The offset of a record is committed after the platform has its run, and those of all records before it.
 * 3. A record that cannot start a run goes to the topic `failures` with the reason. Without that topic it is skipped, and
 *    stays in its own topic.
 */
import type { Message, MessagesStream } from "@platformatic/kafka";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { AdapterCall } from "../adapter.ts";
import { orAborted } from "../client.ts";
import {
  type Caller,
  idOf,
  type Source,
  type SourceRunOptions,
  type SourceStart,
  sourceOf,
  startedBy,
} from "../source.ts";
import {
  connectionOptionNames,
  type KafkaConnectionOptions,
  KafkaConnections,
  type KafkaConsumer,
} from "./connection.ts";

export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Empty if the record has none. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface KafkaSourceOptions extends KafkaConnectionOptions {
  /** The first part of the ids of its runs. Also the name of its adapter. */
  readonly name: string;
  /** Name of an existing topic. */
  readonly topic: string;
  /** If it throws, the record cannot start. */
  readonly start: (record: KafkaRecord) => SourceStart;
  /** The consumer group. Default: the name of the source. */
  readonly group?: string;
  /** Start of a group without a committed offset. Default: `earliest`. */
  readonly from?: "earliest" | "latest";
  /** The header that has the id of a record. Two records with one id start one run. Default: none. */
  readonly idHeader?: string;
  /** The topic of records that cannot start. */
  readonly failures?: string;
  /** Records at a time. Default: 100. */
  readonly batch?: number;
}

type KafkaMessage = Message<Buffer, Buffer, Buffer, Buffer>;

const defaults = { batch: 100 };
const waitMs = 1_000;
/** Maximum number of joins while the group changes. */
const joinsMax = 3;
const timing = { sessionTimeout: 10_000, rebalanceTimeout: 20_000, heartbeatInterval: 3_000 };
const [latest, earliest] = [-1n, -2n];

const optionNames: OptionNames<KafkaSourceOptions> = {
  ...connectionOptionNames,
  topic: true,
  start: true,
  group: true,
  from: true,
  idHeader: true,
  failures: true,
  batch: true,
};

/** Returns a source that starts runs of records. As an adapter it has the operation `status`. Its check reads the topic. */
export function kafkaSource(options: KafkaSourceOptions): Source {
  requireKnown("kafkaSource", options, optionNames);
  const connections = new KafkaConnections(options);
  const { name, group: groupId = name } = options;
  const status = (call: AdapterCall) =>
    connections.consume(name, call, { groupId }, (consumer) =>
      orAborted(call.signal, () => statusOf(options, consumer)),
    );
  return sourceOf({
    name,
    kind: "kafka-source",
    description: "Counts partitions and waiting records.",
    status,
    close: () => connections.close(),
    sessions: (runOptions) => (caller, well) =>
      connections.consume(name, caller, { groupId, retries: joinsMax }, (consumer) =>
        new KafkaSession(options, connections, consumer, runOptions).work(caller, well),
      ),
  });
}

async function statusOf({ topic, failures, from }: KafkaSourceOptions, consumer: KafkaConsumer) {
  const topics = failures === undefined ? [topic] : [topic, failures];
  const known = (await consumer.metadata({ topics })).topics.get(topic)?.partitionsCount ?? 0;
  const partitions = Array.from({ length: known }, (_, partition) => partition);
  const first = await consumer.listOffsets({ topics: [topic], timestamp: earliest });
  const last = await consumer.listOffsets({ topics: [topic], timestamp: latest });
  const committed = await consumer.listCommittedOffsets({ topics: [{ topic, partitions }] });
  const waiting = partitions.map((partition) => {
    const end = last.get(topic)?.[partition] ?? 0n;
    const firstOffset = first.get(topic)?.[partition] ?? 0n;
    const next = committed.get(topic)?.[partition] ?? -1n;
    if (next < 0n) return from === "latest" ? 0 : Number(end - firstOffset);
    return Number(end - (next > firstOffset ? next : firstOffset));
  });
  return { partitions: known, waiting: waiting.reduce((sum, count) => sum + count, 0) };
}

class KafkaSession {
  readonly #options: KafkaSourceOptions;
  readonly #connections: KafkaConnections;
  readonly #consumer: KafkaConsumer;
  readonly #runOptions: SourceRunOptions;

  constructor(
    options: KafkaSourceOptions,
    connections: KafkaConnections,
    consumer: KafkaConsumer,
    runOptions: SourceRunOptions,
  ) {
    this.#options = options;
    this.#connections = connections;
    this.#consumer = consumer;
    this.#runOptions = runOptions;
  }

  async work(caller: Caller, well: () => void): Promise<void> {
    const { topic, from = "earliest", batch: batchMax = defaults.batch } = this.#options;
    const stream = await orAborted(caller.signal, () =>
      this.#consumer.consume({
        topics: [topic],
        mode: "committed",
        fallbackMode: from,
        autocommit: false,
        ...timing,
        maxWaitTime: waitMs,
        highWaterMark: batchMax,
      }),
    );
    const release = this.#endWith(stream, caller.signal);
    try {
      let batch: KafkaMessage[] = [];
      for await (const message of stream) {
        batch.push(message);
        if (batch.length < batchMax && stream.readableLength > 0) continue;
        await this.#handleBatch(batch, caller);
        batch = [];
        well();
      }
    } finally {
      release();
    }
  }

  /** Ends the stream with the signal, or when the group loses this member, which would wait for records forever. */
  #endWith(stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>, signal: AbortSignal): () => void {
    const end = () => void stream.destroy();
    const fail = (error: Error) => void stream.destroy(error);
    signal.addEventListener("abort", end, { once: true });
    this.#consumer.on("error", fail);
    this.#consumer.on("consumer:heartbeat:stalled", ({ lastError }) =>
      fail(lastError ?? new Error("the group does not answer")),
    );
    return () => signal.removeEventListener("abort", end);
  }

  async #handleBatch(batch: readonly KafkaMessage[], caller: Caller): Promise<void> {
    const owned = batch.filter((message) => this.#owns(message));
    const handled = await Promise.allSettled(owned.map((message) => this.#handle(message, caller)));
    const failed = handled.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    // If another member now has the partition, its offsets are later.
    const last = new Map(
      owned.filter((message) => this.#owns(message)).map((message) => [message.partition, message]),
    );
    const offsets = [...last.values()].map(({ topic, partition, offset, leaderEpoch }) => ({
      topic,
      partition,
      leaderEpoch,
      offset: offset + 1n,
    }));
    if (offsets.length > 0) await this.#consumer.commit({ offsets });
  }

  #owns({ topic, partition }: KafkaMessage): boolean {
    const { assignments } = this.#consumer;
    return (
      assignments?.find((assignment) => assignment.topic === topic)?.partitions.includes(partition) ?? false
    );
  }

  async #handle(message: KafkaMessage, caller: Caller): Promise<void> {
    const { name, start, failures, idHeader } = this.#options;
    const record = recordOf(message);
    const { topic, partition, offset, headers } = record;
    const headerId = (idHeader !== undefined && headers[idHeader]) || "";
    const id = headerId === "" ? `${partition}-${offset}-${message.timestamp}` : idOf(headerId);
    const failure = await startedBy(this.#runOptions.tutti, `${name}-${id}`, () => start(record));
    if (failure === undefined) return;
    this.#runOptions.logger?.warn("a record cannot start a run", {
      source: name,
      topic,
      partition,
      offset,
      failure,
    });
    if (failures === undefined) return;
    const details = { failure, topic, partition: String(partition), offset };
    const more = Object.entries(details).map(
      ([key, value]) => [Buffer.from(`tutti-${key}`), Buffer.from(value)] as const,
    );
    const { key, value } = message;
    await this.#connections.produce(name, caller, (producer) =>
      producer.send({
        messages: [{ topic: failures, key, value, headers: new Map([...message.headers, ...more]) }],
      }),
    );
  }
}

function recordOf({ topic, partition, offset, key, value, headers }: KafkaMessage): KafkaRecord {
  return {
    topic,
    partition,
    offset: String(offset),
    key: textOf(key),
    text: textOf(value),
    headers: Object.fromEntries([...headers].map(([name, text]) => [textOf(name), textOf(text)])),
  };
}

/** Decodes bytes. A record may have no key, and a tombstone has no value. */
function textOf(bytes: Buffer | null | undefined): string {
  return bytes?.toString("utf8") ?? "";
}
