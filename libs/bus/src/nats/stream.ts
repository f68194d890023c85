/** The JetStream stream of the events. */
import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { type NatsConnection, natsErrors } from "@tutti/nats";
import { subjectRoot } from "../event/pattern.ts";

export const eventStream = "TUTTI_EVENTS";

/** Settings of the stream of events. */
export interface StreamOptions {
  /** Replicas in the cluster: 1, 3 or 5. Default: 1. */
  readonly replicas: number;
  /** How long events are kept. Default: seven days. */
  readonly ageMaxMs: number;
  /** How many bytes are kept. Default: 10 GiB. */
  readonly bytesMax: number;
  /** How many events are kept, -1 for no limit. Default: -1. */
  readonly eventsMax: number;
  /** How long a repeated publication is recognised. Default: two minutes. */
  readonly dedupWindowMs: number;
}

export const defaultStream: StreamOptions = {
  replicas: 1,
  ageMaxMs: 7 * 24 * 3_600_000,
  bytesMax: 10 * 1_073_741_824,
  eventsMax: -1,
  dedupWindowMs: 120_000,
};

/** Creates the stream, or updates it. */
export async function ensureStream(connection: NatsConnection, options: StreamOptions): Promise<void> {
  const manager = await connection.manager(`opening of the stream ${eventStream}`);
  const { storage, name, retention, ...changeable } = configurationOf(options);
  const found = await manager.streams.info(name).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined;
    throw error;
  });
  if (found === undefined) {
    await manager.streams.add({ storage, name, retention, ...changeable });
    return;
  }
  if (found.config.storage !== storage) {
    throw natsErrors.storageDiffers({
      name: `the stream ${name}`,
      wanted: storage,
      found: found.config.storage,
    });
  }
  const differs = Object.entries(changeable).some(
    ([key, value]) => String(found.config[key as keyof typeof changeable]) !== String(value),
  );
  if (differs) await manager.streams.update(name, changeable);
}

function configurationOf(options: StreamOptions) {
  return {
    name: eventStream,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    subjects: [`${subjectRoot}.>`],
    num_replicas: options.replicas,
    max_age: nanos(options.ageMaxMs),
    max_bytes: options.bytesMax,
    max_msgs: options.eventsMax,
    // The oldest events are dropped, the newest are never refused.
    discard: DiscardPolicy.Old,
    duplicate_window: nanos(Math.min(options.dedupWindowMs, options.ageMaxMs)),
    description: "Events of Tutti, as CloudEvents.",
  } satisfies Partial<StreamConfig>;
}

/** Returns the id that distinguishes this stream from others of its name: its creation time. */
export function logIdOf(created: string): string {
  return Date.parse(created).toString(36);
}
