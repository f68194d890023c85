import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { type NatsConnection, natsErrors } from "@tutti/nats";

export interface StreamSpec {
  readonly name: string;
  readonly subject: string;
  readonly description: string;
  /** Only the last message of each subject is kept. */
  readonly lastOnly: boolean;
}

export interface StreamSettings {
  /** Replicas in the cluster: 1, 3 or 5. */
  readonly replicas: number;
  /** Maximum bytes of each stream, -1 for no limit. */
  readonly bytesMax: number;
}

/** `stream name already in use with a different configuration`: another process was faster. */
const nameInUseCode = 10058;

/** Creates a stream, or updates it. Retries without an answer, until the signal is aborted. */
export function ensureStream(
  connection: NatsConnection,
  spec: StreamSpec,
  settings: StreamSettings,
  signal: AbortSignal,
): Promise<void> {
  const operation = `opening of the stream ${spec.name}`;
  return connection.persist(operation, () => ensure(connection, spec, settings, operation), signal);
}

async function ensure(
  connection: NatsConnection,
  spec: StreamSpec,
  settings: StreamSettings,
  operation: string,
): Promise<void> {
  const manager = await connection.manager(operation);
  const { name, storage, retention, ...changeable } = configurationOf(spec, settings);
  const found = await manager.streams.info(name).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined;
    throw error;
  });
  if (found === undefined) {
    await manager.streams.add({ name, storage, retention, ...changeable }).catch((error: unknown) => {
      if (!(error instanceof JetStreamApiError) || error.code !== nameInUseCode) throw error;
    });
    return;
  }
  const { config } = found;
  if (config.storage !== storage) {
    throw natsErrors.storageDiffers({ name: `the stream ${name}`, wanted: storage, found: config.storage });
  }
  const differs = config.num_replicas !== settings.replicas || config.max_bytes !== settings.bytesMax;
  if (differs) await manager.streams.update(name, changeable);
}

function configurationOf(
  { name, subject, description, lastOnly }: StreamSpec,
  { replicas, bytesMax }: StreamSettings,
) {
  return {
    name,
    subjects: [subject],
    description,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    num_replicas: replicas,
    max_bytes: bytesMax,
    max_msgs_per_subject: lastOnly ? 1 : -1,
    // Stored entries are never dropped to make room.
    discard: DiscardPolicy.New,
    allow_direct: true,
  } satisfies Partial<StreamConfig>;
}
