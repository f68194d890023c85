/** Opens the storage of a process's machines, if any of its services has some. */
import type { Component, Configuration, Foundation } from "@tutti/kernel";
import type { MeshDelivery } from "@tutti/mesh";
import { natsSection } from "@tutti/nats/settings";
import { ownershipSection, type PartitionOwner } from "@tutti/runtime/ownership";
import type { HostBlobs } from "../blobs/host-blobs.ts";
import { DataDirectory } from "../data-directory.ts";
import { hostErrors } from "../errors.ts";
import type { NatsOnDemand } from "../nats-on-demand.ts";
import type { ServiceModule } from "../service-module.ts";
import { clusterSection, clusterSettings } from "../storage/cluster/settings.ts";
import type { JournalHolds } from "../storage/journal-holds.ts";
import { durableSection, durableSettings } from "../storage/settings.ts";
import type { Storage, StorageParts } from "../storage/storage.ts";
import type { HostMachines } from "./host-machines.ts";

export interface StorageNeeds {
  readonly configuration: Configuration;
  readonly foundation: Foundation;
  readonly nats: NatsOnDemand;
  readonly partitionOwner: PartitionOwner;
  readonly delivery: MeshDelivery;
  readonly holds: JournalHolds;
  readonly services: readonly ServiceModule[];
  readonly dataDirectory: string | undefined;
  readonly dataDirectorySetting: string | undefined;
  readonly version: string;
  /** Replaces the storage of the configuration. */
  readonly createStorage: ((parts: StorageParts) => Storage) | undefined;
}

export type Opened =
  | {
      readonly directory: DataDirectory | undefined;
      /** The storage as a component of the process. Undefined if nothing is stored. */
      readonly data: Component | undefined;
      readonly storage: undefined;
      readonly hostMachines: undefined;
      readonly hostBlobs: undefined;
    }
  | {
      readonly directory: DataDirectory | undefined;
      readonly data: Component;
      readonly storage: Storage;
      readonly hostMachines: HostMachines;
      readonly hostBlobs: HostBlobs;
    };

/** Returns the directory of a process, and its storage if there are machines: the code for that is large. */
export async function openStorage(needs: StorageNeeds): Promise<Opened> {
  const { configuration, foundation, services, dataDirectory, dataDirectorySetting } = needs;
  const hosting = services.find(({ machines }) => machines !== undefined);
  const directory =
    dataDirectory === undefined
      ? undefined
      : new DataDirectory(dataDirectory, foundation, dataDirectorySetting);
  await directory?.requireFree();
  if (hosting === undefined) {
    return { directory, data: directory, storage: undefined, hostMachines: undefined, hostBlobs: undefined };
  }
  const settings = durableSettings(configuration.read(durableSection));
  const { partitionOwner, delivery, holds } = needs;
  const parts: StorageParts = { settings, foundation, partitionOwner, delivery, holds };
  const isShared = configuration.read(ownershipSection).kind === "leased";
  const storage =
    needs.createStorage?.(parts) ??
    (isShared ? await openShared(needs, parts) : await openEmbedded(needs, parts, directory, hosting.name));
  const [{ hostMachines }, { hostBlobs }] = await Promise.all([
    import("./host-machines.ts"),
    import("../blobs/host-blobs.ts"),
  ]);
  return { directory, data: storage, storage, hostMachines, hostBlobs };
}

async function openEmbedded(
  { version: release }: StorageNeeds,
  parts: StorageParts,
  directory: DataDirectory | undefined,
  service: string,
): Promise<Storage> {
  if (directory === undefined) throw hostErrors.noDataDirectory({ service });
  const { EmbeddedStorage } = await import("../storage/embedded-storage.ts");
  return new EmbeddedStorage({ ...parts, directory, release });
}

async function openShared({ configuration, nats }: StorageNeeds, parts: StorageParts): Promise<Storage> {
  const cluster = clusterSettings(configuration.read(clusterSection), configuration.read(natsSection));
  const { replicas } = configuration.read(ownershipSection);
  if (replicas < cluster.replicas) {
    parts.foundation.logger.warn(
      "ownership table has fewer replicas than the data: set ownership.replicas to cluster.replicas",
      { ownershipReplicas: replicas, clusterReplicas: cluster.replicas },
    );
  }
  if (cluster.audited) parts.holds.hold();
  const { ClusterStorage } = await import("../storage/cluster/cluster-storage.ts");
  return new ClusterStorage({ ...parts, cluster, connection: await nats.connection() });
}
