/** The streams of a journal: one per partition. */
import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from "@nats-io/jetstream";
import { type NatsConnection, natsErrors } from "@tutti/nats";
import { journalErrors } from "../errors.ts";
import type { PartitionName, ServicePartitions } from "../port.ts";
import { jetstreamErrors } from "./errors.ts";
import { streamOf, subjectsOf } from "./names.ts";

export interface StreamOptions {
  /** Replicas in the cluster: 1, 3 or 5. */
  readonly replicas: number;
  /** Maximum bytes of each stream, -1 for no limit. Batches beyond it are refused as `full`. */
  readonly bytesMax: number;
}

/** Each stream stores the number of partitions, so that it can be compared with the configuration. */
const partitionsKey = "tutti_partitions";
/** Characters allowed in streams and subjects. */
const serviceName = /^[A-Za-z0-9-]{1,63}$/;
/** `no suitable peers for placement` */
const noPeersCode = 10005;
/** A cluster that is just starting does not have all its servers yet. After this time it has too few. */
const peersMs = 30_000;
/** `stream name already in use with a different configuration`: another process was faster. */
const nameInUseCode = 10058;

/** Creates the streams of a service's partitions, or updates those that differ. */
export async function ensureStreams(
  connection: NatsConnection,
  { service, partitions }: ServicePartitions,
  options: StreamOptions,
  signal: AbortSignal,
): Promise<void> {
  if (!serviceName.test(service)) {
    throw new RangeError(`expected a service's name of 1 to 63 letters, digits and dashes, got "${service}"`);
  }
  const { clock } = connection.foundation;
  const untilMs = clock.monotonic() + peersMs;
  const ensure = (partition: number): Promise<void> => {
    const operation = `opening of the stream ${streamOf({ service, partition })}`;
    const made = { service, partition, partitions };
    const attempt = (): Promise<void> =>
      ensureStream(connection, made, options, operation).catch((error: unknown) => {
        const isShort = error instanceof JetStreamApiError && error.code === noPeersCode;
        if (isShort && clock.monotonic() > untilMs) {
          throw replicasUnavailable(connection, options.replicas, error.message);
        }
        throw error;
      });
    return connection.persist(operation, attempt, signal);
  };
  // The first one alone: if it was created with another number of partitions, no others are created.
  await ensure(0);
  await Promise.all(Array.from({ length: partitions - 1 }, (_, index) => ensure(index + 1)));
}

async function ensureStream(
  connection: NatsConnection,
  at: PartitionName & ServicePartitions,
  options: StreamOptions,
  operation: string,
): Promise<void> {
  const manager = await connection.manager(operation);
  const { name, storage, ...changeable } = configurationOf(at, options);
  const find = (): Promise<StreamInfo | undefined> =>
    manager.streams.info(name).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.status === 404) return undefined;
      throw error;
    });
  let found = await find();
  if (found === undefined) {
    try {
      await manager.streams.add({ name, storage, ...fixed, ...changeable });
      return;
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== nameInUseCode) throw error;
      found = await find();
    }
  }
  if (found === undefined) throw natsErrors.unavailable({ operation, reason: "the stream comes and goes" });
  const { config } = found;
  const made = Number(config.metadata?.[partitionsKey] ?? Number.NaN);
  const { service, partitions: configured } = at;
  if (made !== configured) throw journalErrors.partitionsDiffer({ service, made, configured });
  if (config.storage !== storage) {
    throw natsErrors.storageDiffers({ name: `the stream ${name}`, wanted: storage, found: config.storage });
  }
  const differs = config.num_replicas !== options.replicas || config.max_bytes !== options.bytesMax;
  if (differs) await manager.streams.update(name, changeable);
}

/** Settings that cannot be changed once the stream exists. */
const fixed = { retention: RetentionPolicy.Limits, deny_delete: true } as const;

function configurationOf(at: PartitionName & ServicePartitions, { replicas, bytesMax }: StreamOptions) {
  return {
    name: streamOf(at),
    storage: StorageType.File,
    subjects: Object.values(subjectsOf(at)),
    num_replicas: replicas,
    max_bytes: bytesMax,
    // Stored batches are never dropped to make room.
    discard: DiscardPolicy.New,
    allow_direct: true,
    description: `Journal of partition ${at.partition} of ${at.service}.`,
    metadata: { [partitionsKey]: String(at.partitions) },
  } satisfies Partial<StreamConfig>;
}

export function replicasUnavailable(connection: NatsConnection, replicas: number, reason: string): Error {
  const server = connection.client("opening of the journal").getServer();
  return jetstreamErrors.replicasUnavailable({ server, replicas, reason });
}
