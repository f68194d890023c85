/**
 * Topics of Kafka as operations.
 *
 * 1. A record is published when all in-sync replicas have it.
 * 2. A record has the idempotency key of its task as the header `idempotency-key`. The brokers do not compare it, so a
 *    second record is sent only if the operation declares that its consumers do.
 */
import { type OptionNames, requireKnown, requireKnownEach } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  rateNames,
} from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import {
  connectionOptionNames,
  isUnsent,
  type KafkaConnectionOptions,
  KafkaConnections,
  type KafkaProducer,
} from "./connection.ts";

export interface KafkaOperation {
  /** Name of a topic. It exists, or the brokers create topics. */
  readonly topic: string;
  /** Records with one key keep their order. `{id}` has the member `id` of the input. Default: none. */
  readonly key?: string;
  readonly description?: string;
  /** Default: an object with the members of the topic and the key, `data` and `headers`. */
  readonly input?: JsonSchema;
  /** With `key`, consumers drop a second record with the same `idempotency-key`. Default: `never`. */
  readonly repeat?: "key" | "never";
}

export interface KafkaAdapterOptions extends KafkaConnectionOptions {
  /** Default: `publish`, with `topic` and optional `key` in its input. */
  readonly operations?: Readonly<Record<string, KafkaOperation>>;
  readonly rate?: RateLimit;
}

type Input = Readonly<Record<string, unknown>>;

const usual: Readonly<Record<string, KafkaOperation>> = {
  publish: {
    topic: "{topic}",
    description: "Publishes a record.",
    input: {
      type: "object",
      required: ["topic"],
      properties: { topic: { type: "string" }, key: { type: "string" }, headers: { type: "object" } },
    },
  },
};
const parameter = /\{(\w+)\}/g;

const optionNames: OptionNames<KafkaAdapterOptions> = {
  ...connectionOptionNames,
  operations: true,
  rate: rateNames,
};
const operationOptionNames: OptionNames<KafkaOperation> = {
  topic: true,
  key: true,
  description: true,
  input: true,
  repeat: true,
};

export function kafkaAdapter(options: KafkaAdapterOptions): Adapter {
  requireKnown("kafkaAdapter", options, optionNames);
  requireKnownEach(options.name, options.operations, operationOptionNames);
  const connections = new KafkaConnections(options);
  const { name: adapter, operations = usual, rate } = options;
  const topics = Object.values(operations).map(({ topic }) => topic);
  return {
    name: adapter,
    kind: "kafka",
    operations: Object.fromEntries(
      Object.entries(operations).map(([name, spec]) => [
        name,
        operationOf(`${adapter}.${name}`, spec, connections),
      ]),
    ),
    ...(rate !== undefined && { rate }),
    check: (call) =>
      connections.produce(adapter, call, async (producer) => {
        const known = topics.filter((topic) => !topic.includes("{"));
        await producer.metadata({ topics: known, forceUpdate: true });
      }),
    close: () => connections.close(),
  };
}

function operationOf(
  operation: string,
  spec: KafkaOperation,
  connections: KafkaConnections,
): AdapterOperation {
  const { topic, key, description, repeat = "never" } = spec;
  const names = [...`${topic} ${key ?? ""}`.matchAll(parameter)].map(([, name = ""]) => name);
  const input = spec.input ?? {
    type: "object",
    required: [...new Set(names)],
    properties: { headers: { type: "object" } },
  };
  return {
    input,
    repeat,
    ...(description !== undefined && { description }),
    call: async (input, call) => {
      const to = { topic: topicOf(operation, topic, input), key: keyOf(key, input) };
      let isSent = false;
      try {
        return await connections.produce(operation, call, async (producer) => {
          await producer.metadata({ topics: [to.topic] });
          isSent = true;
          return await published(producer, to, input, call).catch((error: unknown) => {
            isSent = !isUnsent(error);
            throw error;
          });
        });
      } catch (error) {
        const { code, message } = error as { readonly code?: string; readonly message: string };
        if (repeat === "key" || !isSent || code !== "adapter.unreachable") throw error;
        throw adapterErrors.outcomeUnknown({ operation, reason: message }, { cause: error });
      }
    },
  };
}

interface Published {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

async function published(
  producer: KafkaProducer,
  { topic, key }: { readonly topic: string; readonly key: string | undefined },
  { data, headers }: Input,
  { idempotencyKey }: AdapterCall,
): Promise<Published> {
  const text = typeof data === "string" ? data : data === undefined ? "" : JSON.stringify(data);
  const own = { "idempotency-key": idempotencyKey };
  const all = Object.entries({ ...(headers as object), ...own }).map(
    ([name, value]) => [Buffer.from(name), Buffer.from(String(value))] as const,
  );
  const message = {
    topic,
    value: Buffer.from(text),
    headers: new Map(all),
    ...(key !== undefined && { key: Buffer.from(key) }),
  };
  const { offsets = [] } = await producer.send({ messages: [message] });
  const [{ partition = 0, offset = 0n } = {}] = offsets;
  return { topic, partition, offset: String(offset) };
}

function topicOf(operation: string, topic: string, input: Input): string {
  const name = topic.replace(parameter, (_match, member: string) => String(input[member]));
  if (/^[\w.-]{1,249}$/.test(name)) return name;
  throw adapterErrors.inputInvalid({ operation, reason: "a topic has letters, digits, `.`, `_` and `-`" });
}

function keyOf(key: string | undefined, input: Input): string | undefined {
  if (key !== undefined) return key.replace(parameter, (_match, member: string) => String(input[member]));
  return input["key"] === undefined ? undefined : String(input["key"]);
}
