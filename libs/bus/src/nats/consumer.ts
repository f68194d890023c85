/** The JetStream consumer of a durable subscription: the bus's cursor, stored by the server. */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  JetStreamApiError,
  ReplayPolicy,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import type { NatsConnection, StreamFacts } from "@tutti/nats";
import type { ResolvedSubscription } from "../delivery/options.ts";
import { allNamespaces, subjectFilterOf } from "../event/pattern.ts";
import { placeOf } from "../event/position.ts";
import type { Gap } from "../port.ts";
import { eventStream, logIdOf } from "./stream.ts";

/**
 * Maximum number of events of one consumer in the hands of all members together, if the order does not require less.
 */
const inFlightMax = 20_000;

export interface OpenedConsumer {
  readonly logId: string;
  /** Undefined if no events are known to be missed. */
  readonly gap: Gap | undefined;
}

/** Returns the name of the consumer of a durable subscription: the same name in two namespaces gives two consumers. */
export function consumerName(durable: string, namespace: string): string {
  return `${durable}_${namespace === allNamespaces ? "all" : `in_${namespace}`}`;
}

/**
 * Creates the consumer, or updates it for the subscription that opens it.
 *
 * @param after start if the consumer must be recreated: the last event up to which all were handled
 */
export async function openConsumer(
  connection: NatsConnection,
  name: string,
  subscription: ResolvedSubscription,
  after: number | undefined,
): Promise<OpenedConsumer> {
  const operation = `opening of the durable subscription ${name}`;
  return connection.run(operation, async () => {
    const manager = await connection.manager(operation);
    const { created, state } = await manager.streams.info(eventStream);
    const logId = logIdOf(created);
    const desired = configurationOf(subscription);
    const found = await manager.consumers.info(eventStream, name).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.status === 404) return undefined;
      throw error;
    });
    if (found === undefined) {
      const facts = { created, firstSequence: state.first_seq, lastSequence: state.last_seq };
      const { policy, gap } = startPosition(subscription, facts, logId, after);
      await manager.consumers.add(eventStream, { durable_name: name, ...policy, ...desired });
      return { logId, gap };
    }
    const { config } = found;
    const differs =
      config.filter_subject !== desired.filter_subject ||
      config.ack_wait !== desired.ack_wait ||
      config.max_ack_pending !== desired.max_ack_pending;
    if (differs) await manager.consumers.update(eventStream, name, desired);
    // It is unknown whether the removed events would have matched.
    const missed = found.delivered.stream_seq + 1 < state.first_seq;
    return { logId, gap: missed ? { reason: "retention", count: undefined } : undefined };
  });
}

function configurationOf(subscription: ResolvedSubscription) {
  return {
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(subscription.ackWaitMs),
    // The subscription decides to abandon an event, and reports it.
    max_deliver: -1,
    max_ack_pending: subscription.inOrder === "all" ? 1 : inFlightMax,
    replay_policy: ReplayPolicy.Instant,
    filter_subject: subjectFilterOf(subscription.interest),
  } satisfies Partial<ConsumerConfig>;
}

interface StartPosition {
  readonly policy: Partial<ConsumerConfig>;
  readonly gap: Gap | undefined;
}

function startPosition(
  { start }: ResolvedSubscription,
  facts: StreamFacts,
  logId: string,
  after: number | undefined,
): StartPosition {
  if (after !== undefined) return afterSequence(after, facts);
  if (start === "new") return { policy: { deliver_policy: DeliverPolicy.New }, gap: undefined };
  if (start === "first") return { policy: { deliver_policy: DeliverPolicy.All }, gap: undefined };
  const place = placeOf(start.after);
  if (place === undefined || place.log !== logId || place.sequence > facts.lastSequence) {
    return { policy: { deliver_policy: DeliverPolicy.All }, gap: { reason: "reset", count: undefined } };
  }
  return afterSequence(place.sequence, facts);
}

function afterSequence(sequence: number, { firstSequence, lastSequence }: StreamFacts): StartPosition {
  if (sequence > lastSequence) {
    return { policy: { deliver_policy: DeliverPolicy.All }, gap: { reason: "reset", count: undefined } };
  }
  return {
    policy: { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: sequence + 1 },
    gap: sequence + 1 < firstSequence ? { reason: "retention", count: undefined } : undefined,
  };
}
