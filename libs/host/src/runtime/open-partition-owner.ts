import type { Configuration, Foundation, Ownership } from "@tutti/kernel";
import { LeasedOwnership, soleOwnership } from "@tutti/mesh";
import {
  LeasedPartitionOwner,
  ownershipSection,
  ownershipSettings,
  type PartitionOwner,
  SolePartitionOwner,
} from "@tutti/runtime/ownership";
import type { NatsOnDemand } from "../nats-on-demand.ts";

export interface PartitionOwnerParts {
  readonly configuration: Configuration;
  readonly foundation: Foundation;
  readonly nats: NatsOnDemand;
  readonly processId: string;
  /** Returns the address of this process. Called once it listens. */
  readonly address: () => string;
}

/** Returns the partition owner of the configuration, and the table of owners by which the mesh routes keyed calls. */
export async function openPartitionOwner(
  parts: PartitionOwnerParts,
): Promise<{ readonly partitionOwner: PartitionOwner; readonly ownership: Ownership }> {
  const { configuration, foundation, nats, processId, address } = parts;
  const settings = ownershipSettings(configuration.read(ownershipSection));
  const { kind, partitions, replicas } = settings;
  const logger = foundation.logger.child({ component: "ownership" });
  if (kind === "sole") {
    const { timers, chance } = foundation;
    const partitionOwner = new SolePartitionOwner(partitions, {
      timers,
      chance,
      logger,
      process: processId,
      address,
    });
    return { partitionOwner, ownership: soleOwnership("this-process", partitions) };
  }
  // Loaded on demand, because its dependencies are large.
  const { NatsOwnershipStore } = await import("@tutti/runtime/ownership/nats");
  const store = new NatsOwnershipStore({ connection: await nats.connection(), replicas });
  const partitionOwner = new LeasedPartitionOwner({
    store,
    settings,
    address,
    foundation: { ...foundation, logger },
    process: processId,
  });
  return { partitionOwner, ownership: new LeasedOwnership(partitionOwner) };
}
