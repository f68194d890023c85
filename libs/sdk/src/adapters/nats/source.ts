/**
 * A source that starts runs of messages of a JetStream stream.
 *
 * 1. The id of a run is derived from the number and the time of the message in its stream. A recreated stream starts at 1
 *    with other times.
 * 2. A message is acknowledged after the platform has its run. Without the acknowledgement, the server delivers it again
 *    after `ackWaitMs`, to any process of the consumer.
 * 3. A message that cannot start a run is published to `failures`, with the reason, and is not delivered again.
 */
import type { JsMsg } from "@nats-io/jetstream";
import { type OptionNames, requireKnown } from "../../options.ts";
import type { AdapterCall } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import {
  type Caller,
  type Source,
  type SourceRunOptions,
  type SourceStart,
  sourceOf,
  startedBy,
} from "../source.ts";
import {
  connectionOptionNames,
  type NatsConnectionOptions,
  NatsConnections,
  type Opened,
} from "./connection.ts";

export interface NatsMessage {
  /** Number in the stream. */
  readonly seq: number;
  readonly subject: string;
  readonly time: Date;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface NatsSourceOptions extends NatsConnectionOptions {
  /** The first part of the ids of its runs. Also the name of its adapter. */
  readonly name: string;
  readonly stream: string;
  /** Subjects of the stream, such as `orders.*.created`. Default: all. */
  readonly subjects?: readonly string[];
  /** The durable consumer, which is created if it does not exist. Default: the name of the source. */
  readonly consumer?: string;
  /** If it throws, the message cannot start. */
  readonly start: (message: NatsMessage) => SourceStart;
  /** The subject of messages that cannot start. Default: the reason is logged. */
  readonly failures?: string;
  /** Messages at a time. Default: 100. */
  readonly batch?: number;
  /** Time after which an unacknowledged message is delivered again. Default: 30,000. */
  readonly ackWaitMs?: number;
}

const defaults = { batch: 100, ackWaitMs: 30_000 };
const waitMs = 5_000;

const optionNames: OptionNames<NatsSourceOptions> = {
  ...connectionOptionNames,
  stream: true,
  subjects: true,
  consumer: true,
  start: true,
  failures: true,
  batch: true,
  ackWaitMs: true,
};

/** Returns a source of messages. As an adapter it has the operation `status`. Its check reads the stream. */
export function natsSource(options: NatsSourceOptions): Source {
  requireKnown("natsSource", options, optionNames);
  const connections = new NatsConnections(options);
  const { name, stream, consumer = name } = options;
  const status = (call: AdapterCall) =>
    connections.use(name, call, async ({ manager }) => {
      const { state } = await manager.streams.info(stream);
      const found = await manager.consumers.info(stream, consumer).catch((error: unknown) => {
        if (isNoConsumer(error)) return undefined;
        throw error;
      });
      return { waiting: found?.num_pending ?? state.messages, pending: found?.num_ack_pending ?? 0 };
    });
  return sourceOf({
    name,
    kind: "nats-source",
    status,
    description: "Counts messages: waiting, and delivered without an acknowledgement.",
    close: () => connections.close(),
    sessions: (runOptions) => (caller, well) => work(options, connections, runOptions, caller, well),
  });
}

async function work(
  options: NatsSourceOptions,
  connections: NatsConnections,
  runOptions: SourceRunOptions,
  { signal, secret }: Caller,
  well: () => void,
): Promise<void> {
  const { name, stream, consumer = name, batch = defaults.batch } = options;
  const opened = await connections.dedicated(name, { signal, secret });
  const ended = new AbortController();
  const caller: Caller = { signal: AbortSignal.any([signal, ended.signal]), secret };
  const lost = adapterErrors.unreachable({ operation: name, reason: "the connection ended" });
  void opened.client.closed().then(() => ended.abort(lost));
  try {
    await connections.run(name, caller, async () => {
      await ensureConsumer(options, opened);
      const reader = await opened.stream.consumers.get(stream, consumer);
      while (!caller.signal.aborted) {
        const messages = await reader.fetch({ max_messages: batch, expires: waitMs });
        const stop = () => messages.stop();
        caller.signal.addEventListener("abort", stop, { once: true });
        const handled: Promise<void>[] = [];
        for await (const message of messages) {
          const handling = handle(options, opened, runOptions, message);
          // The first interruption ends the session below, when all messages have settled.
          handling.catch(() => {});
          handled.push(handling);
        }
        caller.signal.removeEventListener("abort", stop);
        await Promise.allSettled(handled);
        await Promise.all(handled);
        well();
      }
    });
  } finally {
    await opened.client.close().catch(() => {});
  }
}

async function ensureConsumer(
  options: NatsSourceOptions,
  { manager, parts, transport }: Opened,
): Promise<void> {
  const { name, stream, consumer = name, subjects, ackWaitMs = defaults.ackWaitMs } = options;
  try {
    await manager.consumers.info(stream, consumer);
  } catch (error) {
    if (!isNoConsumer(error)) throw error;
    await manager.consumers.add(stream, {
      durable_name: consumer,
      ack_policy: parts.AckPolicy.Explicit,
      ack_wait: transport.nanos(ackWaitMs),
      ...(subjects !== undefined && { filter_subjects: [...subjects] }),
    });
  }
}

async function handle(
  { name, start, failures }: NatsSourceOptions,
  { stream, transport }: Opened,
  { tutti, logger }: SourceRunOptions,
  message: JsMsg,
): Promise<void> {
  const { seq, subject, time } = message;
  const failure = await startedBy(tutti, `${name}-${seq}-${time.getTime()}`, () =>
    start({ seq, subject, time, headers: headersOf(message), text: new TextDecoder().decode(message.data) }),
  );
  if (failure === undefined) return void (await message.ackAck());
  logger?.warn("a message cannot start a run", { source: name, seq, subject, failure });
  if (failures !== undefined) {
    const headers = transport.headers();
    headers.set("Tutti-Failure", failure.replace(/\s+/g, " "));
    headers.set("Tutti-Subject", subject);
    await stream.publish(failures, message.data, { msgID: `${name}-${seq}-${time.getTime()}`, headers });
  }
  message.term("it cannot start a run");
}

function headersOf({ headers }: JsMsg): Record<string, string> {
  return Object.fromEntries((headers?.keys() ?? []).map((key) => [key, headers?.get(key) ?? ""]));
}

function isNoConsumer(error: unknown): boolean {
  return error instanceof Error && error.name === "ConsumerNotFoundError";
}
