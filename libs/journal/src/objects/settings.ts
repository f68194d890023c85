import type { NatsConnection } from "@tutti/nats";
import type { BatchSource } from "../archive/source.ts";
import type { EngineHost } from "../archive/sqlite/engine-host.ts";
import type { ObjectStore } from "./store/object-store.ts";

/** Bounds for storing a partition's archive. */
export interface ObjectLimits {
  /** Larger operations are stored in objects, and the log names the objects. */
  readonly entryBytesMax: number;
  /** Bytes of one such object. */
  readonly partBytesMax: number;
  /**
   * A new base is made when the log has this many bytes since the last base. If an eighth of the base's bytes is more,
   * that counts.
   */
  readonly tailBytesMin: number;
}

export const objectLimits: ObjectLimits = {
  entryBytesMax: 512 * 1024,
  partBytesMax: 1024 * 1024,
  tailBytesMin: 4 * 1024 * 1024,
};

/** Dependencies shared by all partitions of an archive. */
export interface ObjectParts {
  readonly connection: NatsConnection;
  readonly service: string;
  /** Number of partitions of the service. */
  readonly partitions: number;
  /** Directory of the local copies. */
  readonly directory: string;
  readonly host: (file: string) => EngineHost;
  /** Keeps the thread of the copies running until the returned function is called. Undefined if there is no thread. */
  readonly retainThread: (() => () => Promise<void>) | undefined;
  readonly source: BatchSource;
  readonly objects: ObjectStore;
  readonly limits: ObjectLimits;
}
