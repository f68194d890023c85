/** The bus over NATS: one stream of events for an installation, read and written by all its processes. */
import { type Health, healthy, unhealthy } from "@tutti/kernel";
import { type NatsConnection, natsErrors } from "@tutti/nats";
import { publishedCounter } from "../delivery/metrics.ts";
import { resolveSubscription } from "../delivery/options.ts";
import type { Subscriber } from "../delivery/subscriber.ts";
import { busErrors } from "../errors.ts";
import { checkedEvent, type EventInput } from "../event/event.ts";
import { allNamespaces } from "../event/pattern.ts";
import { type Position, positionOf } from "../event/position.ts";
import type { Bus, PublishOptions, SubscribeOptions, Subscription } from "../port.ts";
import { consumerName } from "./consumer.ts";
import { DurableSubscriber } from "./durable-subscriber.ts";
import { LiveSubscriber } from "./live-subscriber.ts";
import { Publisher } from "./publisher.ts";
import { defaultStream, ensureStream, eventStream, logIdOf, type StreamOptions } from "./stream.ts";

export interface NatsBusOptions {
  readonly connection: NatsConnection;
  readonly stream?: Partial<StreamOptions>;
  /** Maximum number of events that `publish` holds until they are confirmed. Default: 8,192. */
  readonly waitingMax?: number;
  /** Maximum bytes of such events. Default: 32 MiB. */
  readonly waitingBytesMax?: number;
  /** Maximum number of events under way to the server. Default: 1,024. */
  readonly windowMax?: number;
  /** Time without a confirmation after which an event is sent again. Default: 2,000. */
  readonly confirmMs?: number;
  /** Interval of the heartbeats between the server and a subscription. Default: 5,000. */
  readonly idleMs?: number;
}

export class NatsBus implements Bus {
  readonly #options: NatsBusOptions;
  readonly #publisher: Publisher;
  readonly #subscribers = new Set<Subscriber>();
  #state: "created" | "started" | "stopped" = "created";

  constructor(options: NatsBusOptions) {
    this.#options = options;
    const { connection } = options;
    this.#publisher = new Publisher({
      connection,
      published: publishedCounter(connection.foundation.metrics),
      waitingMax: options.waitingMax ?? 8_192,
      bytesMax: options.waitingBytesMax ?? 32 * 1_048_576,
      windowMax: options.windowMax ?? 1_024,
      confirmMs: options.confirmMs ?? 2_000,
    });
  }

  /** Ensures that the stream exists. The connection must be started before. */
  async start({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { connection, stream } = this.#options;
    const ensure = (): Promise<void> => ensureStream(connection, { ...defaultStream, ...stream });
    await connection.persist(`opening of the stream ${eventStream}`, ensure, signal);
    this.#state = "started";
  }

  /** Waits for the running handlers and the publications under way. */
  async drain(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#subscribers].map((subscriber) => subscriber.close(signal)));
    await this.#publisher.drain(signal);
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#state = "stopped";
    await Promise.all([...this.#subscribers].map((subscriber) => subscriber.close(signal)));
    this.#publisher.close();
  }

  /** The connection reports its own problems. */
  health(): Health {
    return this.#state === "started" ? healthy : unhealthy(`the bus is ${this.#state}`);
  }

  async publish(events: readonly EventInput[], { timeoutMs = 10_000 }: PublishOptions = {}): Promise<void> {
    if (this.#state === "stopped") throw busErrors.stopped({ operation: "publication" });
    await this.#publisher.publish(events.map(checkedEvent), timeoutMs);
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    if (this.#state === "stopped") throw busErrors.stopped({ operation: "subscription" });
    const { connection, idleMs = 5_000 } = this.#options;
    const subscription = resolveSubscription(options);
    const { durable, interest } = subscription;
    const onClosed = (subscriber: Subscriber): void => void this.#subscribers.delete(subscriber);
    const subscriber =
      durable === undefined
        ? new LiveSubscriber(subscription, { connection, idleMs, onClosed })
        : new DurableSubscriber(subscription, {
            connection,
            idleMs,
            onClosed,
            consumer: consumerName(durable, interest.namespace),
            publish: (event) => this.publish([event]),
          });
    this.#subscribers.add(subscriber);
    await subscriber.opened;
    return subscriber;
  }

  async tail(): Promise<Position> {
    const { connection } = this.#options;
    const operation = "looking for the end of the events";
    const { created, state } = await connection.run(operation, async () =>
      (await connection.manager(operation)).streams.info(eventStream),
    );
    return positionOf(logIdOf(created), state.last_seq);
  }

  async removeCursor(durable: string, namespace: string = allNamespaces): Promise<boolean> {
    const { connection } = this.#options;
    const operation = `forgetting of the durable subscription ${durable}`;
    const name = consumerName(durable, namespace);
    const members = [...this.#subscribers].filter(
      (subscriber) => subscriber instanceof DurableSubscriber && subscriber.consumer === name,
    );
    await Promise.all(members.map((member) => member.close()));
    try {
      return await connection.run(operation, async () =>
        (await connection.manager(operation)).consumers.delete(eventStream, name),
      );
    } catch (error) {
      if (natsErrors.missing.is(error)) return false;
      throw error;
    }
  }
}
