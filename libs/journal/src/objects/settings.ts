import type { NatsConnection } from "@tutti/nats";
import type { BatchSource } from "../archive/source.ts";
import type { EngineHost } from "../archive/sqlite/engine-host.ts";
import type { ObjectStore } from "./store/object-store.ts";

/** Bounds of how a partition's archive is kept. */
export interface ObjectLimits {
  /** Operations of more bytes are put into objects, and the log names those. */
  readonly entryBytesMax: number;
  /** Bytes of one such object. */
  readonly partBytesMax: number;
  /** A new base is made when the log has so many bytes since the last, or an eighth of the base's if those are more. */
  readonly tailBytesMin: number;
}

export const objectLimits: ObjectLimits = {
  entryBytesMax: 512 * 1024,
  partBytesMax: 1024 * 1024,
  tailBytesMin: 4 * 1024 * 1024,
};

/** What all partitions of an archive share. */
export interface ObjectParts {
  readonly connection: NatsConnection;
  readonly service: string;
  /** How many partitions the service has. */
  readonly partitions: number;
  /** Where local copies are. */
  readonly directory: string;
  readonly host: (file: string) => EngineHost;
  /** Keeps what reads and writes copies at hand until it is given back. Undefined where nothing has to be. */
  readonly hold: (() => () => Promise<void>) | undefined;
  readonly source: BatchSource;
  readonly objects: ObjectStore;
  readonly limits: ObjectLimits;
}
