/**
 * Messages of a queue of AMQP start runs.
 *
 * 1. The id of a run is derived from the `message_id`. A message without one gets a new id with each delivery.
 * 2. A message is acknowledged after the platform has its run. Without the acknowledgement, the broker delivers it again
 *    when the connection ends, to any process.
 * 3. A message that cannot start a run goes to the queue `failures` with the reason. Without that queue it is rejected, so
 *    it goes to the dead-letter exchange of its queue, if there is one.
 */
import { randomUUID } from "node:crypto";
import type { ConsumeMessage } from "amqplib";
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
  type AmqpConnectionOptions,
  AmqpConnections,
  connectionOptionNames,
  type Opened,
} from "./connection.ts";

export interface AmqpMessage {
  /** Empty if the message has none. */
  readonly id: string;
  readonly exchange: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface AmqpSourceOptions extends AmqpConnectionOptions {
  /** The first part of the ids of its runs. Also the name of its adapter. */
  readonly name: string;
  /** Name of an existing queue. */
  readonly queue: string;
  /** If it throws, the message cannot start. */
  readonly start: (message: AmqpMessage) => SourceStart;
  /** The queue of messages that cannot start. */
  readonly failures?: string;
  /** Messages at a time. Default: 100. */
  readonly prefetch?: number;
}

const defaults = { prefetch: 100 };

const optionNames: OptionNames<AmqpSourceOptions> = {
  ...connectionOptionNames,
  queue: true,
  start: true,
  failures: true,
  prefetch: true,
};

/** Returns a source of messages. As an adapter it has the operation `status`. Its check reads the queue. */
export function amqpSource(options: AmqpSourceOptions): Source {
  requireKnown("amqpSource", options, optionNames);
  const connections = new AmqpConnections(options);
  const { name, queue, failures } = options;
  const status = (call: AdapterCall) =>
    connections.use(name, call, async ({ channel }) => {
      const { messageCount, consumerCount } = await channel.checkQueue(queue);
      if (failures !== undefined) await channel.checkQueue(failures);
      return { waiting: messageCount, consumers: consumerCount };
    });
  return sourceOf({
    name,
    kind: "amqp-source",
    description: "Counts waiting messages and consumers.",
    status,
    close: () => connections.close(),
    sessions: (runOptions) => (caller, well) =>
      connections.dedicated(name, caller, (opened) => work(options, opened, runOptions, caller, well)),
  });
}

async function work(
  options: AmqpSourceOptions,
  { channel, lost }: Opened,
  runOptions: SourceRunOptions,
  { signal }: Caller,
  well: () => void,
): Promise<void> {
  const { queue, prefetch = defaults.prefetch } = options;
  const session = randomUUID();
  const handling = new Set<Promise<void>>();
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  interrupted.catch(() => {});
  await channel.prefetch(prefetch);
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message === null) return reject(new Error("the broker ended the consumer: its queue was deleted"));
    const handled = handle(options, channel, runOptions, message, session).then(well, reject);
    handling.add(handled);
    void handled.finally(() => handling.delete(handled));
  });
  try {
    await Promise.race([orAborted(signal, () => interrupted), lost]);
  } finally {
    if (signal.aborted) await channel.cancel(consumerTag).catch(() => {});
    await Promise.allSettled(handling);
    // Wait until the broker has the sent acknowledgements.
    await channel.waitForConfirms().catch(() => {});
  }
}

async function handle(
  { name, start, failures }: AmqpSourceOptions,
  channel: Opened["channel"],
  { tutti, logger }: SourceRunOptions,
  message: ConsumeMessage,
  session: string,
): Promise<void> {
  const { content, fields, properties } = message;
  const id = properties.messageId === undefined ? "" : String(properties.messageId);
  const unique = id === "" ? `${session}-${fields.deliveryTag}` : idOf(id);
  const failure = await startedBy(tutti, `${name}-${unique}`, () =>
    start({
      id,
      exchange: fields.exchange,
      key: fields.routingKey,
      headers: properties.headers ?? {},
      text: content.toString("utf8"),
    }),
  );
  if (failure === undefined) return channel.ack(message);
  logger?.warn("a message cannot start a run", { source: name, id, key: fields.routingKey, failure });
  if (failures === undefined) return channel.reject(message, false);
  const headers = { ...properties.headers, "tutti-failure": failure, "tutti-key": fields.routingKey };
  await new Promise<void>((resolve, reject) =>
    channel.sendToQueue(failures, content, { ...properties, headers, persistent: true }, (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  channel.ack(message);
}
