/**
 * Exchanges and queues of AMQP as operations.
 *
 * 1. A message is persistent, and the broker confirms it. If no queue accepts the message, it is returned, and the task
 *    fails.
 * 2. A message has the idempotency key of its task as `message_id`. The broker does not compare ids, so a second message
 *    is sent only if the operation declares that its consumers do.
 * 3. A value of the input becomes one word of the routing key.
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
  type AmqpConnectionOptions,
  AmqpConnections,
  connectionOptionNames,
  type Opened,
} from "./connection.ts";

export interface AmqpOperation {
  /** Default: the default exchange of the broker, which reaches each queue by its name. */
  readonly exchange?: string;
  /** The routing key, or the name of a queue: `orders.{id}` has the member `id` of the input. */
  readonly key: string;
  readonly description?: string;
  /** Default: an object with the members of the key, `data` and `headers`. */
  readonly input?: JsonSchema;
  /** With `key`, consumers drop a second message with the same `message_id`. Default: `never`. */
  readonly repeat?: "key" | "never";
}

export interface AmqpAdapterOptions extends AmqpConnectionOptions {
  /** Default: `publish`, with `key` and optional `exchange` in its input. */
  readonly operations?: Readonly<Record<string, AmqpOperation>>;
  readonly rate?: RateLimit;
}

type Input = Readonly<Record<string, unknown>>;

const usual: Readonly<Record<string, AmqpOperation>> = {
  publish: {
    key: "{key}",
    description: "Publishes a message.",
    input: {
      type: "object",
      required: ["key"],
      properties: { exchange: { type: "string" }, key: { type: "string" }, headers: { type: "object" } },
    },
  },
};
const parameter = /\{(\w+)\}/g;

const optionNames: OptionNames<AmqpAdapterOptions> = {
  ...connectionOptionNames,
  operations: true,
  rate: rateNames,
};
const operationOptionNames: OptionNames<AmqpOperation> = {
  exchange: true,
  key: true,
  description: true,
  input: true,
  repeat: true,
};

export function amqpAdapter(options: AmqpAdapterOptions): Adapter {
  requireKnown("amqpAdapter", options, optionNames);
  requireKnownEach(options.name, options.operations, operationOptionNames);
  const connections = new AmqpConnections(options);
  const { name: adapter, operations = usual, rate } = options;
  const declared = Object.entries(operations);
  return {
    name: adapter,
    kind: "amqp",
    operations: Object.fromEntries(
      declared.map(([name, spec]) => [name, operationOf(`${adapter}.${name}`, spec, connections)]),
    ),
    ...(rate !== undefined && { rate }),
    check: (call) =>
      connections.use(adapter, call, async ({ channel }) => {
        for (const { exchange = "" } of Object.values(operations))
          if (exchange !== "") await channel.checkExchange(exchange);
      }),
    close: () => connections.close(),
  };
}

function operationOf(operation: string, spec: AmqpOperation, connections: AmqpConnections): AdapterOperation {
  const { key, exchange, description, repeat = "never" } = spec;
  const names = [...new Set([...key.matchAll(parameter)].map(([, name = ""]) => name))];
  const input = spec.input ?? {
    type: "object",
    required: names,
    properties: { headers: { type: "object" } },
  };
  return {
    input,
    repeat,
    ...(description !== undefined && { description }),
    call: async (input, call) => {
      let isSent = false;
      const to = { exchange: exchange ?? String(input["exchange"] ?? ""), key: keyOf(operation, key, input) };
      try {
        return await connections.use(operation, call, async (opened) => {
          isSent = true;
          return published(opened, operation, to, input, call);
        });
      } catch (error) {
        const { code, message } = error as { readonly code?: string; readonly message: string };
        if (repeat === "key" || !isSent || code !== "adapter.unreachable") throw error;
        throw adapterErrors.outcomeUnknown({ operation, reason: message }, { cause: error });
      }
    },
  };
}

interface Target {
  readonly exchange: string;
  readonly key: string;
}

async function published(
  { channel, lost }: Opened,
  operation: string,
  { exchange, key }: Target,
  input: Input,
  { idempotencyKey: messageId }: AdapterCall,
): Promise<Target & { readonly messageId: string }> {
  const { data, headers } = input;
  const isText = typeof data === "string";
  let isReturned = false;
  // A returned message arrives before the confirmation.
  const returned = ({ properties }: { readonly properties: { readonly messageId?: unknown } }) => {
    isReturned ||= properties.messageId === messageId;
  };
  channel.on("return", returned);
  try {
    const confirmed = new Promise<void>((resolve, reject) => {
      const content = Buffer.from(isText ? data : data === undefined ? "" : JSON.stringify(data));
      const properties = {
        messageId,
        persistent: true,
        mandatory: true,
        contentType: isText ? "text/plain" : "application/json",
        ...(headers !== undefined && { headers: headers as Record<string, unknown> }),
      };
      channel.publish(exchange, key, content, properties, (error) => (error ? reject(error) : resolve()));
    });
    await Promise.race([confirmed, lost]);
  } finally {
    channel.off("return", returned);
  }
  if (isReturned) throw adapterErrors.refused({ operation, reason: `no queue takes the key \`${key}\`` });
  return { exchange, key, messageId };
}

/** Fills the key. If the whole key is one parameter, its value may have several words. */
function keyOf(operation: string, key: string, input: Input): string {
  const form = /^\{\w+\}$/.test(key) ? /^[^*#]{1,255}$/ : /^[^.*#]{1,255}$/;
  return key.replace(parameter, (_match, name: string) => {
    const value = String(input[name]);
    if (form.test(value)) return value;
    throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` is no word of a routing key` });
  });
}
