import type { Clock } from "@tutti/kernel";
import type { NatsConnection } from "@tutti/nats";
import type { BatchSource } from "../archive/source.ts";
import { ArchiveEngine } from "../archive/sqlite/engine.ts";
import { type EngineHost, InlineHost } from "../archive/sqlite/engine-host.ts";
import type { ArchiveThread } from "../archive/sqlite/thread/archive-thread.ts";
import { ObjectBlobs } from "./blobs/object-blobs.ts";
import { ArchiveCopies } from "./copies.ts";
import { blobsOf, logOf, objectsOf } from "./names.ts";
import { ObjectArchive } from "./object-archive.ts";
import { type ObjectLimits, objectLimits } from "./settings.ts";
import { ObjectStore } from "./store/object-store.ts";
import { type S3Foundation, S3Objects, type S3Settings } from "./store/s3-objects.ts";
import { ensureStream, type StreamSettings } from "./streams.ts";

export interface ObjectArchiveOptions extends Partial<StreamSettings> {
  /** A started connection, which belongs to the caller. */
  readonly connection: NatsConnection;
  readonly service: string;
  /** Number of partitions, equal to that of the service's journal. */
  readonly partitions: number;
  /** Directory of this process's copies. Exclusive. */
  readonly directory: string;
  /** Thread that reads and writes the copies. Undefined means the caller's thread, which is blocked: for tests. */
  readonly thread: ArchiveThread | undefined;
  readonly source: BatchSource;
  readonly limits?: Partial<ObjectLimits>;
}

/**
 * Opens the archive of a service in NATS, or creates it. Waits while no server answers, until the signal is aborted.
 */
export async function openObjectArchive(
  options: ObjectArchiveOptions,
  signal: AbortSignal,
): Promise<ObjectArchive> {
  const { connection, service, partitions, directory, thread, source } = options;
  const objects = await openArchiveStreams(options, signal);
  const limits = { ...objectLimits, ...options.limits };
  const host = hostsOf(thread, connection.foundation.clock);
  const retainThread = thread && (() => thread.retain());
  return new ObjectArchive({
    connection,
    service,
    partitions,
    directory,
    host,
    retainThread,
    source,
    objects,
    limits,
  });
}

export type ArchiveStreams = Pick<ObjectArchiveOptions, "connection" | "service" | "partitions"> &
  Partial<StreamSettings>;

/** Opens the streams of a service's archive, or creates them. Returns the place of its objects. */
export async function openArchiveStreams(
  { connection, service, partitions, replicas = 1, bytesMax = -1 }: ArchiveStreams,
  signal: AbortSignal,
): Promise<ObjectStore> {
  const settings = { replicas, bytesMax };
  const { stream, root } = objectsOf(service);
  const description = `Objects of the archive of ${service}.`;
  const objects = await openObjectStore({ connection, ...settings, stream, root, description }, signal);
  const logs = Array.from({ length: partitions }, (_, partition) => {
    const log = logOf({ service, partition });
    const about = `Archive of partition ${partition} of ${service}.`;
    const stream = { name: log.stream, subject: log.subject, description: about, lastOnly: false };
    return ensureStream(connection, stream, settings, signal);
  });
  await Promise.all(logs);
  return objects;
}

export type CopiesOptions = Pick<ObjectArchiveOptions, "connection" | "partitions" | "thread" | "source">;

/** Opens a backup of an archive in NATS separately. */
export function openCopies(directory: string, options: CopiesOptions): ArchiveCopies {
  const { connection, partitions, thread, source } = options;
  const { clock } = connection.foundation;
  return new ArchiveCopies(directory, { partitions, host: hostsOf(thread, clock), source, clock });
}

export interface ObjectBlobsOptions extends Partial<StreamSettings> {
  readonly connection: NatsConnection;
  /** Name of the store, if a cluster has several: letters, digits and dashes. */
  readonly store: string;
}

/** Opens blobs in NATS, or creates a store for them. */
export async function openObjectBlobs(
  options: ObjectBlobsOptions,
  signal: AbortSignal,
): Promise<ObjectBlobs> {
  const description = "Content that records name by its hash.";
  const store = await openObjectStore({ ...options, ...blobsOf(options.store), description }, signal);
  return new ObjectBlobs(options.connection.foundation, store);
}

/** Opens blobs in a bucket. Sends no request before the first call. @param times clock for the put times, for tests */
export function openS3Blobs(
  settings: S3Settings,
  foundation: S3Foundation,
  times: Pick<S3Foundation, "clock"> = foundation,
): ObjectBlobs {
  return new ObjectBlobs({ ...foundation, ...times }, new S3Objects(settings, foundation));
}

export interface ObjectStoreOptions extends Partial<StreamSettings> {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** Prefix of all subjects. */
  readonly root: string;
  readonly description: string;
}

/** Opens a store of objects, or creates it. */
export async function openObjectStore(
  options: ObjectStoreOptions,
  signal: AbortSignal,
): Promise<ObjectStore> {
  const { connection, stream, root, description, replicas = 1, bytesMax = -1 } = options;
  const spec = { name: stream, subject: `${root}.>`, description, lastOnly: true };
  await ensureStream(connection, spec, { replicas, bytesMax }, signal);
  return new ObjectStore({ connection, stream, root });
}

function hostsOf(thread: ArchiveThread | undefined, clock: Clock): (file: string) => EngineHost {
  return thread === undefined
    ? (file) => new InlineHost(ArchiveEngine.open(file, clock))
    : (file) => thread.host(file);
}
